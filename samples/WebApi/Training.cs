using Forecasting;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using SentimentAnalysis;

namespace WebApi;

/// <summary>Trains the models that are served, on made-up data.</summary>
internal static class Training
{
    private const int DaysOfHistory = 2 * 365;

    /// <summary>Trains both and writes them to a folder.</summary>
    public static void WriteAll(string folder)
    {
        Directory.CreateDirectory(folder);
        WriteSentiment(Path.Combine(folder, "sentiment.zip"));
        WriteSales(Path.Combine(folder, "sales.zip"));
    }

    /// <summary>A classifier of reviews.</summary>
    public static void WriteSentiment(string path, int reviews = 1500, int epochs = 10, int seed = 1)
    {
        var ml = new MLContext(seed);
        IDataView data = ml.Data.LoadFromEnumerable<Review>([.. MadeUpReviews.Make(reviews, new Random(seed))]);
        ITransformer model = ml.Transforms.Text.NormalizeText("Words", nameof(Review.Text), keepPunctuations: false)
            .Append(ml.Transforms.Text.TokenizeIntoWords("Words"))
            .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
            .Append(ml.BinaryClassification.Trainers.Lstm(new()
            {
                FeatureColumnName = "Words",
                Pooling = Pooling.Attention,
                AttentionColumnName = nameof(Opinion.Attention),
                NumberOfEpochs = epochs,
            }))
            .Fit(data);
        ml.Model.Save(model, data.Schema, path);
    }

    /// <summary>A forecaster of the sales of several shops, a week ahead.</summary>
    public static void WriteSales(string path, int days = DaysOfHistory, int epochs = 20)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable<ShopDay>([.. MadeUpShops.Make(days, new Random(1))]);
        ITransformer model = ml.Forecasting.ForecastByLstm(new()
        {
            TargetColumnNames = [nameof(ShopDay.Sales)],
            SeriesColumnName = nameof(ShopDay.Shop),
            TimeColumnName = nameof(ShopDay.Day),
            KnownCovariateColumnNames = [nameof(ShopDay.Price), nameof(ShopDay.Promotion)],
            PastCovariateColumnNames = [nameof(ShopDay.Sunshine)],
            Horizon = 7,
            WindowSize = 28,
            Calendar = CalendarFeatures.Week,
            NumberOfEpochs = epochs,
            OutputColumnName = nameof(SalesForecast.Forecast),
            LowerBoundColumnName = nameof(SalesForecast.Lower),
            UpperBoundColumnName = nameof(SalesForecast.Upper),
        }).Fit(data);
        ml.Model.Save(model, data.Schema, path);
    }
}
