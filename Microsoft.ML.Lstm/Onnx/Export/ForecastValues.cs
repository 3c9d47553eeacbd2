using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using static Microsoft.ML.Lstm.Onnx.TensorProto.Types;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>What a forecasting network reads, as values of a graph; each has B series, and T rows where it says so.</summary>
/// <param name="Targets">[B x T x D], in parts.</param>
/// <param name="Past">The past covariates, [B x T x P], in parts.</param>
/// <param name="Known">The known covariates, [B x T' x K], in parts, of the rows and of those that follow.</param>
/// <param name="Calendar">The features of the next row's time, [B x T x C]; null for none.</param>
/// <param name="Statics">The static features, [B x S]; null for none.</param>
/// <param name="Series">The numbers of the series, [B x 1]; null where there is only one.</param>
/// <param name="Lengths">The rows of each series, [B] or one for all.</param>
internal sealed record ForecastInputs(string[] Targets, string[] Past, string[] Known, string? Calendar, string? Statics, string? Series,
    string Lengths);

/// <summary>A forecasting network written into a graph: the forecast after the last row of each of B series.</summary>
internal sealed class ForecastValues
{
    private readonly OnnxGraph _graph;
    private readonly ForecastModel _model;
    private readonly string _fault;
    private readonly string _point;
    private readonly string _lower;
    private readonly string _upper;
    private readonly string _spread;

    /// <summary>Writes a network.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="model">The model.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="skipsMissing">Whether rows with missing values are to be left out; then there must be none.</param>
    public ForecastValues(OnnxGraph graph, ForecastModel model, ForecastInputs inputs, bool skipsMissing)
    {
        (_graph, _model) = (graph, model);
        ForecastLayout layout = model.Layout;
        string targets = graph.Concat(2, inputs.Targets), rows = graph.SizeOf(targets, axis: 1), batch = graph.SizeOf(targets, axis: 0);
        string? past = inputs.Past.Length > 0 ? graph.Concat(2, inputs.Past) : null;
        string length = graph.Node("Min", [graph.Node("Max", [inputs.Lengths, graph.Vector(0)]), rows]);
        length = graph.Reshape(graph.Node("Expand", [length, batch]), -1, 1);
        string isStep = graph.Node("Less", [graph.Range(rows), length]);
        // The number of a series that the model doesn't know is 0.
        string? series = inputs.Series is null ? null : graph.Cast(inputs.Series, DataType.Int64);
        if (series is not null)
            series = graph.Node("Where", [graph.Node("Greater", [series, graph.Vector(model.Series)]), graph.Vector(0), series]);
        var steps = new SeriesSteps(graph, model, series, targets, past, isStep);

        var parts = new List<string> { steps.Lags };
        AffineScaler covariates = model.Scaling.Covariates;
        int p = layout.PastCovariates, k = layout.KnownCovariates;
        if (steps.Past is not null)
            parts.Add(Scale(steps.Past, covariates, 0, p));
        if (k > 0)
            parts.Add(Ahead(Scale(Filled(graph.Concat(2, inputs.Known), covariates.Offset[p..]), covariates, p, k), rows));
        if (inputs.Calendar is not null)
            parts.Add(inputs.Calendar);
        string isMissing = graph.Node("Not", [SeriesSteps.IsFinite(graph, past is null ? targets : graph.Concat(2, targets, past))]);
        string missing = graph.Cast(isMissing, DataType.Float);
        if (layout.HasMissing)
            parts.Add(missing);
        string features = graph.Concat(2, [.. parts]);

        NetworkShape shape = model.Network.Shape;
        SequenceModel network = model.Network with
        {
            InputScaler = AffineScaler.Identity(shape.NumericSize),
            StaticScaler = model.Scaling.Statics,
            OutputScaler = AffineScaler.Identity(shape.OutputSize),
        };
        string[] tokens = shape.Embeddings.Count == 0 ? []
            : [graph.Node("Expand", [series ?? graph.Reshape(graph.Vector(1), 1, 1), graph.Concat(0, batch, rows)])];
        var values = new NetworkValues(graph, network, new NetworkInputs([features], tokens, inputs.Statics, inputs.Lengths));

        string isLast = graph.Node("Equal", [graph.Range(rows), graph.Node("Sub", [length, graph.Vector(1)])]);
        string last = graph.Node("Where", [graph.Reshape(isLast, 0, 0, 1), values.Output, graph.Constant("zero", 0)]);
        string outputs = graph.Cast(graph.Reshape(graph.ReduceSum(last, 1), 0, layout.Horizon, layout.Targets, -1), DataType.Double);
        string noForecast = graph.Node("Where", [steps.IsMeasured, graph.Constant("zero", 0), graph.Constant("missing", float.NaN)]);
        _fault = graph.Node("Add", [values.Fault, noForecast]);
        if (skipsMissing)
        {
            string ofSteps = graph.Reshape(graph.Cast(isStep, DataType.Float), 0, 0, 1);
            string skipped = graph.ReduceMax(graph.Node("Mul", [missing, ofSteps]), 1, 2);
            string isSkipped = graph.Node("Greater", [graph.Reshape(skipped, 0, 1), graph.Constant("zero", 0)]);
            _fault = graph.Node("Where", [isSkipped, graph.Constant("missing", float.NaN), _fault]);
        }
        (string point, string lower, string upper, string deviation) = Read(outputs);
        string level = OfTargets(steps.Levels), scale = OfTargets(steps.Scales);
        _point = InUnit(point);
        _spread = graph.Node("Mul", [scale, deviation]);
        string unit = model.Intervals.Powers.Length == 0 ? _spread
            : graph.Node("Mul", [_spread, OfTargets(Factor(steps.LatestChanges(graph)))]);
        _lower = graph.Node("Min", [Moved(InUnit(lower), "intervals.lower", model.Intervals.Lower), _point]);
        _upper = graph.Node("Max", [Moved(InUnit(upper), "intervals.upper", model.Intervals.Upper), _point]);

        string OfTargets(string value) => graph.Reshape(graph.Cast(value, DataType.Double), 0, 1, layout.Targets);

        string InUnit(string value) => graph.Node("Add", [level, graph.Node("Mul", [scale, value])]);

        string Moved(string end, string name, float[] by)
        {
            string moves = graph.Cast(graph.Constant(name, by, layout.Horizon, layout.Targets), DataType.Double);
            return graph.Node("Add", [end, graph.Node("Mul", [unit, moves])]);
        }
    }

