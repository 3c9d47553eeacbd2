using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Forecasting;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>A small saved model of each kind that can be saved, with rows to score.</summary>
internal sealed class SavedKind
{
    private static readonly Dictionary<string, SavedKind> Known = [];

    private readonly Func<MLContext, IDataView> _rows;

    private SavedKind(Func<MLContext, IEstimator<ITransformer>> estimator, Func<ITransformer, ITransformer>? change,
        Func<MLContext, IDataView> training, Func<MLContext, IDataView> rows)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = training(ml);
        var stream = new MemoryStream();
        ITransformer model = estimator(ml).Fit(data);
        ml.Model.Save(change?.Invoke(model) ?? model, data.Schema, stream);
        Zip = new SavedZip(stream);
        _rows = rows;
        Scores = Score(ml, ml.Model.Load(Zip.ToStream(), out _));
    }

    public static string[] Names { get; } = ["Regression", "Binary", "Multiclass", "Multiclass of few keys", "Labeling", "Language model",
        "Characters", "Several networks", "Autoencoder", "SlidingWindow", "Forecaster", "Forecaster without history",
        "Forecaster with members", "Detector", "Pipeline"];

    public SavedZip Zip { get; }

    /// <summary>The scores of the intact model for the rows.</summary>
    public string Scores { get; }

    public static SavedKind Of(string name)
    {
        if (!Known.TryGetValue(name, out SavedKind? kind))
            Known.Add(name, kind = Create(name));
        return kind;
    }

    /// <summary>The values of all columns that a model adds to the rows; a hash of long vectors, as a window may have.</summary>
    public string Score(MLContext ml, ITransformer model)
    {
        IDataView rows = _rows(ml), scored = model.Transform(rows);
        var scores = new StringBuilder();
        foreach (DataViewSchema.Column column in scored.Schema.Where(column => column.Index >= rows.Schema.Count && !column.IsHidden))
            scores.Append(column.Name)
                .Append(": ")
                .AppendLine(column.Type is VectorDataViewType { Size: > 1000 }
                    ? Hash(scored, column)
                    : string.Join("; ", ColumnReader.Read(scored, column.Name).Select(values => string.Join(' ', values))));
        return scores.ToString();
    }

    private static string Hash(IDataView data, DataViewSchema.Column column)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema[column.Name]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(data.Schema[column.Name]);
        VBuffer<float> values = default;
        var hash = new HashCode();
        while (cursor.MoveNext())
        {
            getter(ref values);
            hash.AddBytes(MemoryMarshal.AsBytes(values.GetValues()));
        }
        return $"{hash.ToHashCode()}";
    }

    private static SavedKind Create(string name) => name switch
    {
        "Regression" =>
            Sequences(ml => AnyTrainer.CreateAny(ml, AnyTrainer.Regression, options => Small(options, "Features", statics: true))),
        "Binary" => Sequences(ml => AnyTrainer.CreateAny(ml, AnyTrainer.Binary, options => Small(options, "Tokens"))),
        "Multiclass" => Sequences(ml => ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassName")
            .Append(AnyTrainer.Create(ml, AnyTrainer.Multiclass,
                options =>
                (options.LabelColumnName, options.FeatureColumnName, options.HiddenSize, options.NumberOfEpochs) = ("LabelKey", "Features",
                3, 1)))),
        "Multiclass of few keys" => new(ml => AnyTrainer.CreateAny(ml, AnyTrainer.Multiclass, options => Small(options, "Tokens")), null,
            ml => AnyTrainer.Data(ml, FewKeys(Example.Make(20))), ml => AnyTrainer.Data(ml, Example.Make(3, seed: 2))),
        "Labeling" => Sequences(ml => AnyTrainer.CreateAny(ml, AnyTrainer.Labeling, options => Small(options, "Tokens"))),
        "Language model" => Sequences(ml => AnyTrainer.CreateAny(ml, AnyTrainer.LanguageModel, options =>
        {
            Small(options, "Tokens");
            var own = (LstmLanguageModelTrainer.Options)options;
            (own.TieEmbeddings, own.EmbeddingSize) = (true, 3);
        })),
        "Characters" => Sequences(ml => AnyTrainer.Create(ml, AnyTrainer.Labeling, options =>
        {
            Small(options, "Tokens");
            (options.CharacterColumnName, options.CharacterEmbeddingSize, options.NumberOfCharacterFilters) = ("Words", 2, 3);
        })),
        "Several networks" => Sequences(ml => AnyTrainer.Create(ml, AnyTrainer.Labeling, options =>
        {
            Small(options, "Tokens");
            (options.Effort, options.CharacterColumnName, options.NumberOfCharacterFilters) = (TrainingEffort.Best, "Words", 3);
        })),
        "Autoencoder" => Sequences(ml => AnyTrainer.CreateAny(ml, AnyTrainer.Autoencoder, options => Small(options, "Features"))),
        "Pipeline" => Sequences(ml => AnyTrainer.CreateAny(ml, AnyTrainer.Regression, options => Small(options, "Features"))
            .Append(AnyTrainer.CreateAny(ml, AnyTrainer.Autoencoder, options => Small(options, "Features")))),
        "SlidingWindow" => Series(ml => ml.Transforms.SlidingWindow(new SlidingWindowEstimator.Options
        {
            OutputColumnName = "Window",
            InputColumnNames = ["Value", "Other"],
            WindowSize = 3,
            LabelColumnName = "Label",
            LabelSourceColumnName = "Value",
            KeepIncompleteWindows = true,
        })),
        "Forecaster" => Series(ml => Forecaster(ml)),
        "Forecaster with members" => Series(ml => Forecaster(ml,
            options => (options.Effort, options.FallBackToBaseline) = (TrainingEffort.Best, true))),
        "Forecaster without history" => Series(ml => Forecaster(ml), model => ((LstmForecastingTransformer)model).WithoutHistory()),
        "Detector" => Series(ml => ml.Transforms.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options
        {
            OutputColumnName = "Anomaly",
            InputColumnName = "Value",
            SeriesColumnName = "Shop",
            TimeColumnName = "Time",
            WindowSize = 6,
            HiddenSize = 3,
            NumberOfEpochs = 1,
            Seed = 1,
        })),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such kind."),
    };

    private static IEstimator<LstmForecastingTransformer> Forecaster(MLContext ml,
        Action<LstmForecastingEstimator.Options>? change = null)
        => ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
    {
        (options.SeriesColumnName, options.TimeColumnName, options.StaticFeatureColumnName, options.EmbedSeries) = ("Shop", "Time", "Size",
            true);
        (options.KnownCovariateColumnNames, options.Horizon, options.WindowSize, options.HiddenSize,
            options.NumberOfEpochs) = (["Promotion"], 2, 6, 3, 1);
        change?.Invoke(options);
    }));

    private static Example[] FewKeys(Example[] rows)
    {
        foreach (Example row in rows)
            (row.Tokens, row.Class) = ([.. row.Tokens.Select(token => token % 2 == 0 ? 2u : 5u)], row.Class % 2);
        return rows;
    }

    private static void Small(SequenceInputOptions options, string features, bool statics = false)
    {
        (options.FeatureColumnName, options.HiddenSize, options.NumberOfEpochs) = (features, 3, 1);
        if (statics)
            options.StaticFeatureColumnName = "Statics";
    }

    private static SavedKind Sequences(Func<MLContext, IEstimator<ITransformer>> estimator)
        => new(estimator, null, ml => AnyTrainer.Data(ml, Example.Make(20, variable: true)),
            ml => AnyTrainer.Data(ml, Example.Make(3, seed: 2)));

    private static SavedKind Series(Func<MLContext, IEstimator<ITransformer>> estimator, Func<ITransformer, ITransformer>? change = null)
        => new(ml => estimator(ml), change, ml => Rows(ml, 0, 60), ml => Rows(ml, 60, 4));

    private static IDataView Rows(MLContext ml, int skip, int take)
        => ml.Data.LoadFromEnumerable(Reading.Wave(100, shop: "a").Skip(skip).Take(take)
            .Concat(Reading.Wave(100, shop: "b").Skip(skip).Take(take)).ToArray());
}
