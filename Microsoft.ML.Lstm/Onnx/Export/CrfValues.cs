using Microsoft.ML.Lstm.Engine.Parameters;
using static Microsoft.ML.Lstm.Onnx.TensorProto.Types;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// A linear-chain conditional random field written into a graph, behind a network with L outputs a step: sums of logarithms in double, as
/// ours are, by loops over the steps.
/// </summary>
internal sealed class CrfValues
{
    private readonly OnnxGraph _graph;
    private readonly int _labels;
    private readonly string _emissions;
    private readonly string _isFirst;
    private readonly string? _isStep;
    private readonly string _start;
    private readonly string _end;
    private readonly string _transitions;

    /// <exception cref="NotSupportedException">The graph can't have loops.</exception>
    public CrfValues(NetworkValues network)
    {
        (_graph, _labels) = (network.Graph, network.Shape.OutputSize);
        _graph.RequireLoops("a conditional random field");
        _emissions = _graph.Cast(_graph.Transpose(network.Output, 1, 0, 2), DataType.Double);
        _isFirst = _graph.Node("Equal", [_graph.Range(_graph.SizeOf(network.Output, axis: 1)), _graph.Vector(0)]);
        _isStep = network.IsStep is null ? null : _graph.Reshape(_graph.Transpose(network.IsStep, 1, 0), 0, 0, 1);
        _start = Scores(ParameterSet.CrfStart, 1, _labels);
        _end = Scores(ParameterSet.CrfEnd, 1, _labels);
        _transitions = Scores(ParameterSet.CrfTransitions, _labels, _labels);

        string Scores(string name, params long[] dimensions)
            => _graph.Cast(_graph.Constant(name, network.ParameterOf(name), dimensions), DataType.Double);
    }

    /// <summary>The labels of the best path, counted from 0, [B x T].</summary>
    public string BestPath()
    {
        string incoming = _graph.Transpose(_transitions, 1, 0);
        string labels = _graph.Reshape(_graph.Range(_graph.Vector(_labels)), 1, -1);
        string[] forward = _graph.Scan("crf.best", isReversed: false, [Double(NoScores())], Sequences(),
            [DataType.Int64], (body, states, items) =>
            {
                // [B x to x from]
                string candidates = body.Node("Add", [body.Reshape(states[0], -1, 1, _labels), incoming]);
                string best = body.Reshape(body.ReduceMax(candidates, 2), -1, _labels);
                string before = body.Node("ArgMax", [candidates], OnnxAttribute.Of("axis", 2), OnnxAttribute.Of("keepdims", 0));
                return [Step(body, states[0], best, items), Choose(body, items, before, labels)];
            });
        string last = _graph.Node("ArgMax", [_graph.Node("Add", [forward[0], _end])], OnnxAttribute.Of("axis", 1));
        string[] backward = _graph.Scan("crf.path", isReversed: true, [new(last, DataType.Int64)], [new(forward[1], DataType.Int64)],
            [DataType.Int64], (body, states, items) =>
                [body.Node("GatherElements", [items[0], states[0]], OnnxAttribute.Of("axis", 1)), states[0]]);
        return _graph.Reshape(_graph.Transpose(backward[1], 1, 0, 2), 0, 0);
    }

    /// <summary>The probability of each label at each step, over all paths, [B x T x L].</summary>
    public string Marginals()
    {
        string incoming = _graph.Transpose(_transitions, 1, 0);
        string alpha = _graph.Scan("crf.forward", isReversed: false, [Double(NoScores())], Sequences(), [DataType.Double],
            (body, states, items) =>
            {
                string next = Step(body, states[0], LogSum(body, states[0], incoming), items);
                return [next, next];
            })[1];
        string end = _graph.Node("Expand", [_end, _graph.Node("Shape", [NoScores()])]);
        string beta = _graph.Scan("crf.backward", isReversed: true, [Double(end)], Sequences(), [DataType.Double],
            (body, states, items) =>
            {
                string before = LogSum(body, body.Node("Add", [items[0], states[0]]), _transitions);
                return [Choose(body, items, before, states[0]), states[0]];
            })[1];
        // Each step's sum over the labels is the same, that over all paths.
        string marginals = _graph.Node("Softmax", [_graph.Node("Add", [alpha, beta])], OnnxAttribute.Of("axis", 2));
        return _graph.Transpose(_graph.Cast(marginals, DataType.Float), 1, 0, 2);
    }

    /// <summary>Zeros [B x L]: states before the first step.</summary>
    private string NoScores()
        => _graph.Reshape(_graph.Node("Mul", [_graph.ReduceMax(_emissions, 0), _graph.Cast(_graph.Constant("zero", 0), DataType.Double)]),
            -1, _labels);

    /// <summary>What a step reads: its emissions [B x L], whether it is the first, and of which rows it is a step [B x 1].</summary>
    private TypedValue[] Sequences() =>
    [
        Double(_emissions),
        new(_isFirst, DataType.Bool),
        .. _isStep is null ? [] : new TypedValue[] { new(_isStep, DataType.Bool) },
    ];

    /// <summary>The scores up to a step, from those of the transitions to it.</summary>
    private string Step(OnnxGraph body, string state, string transitions, string[] items)
    {
        string before = body.Node("Where", [items[1], _start, transitions]);
        return Choose(body, items, body.Node("Add", [before, items[0]]), state);
    }

    /// <summary>One value for rows that the step is one of, another for those that are over.</summary>
    private static string Choose(OnnxGraph body, string[] items, string value, string otherwise)
        => items.Length > 2 ? body.Node("Where", [items[2], value, otherwise]) : value;

    /// <summary>The logarithm of the sum over one label, [B x L], of scores and those of the transitions.</summary>
    private string LogSum(OnnxGraph body, string scores, string transitions)
    {
        string paths = body.Node("Add", [body.Reshape(scores, -1, 1, _labels), transitions]);
        return body.Node("ReduceLogSumExp", [paths], OnnxAttribute.Of("axes", [2]), OnnxAttribute.Of("keepdims", 0));
    }

    private static TypedValue Double(string value) => new(value, DataType.Double);
}
