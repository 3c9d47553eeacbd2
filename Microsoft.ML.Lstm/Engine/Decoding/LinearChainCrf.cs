using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// A linear-chain conditional random field (Lafferty, McCallum and Pereira 2001) over L labels, its parameters packed and ready to run. A
/// path of labels y scores start[y₀] + Σ transitions[yₜ₋₁, yₜ] + Σ emissions[t, yₜ] + end[y_T₋₁], and its probability is
/// the softmax of its score over all paths. Any number of <see cref="CrfRunner"/>s may run the same field at once, as long as nobody calls
/// <see cref="Pack"/> meanwhile.
/// </summary>
/// <remarks>
/// Sums over paths are kept as logs, in double. A step multiplies exp(x), where x is a vector of such logs, by the matrix exp(transitions),
/// which <see cref="Pack"/> computes: after subtracting the largest of x this takes L exponentials and a plain matrix-vector product. Terms
/// below e^−708 of the largest underflow, and every sum is at least e^−R of the largest, where R is the range of the transitions; so up
/// to an R of <see cref="WidestRange"/> the error is negligible, whatever the emissions are. A wider range, with forbidden transitions for
/// instance, takes L² exponentials a step.
/// </remarks>
internal sealed class LinearChainCrf(int labels)
{
    // Leaves a margin of e^208 to the terms that underflow.
    private const double WidestRange = 500;

    private readonly double[] _start = new double[labels];
    private readonly double[] _end = new double[labels];

    // Row i of the outgoing transitions: from label i to each label; row j of the incoming: to label j from each label.
    private readonly double[] _outgoing = new double[labels * labels];
    private readonly double[] _incoming = new double[labels * labels];
    private readonly double[] _expOutgoing = new double[labels * labels];
    private readonly double[] _expIncoming = new double[labels * labels];
    private bool _isNarrow;

    /// <summary>L.</summary>
    public int Labels => labels;

    /// <summary>[L]: the score of starting with each label.</summary>
    public ReadOnlySpan<double> Start => _start;

    /// <summary>[L]: the score of ending with each label.</summary>
    public ReadOnlySpan<double> End => _end;

    /// <summary>[L]: the scores of the transitions to label <paramref name="to"/> from each label.</summary>
    public ReadOnlySpan<double> Incoming(int to) => _incoming.AsSpan(to * labels, labels);

    /// <summary>Packs the present values of the parameters; call it whenever they have changed.</summary>
    /// <param name="transitions">[L x L]: element i·L + j is the score of the transition from label i to label j.</param>
    /// <param name="start">[L].</param>
    /// <param name="end">[L].</param>
    public void Pack(ReadOnlySpan<float> transitions, ReadOnlySpan<float> start, ReadOnlySpan<float> end)
    {
        Normalize(transitions, _outgoing);
        Normalize(start, _start);
        Normalize(end, _end);
        for (int i = 0; i < labels; i++)
        {
            for (int j = 0; j < labels; j++)
                _incoming[j * labels + i] = _outgoing[i * labels + j];
        }
        TensorPrimitives.Exp(_outgoing, _expOutgoing);
        TensorPrimitives.Exp(_incoming, _expIncoming);
        _isNarrow = TensorPrimitives.Min<double>(_outgoing) >= -WidestRange;
    }

    /// <summary>
    /// Converts scores to double and shifts them so that the largest is 0. Every path takes the same number of scores, so the probabilities
    /// of paths stay the same.
    /// </summary>
    public static void Normalize(ReadOnlySpan<float> scores, Span<double> destination)
    {
        TensorPrimitives.ConvertSaturating(scores, destination);
        TensorPrimitives.Subtract(destination, TensorPrimitives.Max<double>(destination), destination);
        // −0 to 0, since IndexOfMax tells them apart.
        TensorPrimitives.Add(destination, 0.0, destination);
    }

    /// <summary>result[j] = log Σᵢ exp(x[i] + transitions[i, j]).</summary>
    public void StepForward(ReadOnlySpan<double> x, Span<double> result, Span<double> scratch)
        => Multiply(_incoming, _expIncoming, x, result, scratch);

    /// <summary>result[i] = log Σⱼ exp(transitions[i, j] + x[j]).</summary>
    public void StepBackward(ReadOnlySpan<double> x, Span<double> result, Span<double> scratch)
        => Multiply(_outgoing, _expOutgoing, x, result, scratch);

    /// <summary>
    /// Adds exp(before[i] + transitions[i, j] + after[j] − logPartition), the probability of the transition from i to j at one step, to
    /// element i·L + j of <paramref name="counts"/>, up to a factor that <see cref="CompleteTransitions"/> multiplies by.
    /// </summary>
    /// <param name="before">Log of the sum over the paths up to the step before.</param>
    /// <param name="after">Log of the sum over the paths from this step on.</param>
    /// <param name="logPartition">Log of the sum over all paths.</param>
    /// <param name="counts">[L x L].</param>
    /// <param name="scratch">[2·L].</param>
    public void AddTransitions(
        ReadOnlySpan<double> before, ReadOnlySpan<double> after, double logPartition, Span<double> counts, Span<double> scratch)
    {
        Span<double> from = scratch[..labels], to = scratch.Slice(labels, labels);
        if (!_isNarrow)
        {
            for (int i = 0; i < labels; i++)
            {
                TensorPrimitives.Add(_outgoing.AsSpan(i * labels, labels), after, to);
                TensorPrimitives.Add(to, before[i] - logPartition, to);
                Softmax.Exp(to);
                Span<double> row = counts.Slice(i * labels, labels);
                TensorPrimitives.Add(row, to, row);
            }
            return;
        }
        // exp(transitions) is at least e^−R and a probability at most 1, so no product here exceeds e^R.
        double largest = TensorPrimitives.Max(before);
        TensorPrimitives.Subtract(before, largest, from);
        Softmax.Exp(from);
        TensorPrimitives.Add(after, largest - logPartition, to);
        Softmax.Exp(to);
        for (int i = 0; i < labels; i++)
        {
            Span<double> row = counts.Slice(i * labels, labels);
            TensorPrimitives.MultiplyAdd(to, from[i], row, row);
        }
    }

    /// <summary>Turns the sums of <see cref="AddTransitions"/> into the expected counts of transitions.</summary>
    public void CompleteTransitions(Span<double> counts)
    {
        if (_isNarrow)
            TensorPrimitives.Multiply(counts, _expOutgoing, counts);
    }

    private void Multiply(double[] rows, double[] expRows, ReadOnlySpan<double> x, Span<double> result, Span<double> scratch)
    {
        scratch = scratch[..labels];
        if (!_isNarrow)
        {
            for (int i = 0; i < labels; i++)
            {
                TensorPrimitives.Add(x, rows.AsSpan(i * labels, labels), scratch);
                result[i] = Softmax.LogSumExp(scratch, scratch);
            }
            return;
        }
        double largest = TensorPrimitives.Max(x);
        TensorPrimitives.Subtract(x, largest, scratch);
        Softmax.Exp(scratch);
        for (int i = 0; i < labels; i++)
            result[i] = TensorPrimitives.Dot(expRows.AsSpan(i * labels, labels), scratch);
        TensorPrimitives.Log<double>(result, result);
        TensorPrimitives.Add(result, largest, result);
    }
}
