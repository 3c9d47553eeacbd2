using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Explanations;

/// <summary>A share of the number that is explained: what some networks, whose outputs are averaged, make of a sequence.</summary>
/// <param name="Explainer">Explains it.</param>
/// <param name="Places">Where each of the explainer's attributions of a step is among those of the explanation.</param>
internal sealed record ExplainedPart(SequenceExplainer Explainer, int[] Places);

/// <summary>
/// What explains the result for one sequence: attributions, and what the networks did at each step. Both are computed when they are asked
/// for.
/// </summary>
/// <param name="parts">The parts of the number; their attributions are added up.</param>
/// <param name="stepSize">J: attributions of a step.</param>
internal sealed class Explanation(IReadOnlyList<ExplainedPart> parts, int stepSize)
{
    private readonly int _staticSize = parts[0].Explainer.Networks[0].Shape.StaticSize;
    private readonly ExplainedNetwork[] _networks = [.. parts.SelectMany(part => part.Explainer.Networks)];
    private float[] _steps = [];
    private float[] _statics = [];
    private float[] _part = [];
    private float[] _partOfStatics = [];
    private float[] _totals = [];
    private float[] _hidden = [];
    private float[] _cells = [];
    private float[] _gates = [];
    private float[] _attention = [];
    private bool _isExplained;
    private bool _areStatesRead;
    private bool _hasAttributions;
    private double _value;
    private double _baselineValue;
    private double _stateAttribution;
    private long _incomplete;

    /// <summary>Numbers of h of a step: those of all networks, layers and directions.</summary>
    public int HiddenSize => _networks.Sum(network => HiddenSizeOf(network.Shape));

    /// <summary>Numbers of c of a step, of networks whose cell has it.</summary>
    public int CellSize => _networks.Sum(network => CellSizeOf(network.Shape));

    /// <summary>Numbers of the gates of a step.</summary>
    public int GateSize => _networks.Sum(network => GateSizeOf(network.Shape));

    /// <summary>Whether all networks pool the steps with learned weights.</summary>
    public bool HasAttention => _networks.All(network => network.Shape.HasAttention);

    /// <summary>T.</summary>
    public int Steps => parts[0].Explainer.Steps;

    /// <summary>What is added to the number, of the sequence and of the baseline alike, and does not come from the networks.</summary>
    public double Constant { get; set; }

    /// <summary>The number of the sequence, F(x); NaN where there is nothing to explain.</summary>
    public double Value => Explained()._value;

    /// <summary>The number of the baseline, F(x').</summary>
    public double BaselineValue => Explained()._baselineValue;

    /// <summary>The attributions of the steps [T x J]; empty where there is nothing to explain.</summary>
    public ReadOnlySpan<float> StepAttributions => Explained()._hasAttributions ? _steps.AsSpan(0, Steps * stepSize) : [];

    /// <summary>The attributions of each step, added up [T].</summary>
    public ReadOnlySpan<float> StepTotals => Explained()._hasAttributions ? _totals.AsSpan(0, Steps) : [];

    /// <summary>The attributions of the static features [S].</summary>
    public ReadOnlySpan<float> StaticAttributions => Explained()._hasAttributions ? _statics.AsSpan(0, _staticSize) : [];

    /// <summary>The attribution of the state before the first step.</summary>
    public double StateAttribution => Explained()._stateAttribution;

    /// <summary>h at each step, [T x <see cref="HiddenSize"/>].</summary>
    public ReadOnlySpan<float> Hidden => WithStates()._hidden.AsSpan(0, Steps * HiddenSize);

    /// <summary>c at each step, [T x <see cref="CellSize"/>].</summary>
    public ReadOnlySpan<float> Cells => WithStates()._cells.AsSpan(0, Steps * CellSize);

    /// <summary>The gates at each step, [T x <see cref="GateSize"/>].</summary>
    public ReadOnlySpan<float> Gates => WithStates()._gates.AsSpan(0, Steps * GateSize);

    /// <summary>The weights of the steps in the encoding [T], the mean of the networks'.</summary>
    public ReadOnlySpan<float> Attention => WithStates()._attention.AsSpan(0, Steps);

    /// <summary>Called after the explainers have been given another sequence.</summary>
    public void Begin() => (_isExplained, _areStatesRead) = (false, false);

    /// <summary>A warning if attributions of sequences did not become as exact as they had to be; else null.</summary>
    public string? DescribeIncomplete() => _incomplete == 0 ? null
        : $"The attributions of {_incomplete} rows are less exact than the tolerance says, with the most gradients that are allowed; allow "
            + "more, or a larger tolerance.";

