using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <content>The gradients of the weights, all at the end or, where they are waited for, those of a layer as soon as they can be.</content>
internal sealed unsafe partial class NetworkBatchRunner
{
    private (int Start, int Length)[] _earlyGradients = [];

    // The gradients that are added in turn: of the head, of each layer from the last to the first, and of the rest.
    private GradientShares[] _turns = [];
    private int _turn;
    private Action<int> _turnPart = null!;
    private Action<int> _backwardLayerPart = null!;
    private Action<int> _backwardInputsPart = null!;

    public override IReadOnlyList<(int Start, int Length)> EarlyGradients => _earlyGradients.Length > 0 ? _earlyGradients
        : [.. HasEarlyHead ? [RangeOf(parameter => parameter.Role == ParameterRole.HeadWeight)] : (ReadOnlySpan<(int, int)>)[],
            .. Enumerable.Range(0, _layers.Length).Reverse().Select(RangeOfLayer)];

    public override Action<int>? GradientReady
    {
        get;
        set
        {
            field = value;
            _earlyGradients = [.. EarlyGradients];
            PanelGradient[] others = OtherGradients();
            _turns = [new GradientShares(HeadGradients(), _team.Threads),
                .. _layers.Select((_, layer) => new GradientShares(GradientsOfLayer(layer), _team.Threads)).Reverse(),
                .. others.Length > 0 ? [new GradientShares(others, _team.Threads)] : (ReadOnlySpan<GradientShares>)[]];
            _turnPart = part => _turns[_turn].Add(part, _sharedParts, _gradientTarget.Parameters);
            _backwardLayerPart = part => BackwardLayer(_layers.Length - _turn, part);
            _backwardInputsPart = BackwardInputs;
        }
    }

    // The gradient of embeddings that are the head's weights comes at the very end.
    private bool HasEarlyHead => !_shape.TiesHead;

    /// <summary>
    /// The backward pass through the layers, with the gradients of each one's weights right behind it: the same sums as all at the end.
    /// </summary>
    private void BackwardInTurn(Action<int> ready)
    {
        int range = 0;
        // What is left of a weight's gradient after dropout is known at the end.
        bool isReady = _dropout.Weights == 0;
        for (_turn = 0; _turn < _turns.Length; _turn++)
        {
            if (_turn > 0 && _turn <= _layers.Length)
                _team.Run(_parts, _backwardLayerPart);
            if (_turn == _layers.Length)
                _team.Run(_parts, _backwardInputsPart);
            _team.Run(_sharedParts, _turnPart);
            if (isReady && (_turn == 0 ? HasEarlyHead : _turn <= _layers.Length))
                ready(range++);
        }
    }

    private (int Start, int Length) RangeOfLayer(int layer)
    {
        string[] suffixes = [.. Enumerable.Range(0, _shape.Directions).Select(direction => ParameterSet.Suffix(layer, direction))];
        return RangeOf(parameter => parameter.IsRecurrent && !parameter.IsOfDecoder
            && suffixes.Any(suffix => parameter.Name.EndsWith(suffix, StringComparison.Ordinal)));
    }

    /// <summary>The range of parameters that follow each other.</summary>
    private (int Start, int Length) RangeOf(Func<Parameter, bool> isMeant)
    {
        Parameter[] parameters = [.. _network.Parameters.Parameters.Where(isMeant)];
        return (parameters[0].Offset, parameters.Sum(parameter => parameter.Length));
    }

    private PanelGradient[] GradientsOfLayer(int layer)
        => [.. Enumerable.Range(0, _shape.Directions).Select(direction =>
        {
            var gradients = new RecurrentGradients(_layers[layer].Directions[direction], _network.Kernels);
            return new PanelGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength,
                (begin, end, scratch, target) => gradients.Add(begin, end, _steps.TotalSteps, Input(layer), InputStride(layer),
                    _layers[layer].Output(direction), _layers[layer].Stride, scratch, target));
        })];

    private PanelGradient[] OtherGradients()
        => [.. _pooling?.NewGradients() ?? [], .. _frames?.NewGradients() ?? [], .. _convolutions?.NewGradients() ?? []];

    private PanelGradient[] HeadGradients()
    {
        DenseGradients head = _head.NewGradients();
        // On encodings the head has so few rows that its panels cost next to nothing.
        long cost = _shape.Head.IsPerStep ? head.CostOfPanel : 1;
        return [new PanelGradient(head.Panels, cost, head.ScratchLength,
                (begin, end, scratch, target) => head.Add(begin, end, HeadRows, _headInputs.Pointer, _outputs.Pointer, scratch, target)),
            .. _adaptive?.NewTailGradients() ?? []];
    }
}
