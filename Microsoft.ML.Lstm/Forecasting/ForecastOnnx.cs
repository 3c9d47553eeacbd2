using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>Writes a forecasting network, with its input and output columns, as an ONNX file.</summary>
internal static class ForecastOnnx
{
    /// <summary>Writes a file: see <see cref="LstmForecastingTransformer.ExportToOnnx"/>.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="transformer">The transformer.</param>
    /// <param name="outputs">Gives the outputs and their names; an output without a name is left out.</param>
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
        foreach ((string? output, OnnxValue value) in outputs(values))
        {
            if (output is not null)
                file.AddOutput(output, value);
        }
        file.Write(stream);

        string[] Inputs(string[] names, int size, OnnxAxis time)
            => Array.ConvertAll(names, name => file.AddInput(Floats(name, OnnxAxis.Batch, time, WidthOf(name, names.Length, size))));

        // Only the size of all columns together is known: among several that are not all scalars, each width is an axis of its own.
        static OnnxAxis WidthOf(string name, int columns, int size) => columns == 1 ? size : columns == size ? 1 : name;

        static OnnxValue Floats(string name, params OnnxAxis[] axes) => new(name, TensorProto.Types.DataType.Float, axes);
    }
}