    /// <summary>The forecast.</summary>
    public OnnxValue Point => Result(_point);

    /// <summary>The lower ends of the intervals.</summary>
    public OnnxValue Lower => Result(_lower);

    /// <summary>The upper ends of the intervals.</summary>
    public OnnxValue Upper => Result(_upper);

    /// <summary>The unit in which errors of different forecasts are alike.</summary>
    public OnnxValue Spread => Result(_spread);

    private OnnxValue Result(string value)
    {
        ForecastLayout layout = _model.Layout;
        string whole = _graph.Node("Add", [_graph.Cast(value, DataType.Float), _graph.Reshape(_fault, -1, 1, 1)]);
        return layout.Targets == 1
            ? new(_graph.Reshape(whole, 0, -1), DataType.Float, OnnxAxis.Batch, layout.Horizon)
            : new(whole, DataType.Float, OnnxAxis.Batch, layout.Horizon, layout.Targets);
    }

    /// <summary>
    /// The point, the ends of the interval and the spread, [B x H x D] in units of the scale, of outputs [B x H x D x outputs of a value]:
    /// see <see cref="ForecastLossDescription.Read"/>.
    /// </summary>
    private (string Point, string Lower, string Upper, string Deviation) Read(string outputs)
    {
        string first = Output(0);
        switch (_model.Layout.Loss)
        {
            case ForecastLoss.Quantile:
                string second = Output(1), third = Output(2);
                string low = _graph.Node("Min", [first, second]), high = _graph.Node("Max", [first, second]);
                string median = _graph.Node("Max", [low, _graph.Node("Min", [high, third])]);
                return (median, _graph.Node("Min", [low, third]), _graph.Node("Max", [high, third]), Number(1));
            case ForecastLoss.Gaussian:
                return (first, first, first, Deviation(Output(1)));
            default:
                return (first, first, first, Number(1));
        }

        string Output(int index) => _graph.Reshape(_graph.Gather(outputs, _graph.Vector(index), 3), 0, 0, -1);
    }

