using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Onnx;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>Writes a forecasting network with the columns that it reads and adds as an ONNX file.</summary>
internal static class ForecastOnnx
{
    /// <summary>Writes a file: see <see cref="LstmForecastingTransformer.ExportToOnnx"/>.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="transformer">The transformer.</param>
    /// <param name="outputs">Names what comes out.</param>
    public static void Write(Stream stream, LstmForecastingTransformer transformer,
        Func<ForecastValues, IEnumerable<(string? Name, OnnxValue Value)>> outputs)
    {
        ForecastSettings settings = transformer.Settings;
        SeriesColumns columns = settings.Columns;
        ForecastLayout layout = transformer.Model.Layout;
        var file = new OnnxFile(transformer.GetType().Name);
        string[] targets = Inputs(columns.Targets, layout.Targets, OnnxAxis.Time);
        string[] past = Inputs(columns.PastCovariates, layout.PastCovariates, OnnxAxis.Time);
        string[] known = Inputs(columns.KnownCovariates, layout.KnownCovariates, "time_ahead");
        string? calendar = layout.CalendarFeatures == 0 ? null
            : file.AddInput(Floats("Calendar", OnnxAxis.Batch, OnnxAxis.Time, layout.CalendarFeatures));
        string? statics = columns.Statics is { } name
            ? file.AddInput(Floats(name, OnnxAxis.Batch, transformer.Model.Network.Shape.StaticSize)) : null;
        string? series = columns.Series is { } column
            ? file.AddInput(new OnnxValue(column, TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, 1) { KeyNames = settings.Series })
            : null;
        var values = new ForecastValues(file, transformer.Model,
            new ForecastInputs(targets, past, known, calendar, statics, series, file.AddLengths()),
            skipsMissing: settings.Missing == MissingValueHandling.SkipRow);
        foreach ((string? output, OnnxValue value) in outputs(values))
        {
            if (output is not null)
                file.AddOutput(output, value);
        }
        file.Write(stream);

        // The sizes of several columns are known together; those of vectors among them are free.
        string[] Inputs(string[] names, int size, OnnxAxis time) => [.. names.Select(name =>
        {
            OnnxAxis width = names.Length == 1 ? size : names.Length == size ? 1 : name;
            return file.AddInput(Floats(name, OnnxAxis.Batch, time, width));
        })];

        static OnnxValue Floats(string name, params OnnxAxis[] axes) => new(name, TensorProto.Types.DataType.Float, axes);
    }
}
