using Microsoft.ML.Lstm.Engine.Series;
using static Microsoft.ML.Lstm.Onnx.TensorProto.Types;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// <see cref="SeriesScaler.Of"/> written into a step's graph: the level and scale [B x D] by which the values of a series are measured
/// after a row, in double as ours. What no series of the model needs is left out.
/// </summary>
internal sealed class SeriesScales
{
    private readonly OnnxGraph _graph;
    private readonly ForecastLayout _layout;
    private readonly SeriesTables _tables;
    private readonly string _values;
    private readonly string _floats;
    private readonly string _isThere;
    private readonly string _length;
    private readonly string _mean;
    private readonly string _squares;
    private readonly string _meanSquare;
    private readonly string _isLong;
    private readonly string _last;

    /// <summary>Writes the level and scale.</summary>
    /// <param name="graph">The step's graph.</param>
    /// <param name="layout">The layout of the rows.</param>
    /// <param name="tables">What the training data says.</param>
    /// <param name="history">The last values, the latest first, [B x D x History].</param>
    /// <param name="counts">How many of them there are, [B x D].</param>
    /// <param name="last">The last value, [B x D].</param>
    /// <param name="window">W, at most History.</param>
    public SeriesScales(OnnxGraph graph, ForecastLayout layout, SeriesTables tables, string history, string counts, string last, int window)
    {
        (_graph, _layout, _tables) = (graph, layout, tables);
        string places = graph.Places(window);
        _floats = window == layout.History ? history : graph.Gather(history, places, 2);
        string length = graph.Node("Min", [counts, graph.Vector(window)]);
        _isThere = graph.Node("Less", [places, graph.Reshape(length, 0, 0, 1)]);
        _length = ToDouble(graph.Node("Max", [length, graph.Vector(1)]));
        _values = graph.Node("Where", [_isThere, ToDouble(_floats), Number(0)]);
        _last = last;
        _mean = graph.Cast(graph.Node("Div", [Sum(_values), _length]), DataType.Float);
        string centred = graph.Node("Sub", [_values, graph.Reshape(ToDouble(_mean), 0, 0, 1)]);
        _squares = Sum(OfThose(graph.Node("Mul", [centred, centred])));
        _meanSquare = graph.Node("Div", [Sum(graph.Node("Mul", [_values, _values])), _length]);
        _isLong = graph.Node("Not", [graph.Node("Less", [length, graph.Vector(SeriesScaler.LeastLength(layout.WindowSize))])]);

        bool goesByWindow = layout.Scaling is SeriesScaling.LastValue or SeriesScaling.Window;
        (Level, Scale) = layout.Scaling switch
        {
            SeriesScaling.LastValue => (last, tables.Change),
            SeriesScaling.Window => (_mean, ScaleOf(WithChange(ToDouble(tables.Change)))),
            _ => (tables.Level, tables.Deviation),
        };
        if (tables.HasUnknown || tables.HasConstant || (goesByWindow && layout.WindowDecides))
        {
            (string level, string scale) = OfOwn();
            if (goesByWindow && layout.WindowDecides)
                Choose(IsOfAnotherSize(), level, scale);
            if (tables.HasUnknown)
            {
                (string isConstant, string value) = IsConstantSoFar();
                string isUnknown = graph.Node("Not", [tables.IsKnown]);
                Choose(isUnknown, level, scale);
                Choose(graph.Node("And", [isUnknown, isConstant]), value, graph.Constant("zero", 0));
            }
            if (tables.HasConstant)
            {
                Choose(tables.IsConstant, level, scale);
                Choose(graph.Node("And", [tables.IsConstant, IsMostlyLevel()]), tables.Level, graph.Constant("zero", 0));
            }
        }
        Choose(graph.Node("Equal", [counts, graph.Vector(0)]), last, tables.EmptyScale);
    }

    /// <summary>The level.</summary>
    public string Level { get; private set; }

    /// <summary>The scale.</summary>
    public string Scale { get; private set; }

    private void Choose(string condition, string level, string scale)
        => (Level, Scale) = (_graph.Node("Where", [condition, level, Level]), _graph.Node("Where", [condition, scale, Scale]));

    private (string Level, string Scale) OfOwn()
    {
        string change = Change();
        return _layout.Scaling == SeriesScaling.LastValue
            ? (_last, ScaleOf(_graph.Node("Mul", [change, change])))
            : (_mean, ScaleOf(WithChange(change)));
    }

    /// <summary>(Σ(x − x̄)² + c²) / (n + 1).</summary>
    private string WithChange(string change)
    {
        string sum = _graph.Node("Add", [_squares, _graph.Node("Mul", [change, change])]);
        return _graph.Node("Div", [sum, _graph.Node("Add", [_length, Number(1)])]);
    }