    /// <summary>ln(1 + exp(x)), and a thousandth more.</summary>
    private string Deviation(string output)
    {
        string small = _graph.Node("Exp", [_graph.Node("Neg", [_graph.Node("Abs", [output])])]);
        string curve = _graph.Node("Log", [_graph.Node("Add", [small, Number(1)])]);
        string line = _graph.Node("Max", [output, Number(0)]);
        return _graph.Node("Add", [_graph.Node("Add", [curve, line]), Number((float)ForecastLossDescription.LeastDeviation)]);
    }

    /// <summary>
    /// How many times as large as usual the unit of errors is, [B x D]: <see cref="ForecastIntervals.FactorOf(int, double)"/>.
    /// </summary>
    private string Factor(string changes)
    {
        ForecastIntervals intervals = _model.Intervals;
        string usual = _graph.Constant("intervals.change", Array.ConvertAll(intervals.UsualChanges, one => one > 0 ? one : 1),
            intervals.UsualChanges.Length);
        string power = _graph.Cast(_graph.Constant("intervals.power", intervals.Powers, intervals.Powers.Length), DataType.Double);
        const double Least = ForecastIntervals.LeastChange, Most = ForecastIntervals.MostFactor;
        string relative = _graph.Node("Div", [changes, _graph.Cast(usual, DataType.Double)]);
        relative = _graph.Node("Div", [_graph.Node("Add", [relative, Number((float)Least)]), Number((float)(1 + Least))]);
        relative = _graph.Node("Max", [_graph.Node("Min", [relative, Number((float)Most)]), Number((float)(1 / Most))]);
        return _graph.Node("Pow", [relative, power]);
    }

    private string Scale(string value, AffineScaler scaler, int first, int count)
    {
        Range part = first..(first + count);
        string centred = _graph.Node("Sub", [value, _graph.Constant("covariates.offset", scaler.Offset[part], count)]);
        return _graph.Node("Mul", [centred, _graph.Constant("covariates.scale", scaler.Scale[part], count)]);
    }

    /// <summary>Numbers [B x T x n] with those that are missing replaced by the ones before them.</summary>
    private string Filled(string values, float[] start)
    {
        string shape = _graph.Concat(0, _graph.SizeOf(values, axis: 0), _graph.Vector(start.Length));
        string before = _graph.Node("Expand", [_graph.Constant("known.start", start, 1, start.Length), shape]);
        string filled = _graph.Scan("known", isReversed: false, [new(before, DataType.Float)],
            [new(_graph.Transpose(values, 1, 0, 2), DataType.Float)], [DataType.Float], (body, states, items) =>
            {
                string next = body.Node("Where", [SeriesSteps.IsFinite(body, items[0]), items[0], states[0]]);
                return [next, next];
            })[1];
        return _graph.Transpose(filled, 1, 0, 2);
    }

    /// <summary>
    /// The known covariates [B x T' x K] of each of T rows and of the H behind it, [B x T x (H + 1)·K]; the last ones where there are no
    /// more.
    /// </summary>
    private string Ahead(string known, string rows)
    {
        int horizon = _model.Layout.Horizon;
        string places = _graph.Node("Add", [_graph.Reshape(_graph.Range(rows), -1, 1), _graph.Places(horizon + 1)]);
        string last = _graph.Node("Sub", [_graph.SizeOf(known, axis: 1), _graph.Vector(1)]);
        string each = _graph.Gather(known, _graph.Node("Min", [places, last]), axis: 1);
        return _graph.Reshape(each, 0, 0, (horizon + 1) * _model.Layout.KnownCovariates);
    }

    private string Number(float value) => _graph.Cast(_graph.Constant("number", value), DataType.Double);
}
