using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>An optimizer that applies one rule to every weight by itself.</summary>
/// <remarks>
/// Each weight is read and written once a step. TensorPrimitives would pass over gradient, weights and moments ten times, and take twice as
/// long where these come from memory.
/// </remarks>
internal sealed class RuleOptimizer<TRule> : Optimizer
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly float[] _first;
    private readonly float[] _second;
    private readonly float _momentum;
    private readonly float _decay;
    private readonly bool _isDecoupled;
    private readonly Step[] _steps;
    private int _t;

    public RuleOptimizer(OptimizerSettings settings, ParameterSet weights, Gradient gradient, WorkerTeam team)
        : base(weights, gradient, team)
    {
        _steps = new Step[weights.Parameters.Count];
        _first = new float[weights.Values.Length];
        _second = TRule.States > 1 ? new float[weights.Values.Length] : _first;
        _momentum = settings.Momentum;
        _decay = settings.WeightDecay;
        _isDecoupled = settings.IsDecoupled;
    }

    public override int Steps => _t;

    public override IReadOnlyList<ReadOnlyMemory<float>> Moments => TRule.States > 1 ? [_first, _second] : [_first];

    public override void Restore(int steps, IReadOnlyList<ReadOnlyMemory<float>> moments)
    {
        if (steps < 0 || moments.Count != TRule.States || moments.Any(moment => moment.Length != _first.Length))
            throw new InvalidDataException("The checkpoint is of another optimizer, or of other weights.");
        _t = steps;
        moments[0].CopyTo(_first);
        moments[^1].CopyTo(_second);
    }

    // Weight decay is g ← g + decay·w, or, decoupled, w ← w − lr·decay·w first (Loshchilov and Hutter 2019).
    protected override void BeginStep(float learningRate, float clipCoefficient)
    {
        _t++;
        for (int i = 0; i < (Factors?.Length ?? 1); i++)
        {
            float rate = Factors is null ? learningRate : learningRate * Factors[i];
            int t = Factors is null ? _t : Math.Max(1, _t - FrozenSteps[i]);
            _steps[i] = new Step(TRule.At(t, rate, _momentum), clipCoefficient,
                Decay: _isDecoupled ? 0 : _decay, Kept: _isDecoupled ? 1 - rate * _decay : 1);
        }
    }

    protected override bool StepPiece(int start, int length, int parameter)
    {
        ref readonly Step step = ref _steps[parameter];
        Span<float> w = Weights.Values.AsSpan(start, length), g = Gradient.Parameters.Values.AsSpan(start, length);
        Span<float> first = _first.AsSpan(start, length), second = _second.AsSpan(start, length);
        int whole = length - length % Vector<float>.Count;
        bool isFinite = Update(step,
            AsVectors(w[..whole]), AsVectors(g[..whole]), AsVectors(first[..whole]), AsVectors(second[..whole]));
        if (whole == length)
            return isFinite;
        // The last weights, filled up to a vector with zeros, which stay zeros.
        Vector<float> lastW = Padded(w[whole..]), lastG = Padded(g[whole..]);
        Vector<float> lastFirst = Padded(first[whole..]), lastSecond = Padded(second[whole..]);
        isFinite &= Update(step, new(ref lastW), new(ref lastG), new(ref lastFirst), new(ref lastSecond));
        CopyTo(lastW, w[whole..]);
        CopyTo(lastG, g[whole..]);
        CopyTo(lastFirst, first[whole..]);
        if (TRule.States > 1)
            CopyTo(lastSecond, second[whole..]);
        return isFinite;
    }

    // Optimized from the first call on: of a large network the first seconds' steps would spend most of their time here.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Update(
        in Step step, Span<Vector<float>> w, Span<Vector<float>> g, Span<Vector<float>> first, Span<Vector<float>> second)
    {
        TRule rule = step.Rule;
        Vector<float> clipCoefficient = new(step.ClipCoefficient), decay = new(step.Decay), kept = new(step.Kept), zeros = default;
        for (int i = 0; i < w.Length; i++)
        {
            Vector<float> weights = kept * w[i], firsts = first[i], seconds = TRule.States > 1 ? second[i] : default;
            rule.Update(ref weights, clipCoefficient * g[i] + decay * weights, ref firsts, ref seconds);
            w[i] = weights;
            g[i] = default;
            first[i] = firsts;
            if (TRule.States > 1)
                second[i] = seconds;
            // Zero times what is not finite is NaN.
            zeros += 0 * weights;
        }
        return Vector.EqualsAll(zeros, default);
    }

    private static Span<Vector<float>> AsVectors(Span<float> values) => MemoryMarshal.Cast<float, Vector<float>>(values);

    private static Vector<float> Padded(ReadOnlySpan<float> values)
    {
        Vector<float> padded = default;
        values.CopyTo(MemoryMarshal.Cast<Vector<float>, float>(new Span<Vector<float>>(ref padded)));
        return padded;
    }

    private static void CopyTo(Vector<float> padded, Span<float> values)
        => MemoryMarshal.Cast<Vector<float>, float>(new Span<Vector<float>>(ref padded))[..values.Length].CopyTo(values);

    /// <summary>The factors of one step, the same for all weights.</summary>
    /// <param name="Rule">The rule.</param>
    /// <param name="ClipCoefficient">The factor on the gradient, from clipping.</param>
    /// <param name="Decay">The share of the weights that is added to the gradient.</param>
    /// <param name="Kept">The factor on the weights before the step, from decoupled weight decay.</param>
    private readonly record struct Step(TRule Rule, float ClipCoefficient, float Decay, float Kept);
}