    /// <summary>The change over the horizon within the window, limited by that of the training data.</summary>
    private string Change()
    {
        int window = _layout.History < _layout.WindowSize ? _layout.History : _layout.WindowSize;
        string later = _graph.Vector([.. Enumerable.Range(0, window).Select(i => (long)Math.Max(i - _layout.Horizon, 0))]);
        string moved = OfThose(_graph.Node("Sub", [_graph.Gather(_values, later, 2), _values]));
        string sum = Sum(_graph.Node("Mul", [moved, moved]));
        string pairs = _graph.Node("Max", [_graph.Node("Sub", [_length, Number(1)]), Number(1)]);
        string own = _graph.Node("Where",
        [
            _graph.Node("Greater", [sum, Number(0)]),
            Root(_graph.Node("Div", [sum, pairs])),
            Root(_graph.Node("Div", [_squares, _length])),
        ]);
        string expected = ToDouble(_tables.OwnChange), size = ToDouble(_tables.OwnSize);
        string isExpected = _graph.Node("And", [_graph.Node("Greater", [expected, Number(0)]), _graph.Node("Greater", [size, Number(0)])]);
        string share = _graph.Node("Div", [Root(_meanSquare), _graph.Node("Where", [isExpected, size, Number(1)])]);
        string relative = _graph.Node("Mul", [expected, share]);
        string change = Clamp(own, _graph.Node("Min", [expected, relative]), _graph.Node("Max", [expected, relative]));
        string doubt = _graph.Node("Add", [Number(1), _graph.Node("Div", [Number(SeriesScaler.EnoughForSize), _length])]);
        string limited = Clamp(change, _graph.Node("Div", [own, doubt]), _graph.Node("Mul", [own, doubt]));
        change = _graph.Node("Where", [_isLong, limited, change]);
        return _graph.Node("Where", [isExpected, change, own]);
    }

    private string IsOfAnotherSize()
    {
        string least = ToDouble(_tables.LeastSize), size = ToDouble(_tables.Size);
        string isOther = _graph.Node("Less", [_meanSquare, _graph.Node("Mul", [least, least])]);
        if (_layout.Scaling == SeriesScaling.LastValue)
        {
            string largest = _graph.Node("Mul", [size, Number(SeriesScaler.LargerSize)]);
            isOther = _graph.Node("Or", [isOther, _graph.Node("Greater", [_meanSquare, _graph.Node("Mul", [largest, largest])])]);
        }
        return _graph.Node("And", [_graph.Node("And", [_graph.Node("Greater", [least, Number(0)]), _isLong]), isOther]);
    }

    /// <summary>Whether a window of enough values has one value except for few, and that value.</summary>
    private (string IsConstant, string Value) IsConstantSoFar()
    {
        string isSame = _graph.Node("Equal", [_graph.Reshape(_floats, 0, 0, -1, 1), _graph.Reshape(_floats, 0, 0, 1, -1)]);
        string areThere = _graph.Node("And", [_graph.Reshape(_isThere, 0, 0, -1, 1), _graph.Reshape(_isThere, 0, 0, 1, -1)]);
        string pairs = _graph.Cast(_graph.Node("And", [isSame, areThere]), DataType.Float);
        // [B x D x W]: how many values are as each one.
        string alike = _graph.Reshape(_graph.ReduceSum(pairs, 3), 0, 0, -1);
        string place = _graph.Node("ArgMax", [alike], OnnxAttribute.Of("axis", 2));
        string value = _graph.Reshape(_graph.Node("GatherElements", [_floats, place], OnnxAttribute.Of("axis", 2)), 0, 0);
        string apart = _graph.Node("Sub", [_length, ToDouble(_graph.Reshape(_graph.ReduceMax(alike, 2), 0, 0))]);
        string most = ForecastLossDescription.Of(_layout.Loss).IgnoresOutliers
            ? _graph.Node("Max", [Number(1), _graph.Node("Floor", [_graph.Node("Div", [_length, Number(SeriesScaler.ValuesOfOneApart)])])])
            : Number(1);
        return (_graph.Node("And", [_isLong, _graph.Node("Not", [_graph.Node("Greater", [apart, most])])]), value);
    }

    /// <summary>Whether at least half of the window is the level that the series had in the training data.</summary>
    private string IsMostlyLevel()
    {
        string level = _graph.Reshape(ToDouble(_tables.Level), -1, _layout.Targets, 1);
        string distance = _graph.Node("Abs", [_graph.Node("Sub", [_values, level])]);
        string resolution = _graph.Node("Mul", [_graph.Node("Abs", [level]), Number((float)SeriesScaler.Resolution)]);
        string isSame = _graph.Node("And", [_isThere, _graph.Node("Not", [_graph.Node("Greater", [distance, resolution])])]);
        string count = Sum(ToDouble(isSame));
        return _graph.Node("Not", [_graph.Node("Less", [_graph.Node("Add", [count, count]), _length])]);
    }

    private string ScaleOf(string square)
        => _graph.Cast(_graph.Node("Min", [Root(square), Number(float.MaxValue)]), DataType.Float);

    private string Clamp(string value, string least, string most)
        => _graph.Node("Max", [_graph.Node("Min", [value, most]), least]);

    private string OfThose(string values) => _graph.Node("Where", [_isThere, values, Number(0)]);

    private string Sum(string values) => _graph.Reshape(_graph.ReduceSum(values, 2), 0, 0);

    private string Root(string value) => _graph.Node("Sqrt", [value]);

    private string ToDouble(string value) => _graph.Cast(value, DataType.Double);

    private string Number(float value) => ToDouble(_graph.Constant("number", value));
}
