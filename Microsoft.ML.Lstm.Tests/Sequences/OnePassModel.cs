using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Forecasting;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>A row of a source that each of our transformers can read.</summary>
internal sealed class SourceRow
{
    public int Id { get; set; }

    public float Label { get; set; }

    public float Weight { get; set; }

    public string ClassName { get; set; } = "";

    [VectorType(10)]
    public float[] Features { get; set; } = [];

    public static SourceRow[] Make(int count) => [.. Example.Make(count, seed: 9).Select(row => new SourceRow
    {
        Id = row.Id,
        Label = row.Label,
        Weight = row.Weight,
        ClassName = row.ClassName,
        Features = row.Features,
    })];
}

/// <summary>Each of our transformers, fitted to a few rows, and what it adds.</summary>
/// <param name="Ml">The context.</param>
/// <param name="Model">The transformer.</param>
/// <param name="Outputs">Its columns.</param>
internal sealed record OnePassModel(MLContext Ml, ITransformer Model, string[] Outputs)
{
    public const string Forecaster = "forecaster", Detector = "detector";

    /// <summary>A row of these waits for rows behind it.</summary>
    public const string FutureCovariates = "forecaster that knows what is ahead", Window = "window with a label";

    public const int Horizon = ForecastRun.Horizon;

    public static string[] RowByRow { get; } = [.. AnyTrainer.Names, .. AnyTrainer.PerStep, AnyTrainer.Autoencoder];

    public static string[] WithoutWaiting { get; } = [.. RowByRow, Forecaster, Detector];

    public static string[] All { get; } = [.. WithoutWaiting, FutureCovariates, Window];

    public static OnePassModel Fit(string name)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(10)));
        return new OnePassModel(ml, Estimator(ml, name).Fit(data), name switch
        {
            AnyTrainer.Regression => ["Score", "Encoding"],
            AnyTrainer.StepValues => ["Score"],
            AnyTrainer.Binary or AnyTrainer.StepTruths => ["Score", "Probability", "PredictedLabel"],
            Forecaster or FutureCovariates => ["Forecast", "Lower", "Upper"],
            Detector => ["Anomaly"],
            Window => ["Window", "Next"],
            _ => ["Score", "PredictedLabel"],
        });
    }

    /// <summary>What comes out of all rows of a view, by one cursor: for each row its id, then all of its numbers and texts.</summary>
    public static (int Id, string[] Values)[] Read(IDataView scored, string[] outputs)
    {
        DataViewSchema.Column[] columns = [scored.Schema["Id"], .. outputs.Select(output => scored.Schema[output]), scored.Schema["Label"]];
        using DataViewRowCursor cursor = scored.GetRowCursor(columns);
        Func<(int, string[])> get = Reader(cursor, columns);
        var rows = new List<(int, string[])>();
        while (cursor.MoveNext())
            rows.Add(get());
        return [.. rows];
    }

    /// <summary>Reads a row's id, the first of the columns, and its other values.</summary>
    public static Func<(int Id, string[] Values)> Reader(DataViewRow row, DataViewSchema.Column[] columns)
    {
        ValueGetter<int> getId = row.GetGetter<int>(columns[0]);
        Func<string[]>[] getters = [.. columns[1..].Select(column => ColumnReader.Getter(row, column))];
        int id = 0;
        return () =>
        {
            getId(ref id);
            return (id, [.. getters.SelectMany(get => get())]);
        };
    }

    /// <summary>
    /// Every row of the view comes out once, with the same outputs as when the same rows are an array.
    /// </summary>
    public (int Id, string[] Values)[] Check(IDataView view, SourceRow[] rows)
    {
        (int Id, string[] Values)[] found = Read(Model.Transform(view), Outputs);
        CollectionAssert.AreEquivalent(rows.Select(row => row.Id).ToArray(), found.Select(row => row.Id).ToArray());
        Dictionary<int, SourceRow> byId = rows.ToDictionary(row => row.Id);
        (int Id, string[] Values)[] expected = Read(Model.Transform(Ml.Data.LoadFromEnumerable(Array.ConvertAll(found,
            row => byId[row.Id]))), Outputs);
        for (int i = 0; i < found.Length; i++)
            CollectionAssert.AreEqual(expected[i].Values, found[i].Values, $"row {i}, which is {found[i].Id}");
        return found;
    }

    private static IEstimator<ITransformer> Estimator(MLContext ml, string name)
    {
        return name switch
        {
            Forecaster => ml.Forecasting.ForecastByLstm(ForecastRun.Options(Change)),
            FutureCovariates => ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
            {
                Change(options);
                options.KnownCovariateColumnNames = ["Weight"];
            })),
            Detector =>
                ml.Transforms.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options
                {
                    InputColumnName = "Label",
                    SeriesColumnName = "ClassName",
                    WindowSize = 12,
                    HiddenSize = 5,
                    NumberOfEpochs = 1,
                    Seed = 1
                }),
            Window => ml.Transforms.SlidingWindow(new SlidingWindowEstimator.Options
            {
                OutputColumnName = "Window",
                InputColumnNames = ["Label", "Features"],
                WindowSize = 4,
                LabelColumnName = "Next",
                LabelSourceColumnName = "Features",
                Horizon = Horizon,
                KeepIncompleteWindows = true,
            }),
            _ => AnyTrainer.CreateAny(ml, name, options => options.EncodingColumnName = name == AnyTrainer.Regression ? "Encoding" : null),
        };

        static void Change(LstmForecastingEstimator.Options options)
            => (options.TargetColumnNames, options.SeriesColumnName, options.HiddenSize, options.NumberOfEpochs) = (["Label"], "ClassName",
                5, 1);
    }
}
