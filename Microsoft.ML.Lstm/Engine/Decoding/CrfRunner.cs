using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Runs a <see cref="LinearChainCrf"/> over one sequence after the other: losses and their gradients, the best path, the probability of
/// each label. It owns the buffers and reuses them; it serves one caller at a time.
/// </summary>
/// <remarks>
/// A sequence is given by its emissions [T x L], T at least 1, and labels [T] from 0 to L − 1, or −1 for an unknown label. NaN or
/// positive infinity among the emissions, or a step without a finite emission, makes the loss NaN.
/// </remarks>
internal sealed class CrfRunner(LinearChainCrf crf)
{
    private readonly CrfLattice _allPaths = new(crf);
    private readonly CrfLattice _labelledPaths = new(crf);
    private readonly double[] _best = new double[crf.Labels];
    private readonly double[] _candidates = new double[crf.Labels];
    private double[] _emissions = [];
    private int[] _bestBefore = [];

    private int L => crf.Labels;

    /// <summary>−log of the probability of all paths through the known labels: 0 if none is known.</summary>
    public double Loss(ReadOnlySpan<float> emissions, ReadOnlySpan<int> labels)
    {
        ReadOnlySpan<double> scores = Normalize(emissions);
        return _allPaths.Forward(scores, []) - (labels.Contains(-1) ? _labelledPaths.Forward(scores, labels) : Score(scores, labels));
    }

    /// <summary>
    /// Computes <see cref="Loss"/> and its gradients times <paramref name="weight"/>: the expected counts over all paths less those over
    /// the paths through the known labels.
    /// </summary>
    /// <param name="emissions">[T x L].</param>
    /// <param name="labels">[T].</param>
    /// <param name="weight">The weight of this loss in the loss of the batch.</param>
    /// <param name="dEmissions">[T x L], which is overwritten.</param>
    /// <param name="dTransitions">[L x L], which is added to.</param>
    /// <param name="dStart">[L], which is added to.</param>
    /// <param name="dEnd">[L], which is added to.</param>
    public double LossAndGradients(ReadOnlySpan<float> emissions, ReadOnlySpan<int> labels, double weight,
        Span<float> dEmissions, Span<float> dTransitions, Span<float> dStart, Span<float> dEnd)
    {
        double loss = Loss(emissions, labels);
        ReadOnlySpan<double> scores = _emissions.AsSpan(0, emissions.Length);
        _allPaths.Backward(scores, []);
        Span<double> marginals = _allPaths.Marginals, transitions = _allPaths.Transitions;
        if (labels.Contains(-1))
        {
            _labelledPaths.Backward(scores, labels);
            TensorPrimitives.Subtract(marginals, _labelledPaths.Marginals, marginals);
            TensorPrimitives.Subtract(transitions, _labelledPaths.Transitions, transitions);
        }
        else
        {
            for (int t = 0; t < labels.Length; t++)
            {
                marginals[t * L + labels[t]]--;
                if (t > 0)
                    transitions[labels[t - 1] * L + labels[t]]--;
            }
        }
        // In double up to here, so that differences of probabilities near 1 keep their digits.
        TensorPrimitives.Multiply(marginals, weight, marginals);
        TensorPrimitives.Multiply(transitions, weight, transitions);
        TensorPrimitives.ConvertSaturating<double, float>(marginals, dEmissions);
        AddTo(dStart, marginals[..L]);
        AddTo(dEnd, marginals[^L..]);
        AddTo(dTransitions, transitions);
        return loss;
    }

    /// <summary>
    /// Finds the path of the highest score (Viterbi 1967). Among paths of equal score it is the one with the lowest last label, then the
    /// lowest label before it, and so on.
    /// </summary>
    /// <param name="emissions">[T x L].</param>
    /// <param name="path">[T].</param>
    public void Decode(ReadOnlySpan<float> emissions, Span<int> path)
    {
        ReadOnlySpan<double> scores = Normalize(emissions);
        FloatBuffer.Require(ref _bestBefore, scores.Length);
        TensorPrimitives.Add(crf.Start, scores[..L], _best);
        for (int t = 1; t < path.Length; t++)
        {
            Span<int> bestBefore = _bestBefore.AsSpan(t * L, L);
            // The scores up to this step replace its emissions.
            Span<double> best = _emissions.AsSpan(t * L, L);
            for (int j = 0; j < L; j++)
            {
                TensorPrimitives.Add(_best, crf.Incoming(j), _candidates);
                bestBefore[j] = TensorPrimitives.IndexOfMax<double>(_candidates);
                best[j] += _candidates[bestBefore[j]];
            }
            best.CopyTo(_best);
        }
        TensorPrimitives.Add(_best, crf.End, _best);
        path[^1] = TensorPrimitives.IndexOfMax<double>(_best);
        for (int t = path.Length - 1; t > 0; t--)
            path[t - 1] = _bestBefore[t * L + path[t]];
    }

    /// <summary>Computes the probability of each label at each step, over all paths.</summary>
    /// <param name="emissions">[T x L].</param>
    /// <param name="probabilities">[T x L].</param>
    public void Marginals(ReadOnlySpan<float> emissions, Span<float> probabilities)
    {
        ReadOnlySpan<double> scores = Normalize(emissions);
        _allPaths.Forward(scores, []);
        _allPaths.Backward(scores, []);
        TensorPrimitives.ConvertSaturating<double, float>(_allPaths.Marginals, probabilities);
    }

    private ReadOnlySpan<double> Normalize(ReadOnlySpan<float> emissions)
    {
        FloatBuffer.Require(ref _emissions, emissions.Length);
        for (int i = 0; i < emissions.Length; i += L)
            LinearChainCrf.Normalize(emissions.Slice(i, L), _emissions.AsSpan(i, L));
        return _emissions.AsSpan(0, emissions.Length);
    }

    private double Score(ReadOnlySpan<double> scores, ReadOnlySpan<int> path)
    {
        double score = crf.Start[path[0]] + crf.End[path[^1]];
        for (int t = 0; t < path.Length; t++)
        {
            score += scores[t * L + path[t]];
            if (t > 0)
                score += crf.Incoming(path[t])[path[t - 1]];
        }
        return score;
    }

    private static void AddTo(Span<float> gradient, ReadOnlySpan<double> terms)
    {
        for (int i = 0; i < gradient.Length; i++)
            gradient[i] += (float)terms[i];
    }
}
