using Microsoft.ML.Lstm.Engine.Series;
using static Microsoft.ML.Lstm.Onnx.TensorProto.Types;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// What the training data says of each series, as values of a graph: [B x D], or [1 x D] where there is one series only.
/// </summary>
internal sealed class SeriesTables
{
    private readonly OnnxGraph _graph;
    private readonly ForecastLayout _layout;
    private readonly RowScaling _scaling;
    private readonly string? _series;
    private readonly SeriesScaler[] _scalers;

    /// <param name="graph">The graph.</param>
    /// <param name="model">The model.</param>
    /// <param name="series">The number of each series, [B x 1]; null where all are the only one there is.</param>
    public SeriesTables(OnnxGraph graph, ForecastModel model, string? series)
    {
        (_graph, _layout, _scaling, _series) = (graph, model.Layout, model.Scaling, series);
        int d = _layout.Targets;
        _scalers =
        [
            .. from number in series is null ? [1] : Enumerable.Range(0, model.Series + 1)
               from target in Enumerable.Range(0, d)
               select new SeriesScaler(_layout, _scaling, number, target),
        ];
        HasUnknown = _scalers.Any(scaler => !scaler.IsKnown);
        HasConstant = _scalers.Any(scaler => scaler.IsConstant);
        ForgetsZeros = _scalers.Any(scaler => scaler.ForgetsZerosAfter > 0);
        IsKnown = graph.Cast(Table("is_known", (scaler, _) => scaler.IsKnown ? 1 : 0), DataType.Bool);
        IsConstant = graph.Cast(Table("is_constant", (scaler, _) => scaler.IsConstant ? 1 : 0), DataType.Bool);
        ForgetsZerosAfter = graph.Cast(Table("forgets_zeros_after", (scaler, _) => scaler.ForgetsZerosAfter), DataType.Int64);
        Start = Table("start", (_, i) => _scaling.Levels[(series is null ? d : 0) + i]);
        Level = Table("level", (scaler, _) => _scaling.Levels[scaler.Unit]);
        Deviation = Table("deviation", (scaler, _) => _scaling.Deviations[scaler.Unit]);
        Change = Table("change", (scaler, _) => _scaling.Changes[scaler.Unit]);
        LeastSize = Table("least_size", (scaler, _) => _layout.WindowDecides ? _scaling.Sizes[scaler.Unit] / 2 : 0);
        Size = Table("size", (scaler, _) => (float)scaler.SizeOf(scaler.Unit));
        OwnChange = Table("own_change", (scaler, _) => _scaling.Changes[scaler.UnitOfOwn]);
        OwnSize = Table("own_size", (scaler, _) => (float)scaler.SizeOf(scaler.UnitOfOwn));
        EmptyScale = Table("empty_scale", (scaler, _) => scaler.Of(0, []).Scale);
        float[] ratios = [.. _scaling.Changes.Zip(_scaling.Sizes, (change, step) => step > 0 ? change / step : 1).Take(d)];
        StepRatio = graph.Cast(graph.Constant("series.step_ratio", ratios, d), DataType.Double);
    }

    /// <summary>Whether the training data doesn't give the level of some series.</summary>
    public bool HasUnknown { get; }

    /// <summary>Whether some series has a single value in the training data.</summary>
    public bool HasConstant { get; }

    /// <summary>Whether some series begins again behind a window of zeros.</summary>
    public bool ForgetsZeros { get; }

    /// <summary><see cref="SeriesScaler.IsKnown"/>.</summary>
    public string IsKnown { get; }

    /// <summary><see cref="SeriesScaler.IsConstant"/>.</summary>
    public string IsConstant { get; }

    /// <summary><see cref="SeriesScaler.ForgetsZerosAfter"/>, whole numbers.</summary>
    public string ForgetsZerosAfter { get; }

    /// <summary>The last value before the first.</summary>
    public string Start { get; }

    public string Level { get; }

    public string Deviation { get; }

    public string Change { get; }

    /// <summary>The size below which a window is of another size than in the training data; 0 for none.</summary>
    public string LeastSize { get; }

    public string Size { get; }

    /// <summary>The change that limits that of a window which measures itself.</summary>
    public string OwnChange { get; }

    /// <summary>The size that <see cref="OwnChange"/> belongs to.</summary>
    public string OwnSize { get; }

    /// <summary>The scale before the first value.</summary>
    public string EmptyScale { get; }

    /// <summary>[D], of double: what a change from row to row is times for a change over the horizon.</summary>
    public string StepRatio { get; }

    /// <summary>A number of each target in each series.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="valueOf">The number, by the scaler and its place.</param>
    private string Table(string name, Func<SeriesScaler, int, float> valueOf)
    {
        float[] values = [.. _scalers.Select(valueOf)];
        int d = _layout.Targets;
        string table = _graph.Constant($"series.{name}", values, values.Length / d, d);
        return _series is null ? table : _graph.Reshape(_graph.Gather(table, _series, axis: 0), -1, d);
    }
}
