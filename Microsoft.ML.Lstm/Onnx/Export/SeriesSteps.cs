using Microsoft.ML.Lstm.Engine.Series;
using static Microsoft.ML.Lstm.Onnx.TensorProto.Types;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// <see cref="SeriesEncoder"/> and <see cref="SeriesScaler"/> written into a graph: a loop over the rows of B series, all targets at once.
/// It carries the last values of each target, how many there are, the last value that was there of each number, and the level and scale.
/// </summary>
internal sealed class SeriesSteps
{
    private readonly ForecastLayout _layout;
    private readonly SeriesTables _tables;
    private readonly int _window;
    private readonly string _history;
    private readonly string _counts;

    /// <summary>Writes the loop.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="model">The model.</param>
    /// <param name="series">The number of each series, [B x 1]; null where all are the only one there is.</param>
    /// <param name="targets">[B x T x D].</param>
    /// <param name="past">The past covariates, [B x T x P]; null for none.</param>
    /// <param name="isStep">Whether a step is one of its series, rather than behind its end, [B x T].</param>
    public SeriesSteps(OnnxGraph graph, ForecastModel model, string? series, string targets, string? past, string isStep)
    {
        (_layout, _tables) = (model.Layout, new SeriesTables(graph, model, series));
        _window = Math.Min(_layout.WindowSize, _layout.History);
        int d = _layout.Targets, p = _layout.PastCovariates;
        string batch = graph.SizeOf(targets, axis: 0);
        string level = Expand(_tables.Start, d);
        string zeros = Expand(graph.Constant("zero", 0), d);
        string history = graph.Node("Expand",
            [graph.Constant("zero", 0), graph.Concat(0, batch, graph.Vector(d, _layout.History))]);
        TypedValue[] states =
        [
            new(history, DataType.Float), new(Expand(graph.Vector(0), d), DataType.Int64), new(level, DataType.Float),
            new(level, DataType.Float), new(zeros, DataType.Float),
            .. past is null ? [] : new TypedValue[]
            {
                new(Expand(graph.Constant("past.start", model.Scaling.Covariates.Offset[..p], 1, p), p), DataType.Float),
            },
        ];
        TypedValue[] items =
        [
            new(graph.Transpose(targets, 1, 0, 2), DataType.Float),
            new(graph.Reshape(graph.Transpose(isStep, 1, 0), 0, 0, 1), DataType.Bool),
            .. past is null ? [] : new TypedValue[] { new(graph.Transpose(past, 1, 0, 2), DataType.Float) },
        ];
        DataType[] outputs = [DataType.Float, .. past is null ? [] : new[] { DataType.Float }];
        string[] results = graph.Scan("rows", isReversed: false, states, items, outputs, (body, before, item) => Step(body, before, item));
        (Levels, Scales) = (results[3], results[4]);
        (_history, _counts) = (results[0], results[1]);
        // The level counts once the series has a value, or where the training data gives it.
        string counts = graph.Node("Greater", [results[1], graph.Vector(0)]);
        string measured = graph.Cast(graph.Node("Or", [counts, _tables.IsKnown]), DataType.Float);
        IsMeasured = graph.Cast(graph.ReduceMax(measured, 1), DataType.Bool);
        Lags = graph.Transpose(results[states.Length], 1, 0, 2);
        Past = past is null ? null : graph.Transpose(results[^1], 1, 0, 2);

        string Expand(string value, int width) => graph.Node("Expand", [value, graph.Concat(0, batch, graph.Vector(width))]);
    }

    /// <summary>The last values of each target as the network reads them, [B x T x D·L].</summary>
    public string Lags { get; }

    /// <summary>The past covariates, a missing one being the one before it, [B x T x P]; null for none.</summary>
    public string? Past { get; }

    /// <summary>The level of each target after the last row, [B x D].</summary>
    public string Levels { get; }

    /// <summary>The scale of each target after the last row, [B x D].</summary>
    public string Scales { get; }

    /// <summary>Whether there is a level for any target, [B x 1].</summary>
    public string IsMeasured { get; }

    /// <summary>How much each target has changed lately, [B x D] in double: <see cref="SeriesEncoder.ChangeOf"/>.</summary>
    public string LatestChanges(OnnxGraph graph)
    {
        string zero = Double(graph, 0), one = Double(graph, 1);
        string later = graph.Places(Math.Min(SeriesEncoder.LatestValues, _layout.History) - 1);
        string before = graph.Node("Add", [later, graph.Vector(1)]), values = graph.Cast(_history, DataType.Double);
        string change = graph.Node("Abs", [graph.Node("Sub", [graph.Gather(values, later, 2), graph.Gather(values, before, 2)])]);
        string isThere = graph.Node("Less", [before, graph.Reshape(_counts, 0, 0, 1)]);
        string sum = graph.ReduceSum(graph.Node("Where", [isThere, change, zero]), 2);
        string count = graph.ReduceSum(graph.Cast(isThere, DataType.Double), 2);
        string mean = graph.Reshape(graph.Node("Div", [sum, graph.Node("Max", [count, one])]), 0, 0);
        string scale = graph.Cast(Scales, DataType.Double), hasScale = graph.Node("Greater", [scale, zero]);
        string measured = graph.Node("Div", [mean, graph.Node("Where", [hasScale, scale, one])]);
        return graph.Node("Where", [hasScale, measured, zero]);
    }

