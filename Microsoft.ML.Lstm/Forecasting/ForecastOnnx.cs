using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>Writes a forecasting network, with its input and output columns, as an ONNX file.</summary>
internal static class ForecastOnnx
{
    private const string SettingsName = "forecast", NumbersName = "numbers";

    /// <summary>Writes a file: see <see cref="LstmForecastingTransformer.ExportToOnnx"/>.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="transformer">The transformer.</param>
    /// <param name="owner">The name of the class of the transformer that has it, or its own.</param>
    /// <param name="outputs">The outputs; null for the transformer's own.</param>
    /// <param name="texts">What the description of the file has for the owner.</param>
    public static void Write(Stream stream, LstmForecastingTransformer transformer, string owner, ForecastOutputs? outputs = null,
        params (string Name, string Text)[] texts)
    {
        if (transformer.Model is { Networks.Count: > 1 } or { Baselines: not null })
            throw new NotSupportedException("A forecaster of several networks, or with baselines, can't be written as an ONNX file. Train "
                + $"with {nameof(TrainingOptions.NumberOfNetworks)} = 1, and without "
                + $"{nameof(LstmForecastingEstimator.Options.FallBackToBaseline)}.");
        if (transformer.Model.Layout.ThetaSeason is not null)
            throw new NotSupportedException("A forecaster that reads forecasts of the theta method can't be written as an ONNX file. Train "
                + $"with another {nameof(TrainingOptions.Effort)} than {nameof(TrainingEffort.Best)}.");
        var file = new OnnxFile(owner);
        WriteTo(file, transformer, outputs);
        var saved = new SavedForecast(transformer.Settings, transformer.Model.Layout, Known: []);
        ModelDescription.Write(file, owner, transformer.Model.Network,
        [
            (SettingsName, Encoding.UTF8.GetString(saved.ToJson())),
            (NumbersName, ModelDescription.TextOf(stream => ForecastFile.Write(stream, transformer.Model, states: []))),
            .. texts,
        ]);
        file.Write(stream);
    }

    /// <summary>Reads the forecaster that a file has, which knows no series yet.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="description">What the file says of it.</param>
    /// <param name="outputs">The outputs that the file was written with; null for the transformer's own.</param>
    /// <exception cref="InvalidDataException">The description is damaged, or the graph has other numbers.</exception>
    public static LstmForecastingTransformer Read(IHostEnvironment environment, ModelDescription description,
        ForecastOutputs? outputs = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(description.Text(SettingsName));
        long most = ModelEntry.MaxJsonBytes(description.Text(NumbersName).Length);
        if (json.Length > most)
            throw new InvalidDataException($"ONNX: expected at most {most} bytes of settings of a forecast, found {json.Length}.");
        var saved = SavedForecast.FromJson(json);
        if (saved.Known.Length > 0)
            throw new InvalidDataException($"ONNX: expected a forecast that knows no series, found one of {saved.Known.Length}.");
        SequenceModel network = description.ReadNetwork();
        if (saved.OtherLayouts is not null || saved.Baselines is not null)
            throw new InvalidDataException("ONNX: expected a forecast of one network without baselines, found another one.");
        saved.Check(network.Shape, saved.Layout);
        ForecastModel model = description.Read(NumbersName,
            stream => ForecastFile.Read(stream, [network], saved.Layouts, baselines: null, weights: null,
                saved.Settings.Series.Length, states: 0).Model);
        var transformer = new LstmForecastingTransformer(environment, model, saved.Settings, new Dictionary<string, SeriesState>());
        description.Check(file => WriteTo(file, transformer, outputs));
        return transformer;
    }

    private static void WriteTo(OnnxFile file, LstmForecastingTransformer transformer, ForecastOutputs? outputs)
    {
        ForecastSettings settings = transformer.Settings;
        SeriesColumns columns = settings.Columns;
        ForecastLayout layout = transformer.Model.Layout;
        string[] targets = Inputs(columns.Targets, layout.Targets, OnnxAxis.Time);
        string[] past = Inputs(columns.PastCovariates, layout.PastCovariates, OnnxAxis.Time);
        string[] known = Inputs(columns.KnownCovariates, layout.KnownCovariates, "time_ahead");
        string? calendar = layout.CalendarFeatures > 0
            ? file.AddInput(Floats("Calendar", OnnxAxis.Batch, OnnxAxis.Time, layout.CalendarFeatures) with
            {
                Names = settings.RowInterval?.FeatureNames,
            })
            : null;
        string? statics = columns.Statics is { } name
            ? file.AddInput(Floats(name, OnnxAxis.Batch, transformer.Model.Network.Shape.StaticSize))
            : null;
        string? series = columns.Series is { } column
            ? file.AddInput(new OnnxValue(column, TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, 1) { Names = settings.Series })
            : null;
        var values = new ForecastValues(file, transformer.Model,
            new ForecastInputs(targets, past, known, calendar, statics, series, file.AddLengths()),
            skipsMissing: settings.Missing == MissingValueHandling.SkipRow);
        foreach ((string? output, OnnxValue value) in outputs?.Invoke(values) ??
        [
            (settings.OutputColumnName, values.Point),
            (settings.LowerBoundColumnName, values.Lower),
            (settings.UpperBoundColumnName, values.Upper),
        ])
        {
            if (output is not null)
                file.AddOutput(output, value);
        }

        string[] Inputs(string[] names, int size, OnnxAxis time)
            => Array.ConvertAll(names, name => file.AddInput(Floats(name, OnnxAxis.Batch, time, WidthOf(name, names.Length, size))));

        // Only the size of all columns together is known: among several that are not all scalars, each width is an axis of its own.
        static OnnxAxis WidthOf(string name, int columns, int size) => columns == 1 ? size : columns == size ? 1 : name;

        static OnnxValue Floats(string name, params OnnxAxis[] axes) => new(name, TensorProto.Types.DataType.Float, axes);
    }
}

/// <summary>Gives the outputs of a file and their names; an output without a name is left out.</summary>
internal delegate IEnumerable<(string? Name, OnnxValue Value)> ForecastOutputs(ForecastValues forecast);
