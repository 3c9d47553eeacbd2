using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// The paths of labels over one sequence: all paths, or the paths through the labels given. The forward pass sums their exponentiated
/// scores, the backward pass computes the expected counts of labels and transitions (forward-backward algorithm, Rabiner 1989, in logs).
/// </summary>
internal sealed class CrfLattice(LinearChainCrf crf)
{
    private readonly double[] _counts = new double[crf.Labels * crf.Labels];
    private readonly double[] _beta = new double[crf.Labels];
    private readonly double[] _after = new double[crf.Labels];
    private readonly double[] _scratch = new double[2 * crf.Labels];

    // [T x L]: the log of the sum over all paths up to a step and label; after the backward pass the marginals.
    private double[] _alpha = [];
    private double _logPartition;
    private int _steps;

    /// <summary>[T x L]: the probability of each label at each step, after <see cref="Backward"/>.</summary>
    public Span<double> Marginals => _alpha.AsSpan(0, _steps * crf.Labels);

    /// <summary>[L x L]: the expected count of each transition on a path, after <see cref="Backward"/>.</summary>
    public Span<double> Transitions => _counts;

    /// <summary>Computes the log of the sum over the paths.</summary>
    /// <param name="emissions">[T x L].</param>
    /// <param name="labels">[T]: the label of each step, −1 for any label; empty for all paths.</param>
    public double Forward(ReadOnlySpan<double> emissions, ReadOnlySpan<int> labels)
    {
        _steps = emissions.Length / crf.Labels;
        FloatBuffer.Require(ref _alpha, emissions.Length);
        for (int t = 0; t < _steps; t++)
        {
            Span<double> alpha = Row(_alpha, t);
            if (t == 0)
                crf.Start.CopyTo(alpha);
            else
                crf.StepForward(Row(_alpha, t - 1), alpha, _scratch);
            TensorPrimitives.Add(alpha, Row(emissions, t), alpha);
            Restrict(alpha, labels, t);
        }
        TensorPrimitives.Add(Row(_alpha, _steps - 1), crf.End, _after);
        return _logPartition = Softmax.LogSumExp(_after, _after);
    }

    /// <summary>
    /// Computes <see cref="Marginals"/> and <see cref="Transitions"/>, after <see cref="Forward"/> with the same arguments.
    /// </summary>
    public void Backward(ReadOnlySpan<double> emissions, ReadOnlySpan<int> labels)
    {
        Array.Clear(_counts);
        crf.End.CopyTo(_beta);
        for (int t = _steps - 1; t >= 0; t--)
        {
            TensorPrimitives.Add(Row(emissions, t), _beta, _after);
            Restrict(_after, labels, t);
            Span<double> marginals = Row(_alpha, t);
            TensorPrimitives.Add(marginals, _beta, marginals);
            TensorPrimitives.Subtract(marginals, _logPartition, marginals);
            Softmax.Exp(marginals);
            if (t == 0)
                break;
            crf.AddTransitions(Row(_alpha, t - 1), _after, _logPartition, _counts, _scratch);
            crf.StepBackward(_after, _beta, _scratch);
        }
        crf.CompleteTransitions(_counts);
    }

    /// <summary>Removes the paths that do not go through the label of step <paramref name="t"/>, if it has one.</summary>
    private static void Restrict(Span<double> logs, ReadOnlySpan<int> labels, int t)
    {
        if (labels.IsEmpty || labels[t] < 0)
            return;
        double kept = logs[labels[t]];
        logs.Fill(double.NegativeInfinity);
        logs[labels[t]] = kept;
    }

    private Span<double> Row(double[] rows, int t) => rows.AsSpan(t * crf.Labels, crf.Labels);

    private ReadOnlySpan<double> Row(ReadOnlySpan<double> rows, int t) => rows.Slice(t * crf.Labels, crf.Labels);
}
