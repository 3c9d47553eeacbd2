using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared.Charts;

namespace Forecasting;

/// <summary>Forecasts of the made-up shops.</summary>
internal static class ShopForecasts
{
    private const int Days = 3 * 365, TestDays = 90, Horizon = 14, DaysOfHistoryInChart = 56;

    public static int Run(string folder)
    {
        var ml = new MLContext(seed: 1);
        ShopDay[] rows = [.. MadeUpShops.Make(Days, new Random(1))];
        ShopDay[] trainRows = rows[..^(TestDays * MadeUpShops.Names.Length)], testRows = rows[trainRows.Length..];
        IDataView train = ml.Data.LoadFromEnumerable(trainRows), test = ml.Data.LoadFromEnumerable(testRows);
        Console.WriteLine($"{MadeUpShops.Names.Length} shops, {Days} days; the last {TestDays} are held out.");

        LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(new()
        {
            TargetColumnNames = [nameof(ShopDay.Sales)],
            SeriesColumnName = nameof(ShopDay.Shop),
            TimeColumnName = nameof(ShopDay.Day),
            KnownCovariateColumnNames = [nameof(ShopDay.Price), nameof(ShopDay.Promotion)],
            PastCovariateColumnNames = [nameof(ShopDay.Sunshine)],
            Horizon = Horizon,
            // Four weeks tell how high a shop's sales are at present. Less than three years are too few to learn a yearly cycle, so there
            // are no features of it.
            WindowSize = 28,
            Calendar = CalendarFeatures.Week,
            NumberOfEpochs = 60,
            OutputColumnName = nameof(SalesForecast.Forecast),
            LowerBoundColumnName = nameof(SalesForecast.Lower),
            UpperBoundColumnName = nameof(SalesForecast.Upper),
            EpochCompleted = epoch =>
            {
                if (epoch.Epoch % 10 == 0)
                    Console.WriteLine($"  epoch {epoch.Epoch,3}: loss {epoch.Training.Loss:0.000}, on the last part of each series "
                        + $"{epoch.Validation?.Loss:0.000}");
            },
        }).Fit(train);

        // The model knows the series to the end of the training data and goes on from there.
        IDataView forecasts = model.Transform(test);
        Console.WriteLine(ml.Forecasting.EvaluateForecast(forecasts, nameof(ShopDay.Sales), nameof(SalesForecast.Forecast),
            nameof(SalesForecast.Lower), nameof(SalesForecast.Upper),
            seriesColumnName: nameof(ShopDay.Shop), seasonality: 7, trainingData: train, timeColumnName: nameof(ShopDay.Day)));
        Console.WriteLine();

        SalesForecast[] expected = [.. ml.Data.CreateEnumerable<SalesForecast>(forecasts, reuseRowObject: false)];
        string chart = Path.Combine(folder, "sales-forecast.svg");
        File.WriteAllText(chart, Draw(rows, "Park", trainRows.Length, expected));
        Console.WriteLine($"Chart: {chart}");
        return GoOnDayByDay(ml, model, testRows, expected, Path.Combine(folder, "sales-forecast.zip")) ? 0 : 1;
    }

    // As in production: a row comes in, a forecast goes out, and the state is saved overnight.
    private static bool GoOnDayByDay(MLContext ml, LstmForecastingTransformer model, ShopDay[] rows, SalesForecast[] expected,
        string checkpoint)
    {
        int half = rows.Length / 2;
        bool areSame = true;
        using (ForecastEngine<ShopDay, SalesForecast> engine = model.CreateForecastEngine<ShopDay, SalesForecast>(ml))
        {
            for (int i = 0; i < half; i++)
                areSame &= IsSame(engine, i);
            engine.CheckPoint(ml, checkpoint);
        }

        ITransformer loaded = ml.Model.Load(checkpoint, out _);
        using ForecastEngine<ShopDay, SalesForecast> restored = loaded.CreateForecastEngine<ShopDay, SalesForecast>(ml);
        for (int i = half; i < rows.Length; i++)
            areSame &= IsSame(restored, i);
        Console.WriteLine($"Row by row, with a checkpoint after {half} of {rows.Length}: "
            + $"{(areSame ? "the same forecasts to the last bit" : "NOT THE SAME FORECASTS")}.");

        SalesForecast last = restored.Predict(horizon: 3);
        IEnumerable<string> days = last.Forecast.Zip(last.Lower, last.Upper).Select(day
            => $"{day.First:0} ({day.Second:0} to {day.Third:0})");
        Console.WriteLine($"{rows[^1].Shop}, the days after {rows[^1].Day:yyyy-MM-dd}: {string.Join(", ", days)}");
        return areSame;

        // The days ahead with their planned prices and promotions; nothing else is read of these rows.
        bool IsSame(ForecastEngine<ShopDay, SalesForecast> engine, int i) =>
            engine.Predict(rows[i],
                future: rows.Skip(i + 1).Where(row => row.Shop == rows[i].Shop).Take(Horizon)).Forecast.SequenceEqual(expected[i].Forecast);
    }

    /// <param name="rows">All days.</param>
    /// <param name="shop">The shop to show.</param>
    /// <param name="split">The first held-out row.</param>
    /// <param name="forecasts">The forecasts of the held-out rows.</param>
    private static string Draw(ShopDay[] rows, string shop, int split, SalesForecast[] forecasts)
    {
        ShopDay[] days = [.. rows.Where(row => row.Shop == shop)];
        // The forecast that was made in the middle of the held-out days.
        int now = days.Length - TestDays / 2;
        SalesForecast forecast = forecasts[Array.IndexOf(rows, days[now]) - split];
        int first = now - DaysOfHistoryInChart + 1;
        float[] sales = Array.ConvertAll(days, day => day.Sales);
        return new Chart($"Sales of the shop {shop}, as forecast on {days[now].Day:yyyy-MM-dd}")
        {
            Times = [.. days[first..(now + Horizon + 1)].Select(day => day.Day)],
        }
            .AddBand("95 % interval", Ink.Accent, now - first + 1, forecast.Lower, forecast.Upper)
            .AddLine("history", Ink.Neutral, 0, sales[first..(now + 1)])
            .AddLine("what came", Ink.Neutral, now - first, sales[now..(now + Horizon + 1)], dashed: true)
            .AddLine("forecast", Ink.Accent, now - first + 1, forecast.Forecast)
            .ToSvg();
    }
}