    /// <summary>Called behind the last sequence: begins to count anew, and releases the threads for others until the next one.</summary>
    public void Conclude()
    {
        _incomplete = 0;
        foreach (ExplainedPart part in parts)
            part.Explainer.ReleaseThreads();
    }

    /// <summary>The names of the numbers of h, c or the gates of a step.</summary>
    /// <param name="shapes">The shapes of the networks.</param>
    /// <param name="letters">The letters of the quantity, such as the gates of a cell.</param>
    public static IEnumerable<string> NamesOfStates(IReadOnlyList<NetworkShape> shapes, Func<CellDescription, string> letters)
        => from network in shapes.Index()
           from layer in Enumerable.Range(0, network.Item.Layers)
           from direction in Enumerable.Range(0, network.Item.Directions)
           from letter in letters(network.Item.CellDescription)
           from unit in Enumerable.Range(0, network.Item.HiddenSize)
           select $"{(shapes.Count > 1 ? $"network {network.Index} " : "")}{(network.Item.Layers > 1 ? $"layer {layer} " : "")}"
               + $"{(direction == 1 ? "reverse " : "")}{letter}[{unit}]";

    private static int HiddenSizeOf(NetworkShape shape) => shape.Layers * shape.LayerSize;

    private static int CellSizeOf(NetworkShape shape) => shape.CellDescription.HasCellState ? HiddenSizeOf(shape) : 0;

    private static int GateSizeOf(NetworkShape shape) => shape.CellDescription.Gates * HiddenSizeOf(shape);

    private Explanation Explained()
    {
        if (_isExplained)
            return this;
        FloatBuffer.Require(ref _steps, (long)Steps * stepSize);
        FloatBuffer.Require(ref _statics, _staticSize);
        FloatBuffer.Require(ref _partOfStatics, _staticSize);
        FloatBuffer.Require(ref _totals, Steps);
        _steps.AsSpan(0, Steps * stepSize).Clear();
        _statics.AsSpan(0, _staticSize).Clear();
        _totals.AsSpan(0, Steps).Clear();
        (_value, _baselineValue, _stateAttribution, _hasAttributions) = (Constant, Constant, 0, true);
        bool isComplete = true;
        foreach (ExplainedPart part in parts)
        {
            SequenceExplainer explainer = part.Explainer;
            int size = explainer.StepSize;
            FloatBuffer.Require(ref _part, (long)Steps * size);
            _hasAttributions &= explainer.TryExplain(_part.AsSpan(0, Steps * size), _partOfStatics.AsSpan(0, _staticSize));
            isComplete &= explainer.IsComplete;
            for (int t = 0; t < Steps; t++)
            {
                for (int i = 0; i < size; i++)
                {
                    _steps[t * stepSize + part.Places[i]] += _part[t * size + i];
                    _totals[t] += _part[t * size + i];
                }
            }
            for (int i = 0; i < _staticSize; i++)
                _statics[i] += _partOfStatics[i];
            _value += explainer.Value;
            _baselineValue += explainer.BaselineValue;
            _stateAttribution += explainer.StateAttribution;
        }
        if (!_hasAttributions)
            (_value, _baselineValue, _stateAttribution) = (double.NaN, double.NaN, double.NaN);
        else if (!isComplete)
            _incomplete++;
        _isExplained = true;
        return this;
    }

    private Explanation WithStates()
    {
        if (_areStatesRead)
            return this;
        FloatBuffer.Require(ref _hidden, (long)Steps * HiddenSize);
        FloatBuffer.Require(ref _cells, (long)Steps * CellSize);
        FloatBuffer.Require(ref _gates, (long)Steps * GateSize);
        FloatBuffer.Require(ref _attention, Steps);
        _attention.AsSpan(0, Steps).Clear();
        foreach (ExplainedPart part in parts)
            part.Explainer.Forward();
        int hiddenAt = 0, cellAt = 0, gateAt = 0, hidden = HiddenSize, cells = CellSize, gates = GateSize;
        foreach (ExplainedNetwork network in _networks)
        {
            for (int t = 0; t < Steps; t++)
            {
                network.CopyStates(row: 0, t, new StateSpans
                {
                    Hidden = _hidden.AsSpan(t * hidden + hiddenAt),
                    Cell = _cells.AsSpan(t * cells + cellAt),
                    Gates = _gates.AsSpan(t * gates + gateAt),
                });
                if (HasAttention)
                    _attention[t] += network.AttentionWeights(0)[t] / _networks.Length;
            }
            hiddenAt += HiddenSizeOf(network.Shape);
            cellAt += CellSizeOf(network.Shape);
            gateAt += GateSizeOf(network.Shape);
        }
        _areStatesRead = true;
        return this;
    }
}