    private string[] Step(OnnxGraph body, string[] states, string[] items)
    {
        (string history, string counts, string last) = (states[0], states[1], states[2]);
        string zero = body.Vector(0), one = body.Vector(1), isFinite = IsFinite(body, items[0]);
        string newLast = body.Node("Where", [isFinite, items[0], last]);
        string begun = ForgetZeros(body, history, counts, newLast);
        string newest = body.Reshape(newLast, 0, 0, 1);
        string pushed = _layout.History == 1
            ? newest
            : body.Concat(2, newest, body.Gather(history, body.Places(_layout.History - 1), 2));
        string counted = body.Node("Min", [body.Node("Add", [begun, one]), body.Vector(_layout.History)]);
        if (_tables.HasUnknown)
        {
            // A series without a level begins with its first value.
            string isWaiting = body.Node("And", [body.Node("Not", [_tables.IsKnown]), body.Node("Equal", [counts, zero])]);
            isWaiting = body.Node("And", [isWaiting, body.Node("Not", [isFinite])]);
            pushed = body.Node("Where", [body.Reshape(isWaiting, 0, 0, 1), history, pushed]);
            counted = body.Node("Where", [isWaiting, counts, counted]);
        }
        var scaler = new SeriesScales(body, _layout, _tables, pushed, counted, newLast, _window);
        string isStep = items[1], lags = Measured(body, pushed, counted, scaler);
        string[] result =
        [
            body.Node("Where", [body.Reshape(isStep, 0, 0, 1), pushed, history]),
            body.Node("Where", [isStep, counted, counts]),
            body.Node("Where", [isStep, newLast, last]),
            body.Node("Where", [isStep, scaler.Level, states[3]]),
            body.Node("Where", [isStep, scaler.Scale, states[4]]),
        ];
        if (items.Length == 2)
            return [.. result, lags];
        string past = body.Node("Where", [IsFinite(body, items[2]), items[2], states[5]]);
        return [.. result, body.Node("Where", [isStep, past, states[5]]), lags, past];
    }

    /// <summary>Whether numbers are neither NaN nor infinite.</summary>
    public static string IsFinite(OnnxGraph graph, string values)
        => graph.Node("Not", [graph.Node("IsNaN", [graph.Node("Mul", [values, graph.Constant("zero", 0)])])]);

    /// <summary>The counts, begun again where a window of zeros is followed by enough values.</summary>
    private string ForgetZeros(OnnxGraph body, string history, string counts, string last)
    {
        if (!_tables.ForgetsZeros)
            return counts;
        string zero = body.Constant("zero", 0), places = body.Places(_window);
        string window = _window == _layout.History ? history : body.Gather(history, places, 2);
        string before = body.Node("Sub", [_tables.ForgetsZerosAfter, body.Vector(1)]), isBehind = body.Node("Not",
            [body.Node("Less", [places, body.Reshape(before, -1, _layout.Targets, 1)])]);
        string differs = body.Cast(body.Node("Xor", [body.Node("Equal", [window, zero]), isBehind]), DataType.Float);
        string isWindow = body.Node("Equal", [body.Reshape(body.ReduceMax(differs, 2), 0, 0), zero]);
        string isFull = body.Node("Not", [body.Node("Less", [counts, body.Vector(_layout.WindowSize)])]);
        string isForgotten = All(body, isWindow, isFull,
            body.Node("Not", [body.Node("Equal", [last, zero])]),
            body.Node("Not", [body.Node("Less", [before, body.Vector(0)])]),
            body.Node("Less", [before, body.Vector(_window)]));
        return body.Node("Where", [isForgotten, before, counts]);
    }

    /// <summary>The last values, measured by level and scale, [B x D·L].</summary>
    private string Measured(OnnxGraph body, string history, string counts, SeriesScales scaler)
    {
        string lags = body.Places(_layout.Lags);
        string values = body.Cast(body.Gather(history, lags, 2), DataType.Double);
        string differences;
        if (_layout.ReadsChange)
        {
            // Before the second value there is no change.
            string second = body.Cast(body.Gather(history, body.Vector(1), 2), DataType.Double);
            string isSecond = body.Reshape(body.Node("Greater", [counts, body.Vector(1)]), 0, 0, 1);
            string change = body.Node("Where", [isSecond, body.Node("Sub", [values, second]), Double(body, 0)]);
            differences = body.Node("Mul", [change, body.Reshape(_tables.StepRatio, 1, -1, 1)]);
        }
        else
        {
            string level = body.Cast(body.Reshape(scaler.Level, 0, 0, 1), DataType.Double);
            differences = body.Node("Sub", [values, level]);
        }
        string scale = body.Cast(body.Reshape(scaler.Scale, 0, 0, 1), DataType.Double);
        string hasScale = body.Node("Greater", [scale, Double(body, 0)]);
        string measured = body.Node("Div", [differences, body.Node("Where", [hasScale, scale, Double(body, 1)])]);
        measured = body.Node("Max", [body.Node("Min", [measured, Double(body, 1e18f)]), Double(body, -1e18f)]);
        string isThere = body.Node("Less", [lags, body.Reshape(counts, 0, 0, 1)]);
        measured = body.Node("Where", [body.Node("And", [hasScale, isThere]), measured, Double(body, 0)]);
        return body.Cast(body.Reshape(measured, 0, _layout.Targets * _layout.Lags), DataType.Float);
    }

    private static string All(OnnxGraph body, params string[] conditions)
        => conditions.Aggregate((all, condition) => body.Node("And", [all, condition]));

    private static string Double(OnnxGraph body, float value) => body.Cast(body.Constant("number", value), DataType.Double);
}
