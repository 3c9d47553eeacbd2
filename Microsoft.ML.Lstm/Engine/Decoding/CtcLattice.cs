using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// The alignments of a label with the frames of a sequence: connectionist temporal classification (Graves, Fernández, Gomez and
/// Schmidhuber 2006). An alignment gives each frame an output, the blank or an item of the label; outputs that follow each other and are
/// the same are one, and then blanks are left out. The probability of a label is the sum of those of its alignments, by the
/// forward-backward algorithm.
/// </summary>
/// <remarks>
/// The states of a frame are L + 1 blanks, before, between and behind the items, and then the L items. The sums are made of products, each
/// frame's divided by their sum; and of logs, at many times the cost, where what underflows could matter. Relative to the largest emissions
/// that the label can use, the products of all A alignments sum up to p; a product below 2e−308 of its frame's sum is lost, so at most a
/// share of T·S·2e−308·A/p of the result, with S states and A at most (T + S over S).
/// </remarks>
/// <param name="outputs">O: the blank, and an output for each item that a label may have.</param>
internal sealed class CtcLattice(int outputs)
{
    /// <summary>The output that stands for no item; output k + 1 is item k.</summary>
    public const int Blank = 0;

    // How large ln(A/p) may be for products: leaves a margin of e^40 and room for the smallest emissions.
    private const double LargestRatio = 560;
    private const double LeastEmission = 1e-30;

    // [T x O]: the probabilities of the outputs of a frame, or their logs, up to the factor that _sums has.
    private double[] _emissions = [];
    private double[] _sums = [];

    // [T x L]: the emissions of the label's items, side by side so that a frame's sums are those of vectors.
    private double[] _itemEmissions = [];

    // [L + 1]: one where an item may follow the one before without a blank between, which the same item may not; else zero.
    private double[] _skips = [];

    // [T x S]: the sums over the beginnings of alignments, up to a frame and state, that _norms of the frame still divides.
    private double[] _alpha = [];
    private double[] _beta = [];
    private double[] _ahead = [];

    // [T + 1]: what divides the sums of each frame, and at last the sum over all alignments.
    private double[] _norms = [];

    // [T]: the largest emission of each frame that the label can use.
    private double[] _used = [];
    private double[] _logs = [];
    private readonly double[] _scratch = new double[outputs];
    private int _frames;

    // ln of the products of _sums and of _used.
    private double _logSums;
    private double _logUsed;

    /// <summary>Frames that a label takes at least: one for each item, and one between two neighbours that are the same.</summary>
    public static int FramesOf(ReadOnlySpan<int> label)
    {
        int frames = label.Length;
        for (int i = 1; i < label.Length; i++)
            frames += label[i] == label[i - 1] ? 1 : 0;
        return frames;
    }

    /// <summary>−ln p of a label; +∞ where it has no alignment.</summary>
    /// <param name="z">The outputs of the frames, [T x O], T at least 1; the softmax of a frame's are the probabilities of its
    /// outputs.</param>
    /// <param name="label">The items, each from 0 to O − 2.</param>
    public double Loss(ReadOnlySpan<float> z, ReadOnlySpan<int> label)
    {
        if (FramesOf(label) > z.Length / outputs)
            return double.PositiveInfinity;
        double loss = Forward<CtcProducts>(z, label);
        return AreProductsSafe(loss, label.Length) ? loss : Forward<CtcLogs>(z, label);
    }

    /// <summary>Computes <see cref="Loss"/> and its gradient times <paramref name="weight"/>.</summary>
    /// <param name="z">[T x O].</param>
    /// <param name="label">The items of a label that has an alignment.</param>
    /// <param name="weight">The weight of this loss in the loss of the batch.</param>
    /// <param name="dz">[T x O], which is overwritten.</param>
    public double LossAndGradient(ReadOnlySpan<float> z, ReadOnlySpan<int> label, double weight, Span<float> dz)
    {
        double loss = Forward<CtcProducts>(z, label);
        if (AreProductsSafe(loss, label.Length))
        {
            Backward<CtcProducts>(label, weight, dz);
            return loss;
        }
        loss = Forward<CtcLogs>(z, label);
        Backward<CtcLogs>(label, weight, dz);
        return loss;
    }

    private bool AreProductsSafe(double loss, int items)
    {
        double states = 2.0 * items + 1, all = _frames + states;
        // ln (T + S over S), by its entropy.
        double logAlignments = all * Math.Log(all) - states * Math.Log(states) - _frames * Math.Log(_frames);
        return logAlignments + loss - _logSums + _logUsed < LargestRatio;
    }

    private double Forward<T>(ReadOnlySpan<float> z, ReadOnlySpan<int> label)
        where T : struct, ICtcArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        _frames = z.Length / outputs;
        FloatBuffer.Require(ref _alpha, (long)_frames * states);
        FloatBuffer.Require(ref _norms, _frames + 1L);
        FloatBuffer.Require(ref _used, _frames);
        FloatBuffer.Require(ref _logs, _frames + 1L);
        Emit<T>(z, label);
        // An alignment begins with the first blank or the first item.
        Span<double> row = _alpha.AsSpan(0, states);
        row.Fill(T.Zero);
        row[0] = _used[0] = _emissions[Blank];
        if (items > 0)
        {
            row[blanks] = _itemEmissions[0];
            _used[0] = Math.Max(row[0], row[blanks]);
        }
        _norms[0] = T.Norm(items > 0 ? row[0] + row[blanks] : row[0]);
        ReadOnlySpan<double> skips = _skips.AsSpan(0, items);
        for (int t = 1; t < _frames; t++)
        {
            ReadOnlySpan<double> before = row;
            row = _alpha.AsSpan(t * states, states);
            (_norms[t], _used[t]) = T.Forward(before, _norms[t - 1], _emissions[t * outputs + Blank],
                _itemEmissions.AsSpan(t * items, items), skips, row);
        }
        _norms[_frames] = T.Divide(items == 0 ? row[0] : T.Add(row[items], row[^1]), _norms[_frames - 1]);
        ReadOnlySpan<double> used = _used.AsSpan(0, _frames);
        _logSums = T.LogOfProduct(_sums.AsSpan(0, _frames), _logs);
        _logUsed = TensorPrimitives.Min<double>(used) >= LeastEmission ? T.LogOfProduct(used, _logs) : double.PositiveInfinity;
        return _logSums - T.LogOfProduct(_norms.AsSpan(0, _frames + 1), _logs);
    }

    /// <summary>The emissions of all frames, whose exponentials cost less at once than frame by frame.</summary>
    private void Emit<T>(ReadOnlySpan<float> z, ReadOnlySpan<int> label)
        where T : struct, ICtcArithmetic
    {
        int items = label.Length;
        FloatBuffer.Require(ref _emissions, z.Length);
        FloatBuffer.Require(ref _sums, _frames);
        FloatBuffer.Require(ref _itemEmissions, (long)_frames * items);
        FloatBuffer.Require(ref _skips, items + 1L);
        Span<double> emissions = _emissions.AsSpan(0, z.Length);
        TensorPrimitives.ConvertSaturating<float, double>(z, emissions);
        for (int t = 0; t < _frames; t++)
        {
            Span<double> frame = emissions.Slice(t * outputs, outputs);
            TensorPrimitives.Subtract<double>(frame, TensorPrimitives.Max(z.Slice(t * outputs, outputs)), frame);
        }
        T.FromLogs(emissions);
        for (int t = 0; t < _frames; t++)
        {
            ReadOnlySpan<double> frame = emissions.Slice(t * outputs, outputs);
            Span<double> itemEmissions = _itemEmissions.AsSpan(t * items, items);
            _sums[t] = T.Sum(frame, _scratch);
            for (int i = 0; i < itemEmissions.Length; i++)
                itemEmissions[i] = frame[label[i] + 1];
        }
        for (int i = 0; i < items; i++)
            _skips[i] = i > 0 && label[i] != label[i - 1] ? T.One : T.Zero;
        _skips[items] = T.Zero;
    }

    private void Backward<T>(ReadOnlySpan<int> label, double weight, Span<float> dz)
        where T : struct, ICtcArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        FloatBuffer.Require(ref _beta, states);
        FloatBuffer.Require(ref _ahead, states + 1L);
        Span<double> beta = _beta.AsSpan(0, states), ahead = _ahead.AsSpan(0, states + 1);
        ReadOnlySpan<double> skips = _skips.AsSpan(0, items + 1);
        double norm = T.One, blankAhead = T.One;
        for (int t = _frames - 1; t >= 0; t--)
        {
            if (t == _frames - 1)
            {
                beta.Fill(T.Zero);
                beta[items] = T.One;
                if (items > 0)
                    beta[^1] = T.One;
            }
            else
            {
                norm = T.Backward(beta, norm, blankAhead, _itemEmissions.AsSpan((t + 1) * items, items), skips, ahead);
            }
            // In place of the frame's sums, which nothing needs any more.
            Span<double> shares = _alpha.AsSpan(t * states, states), gradient = _emissions.AsSpan(t * outputs, outputs);
            (double ofBlanks, double sum) = T.Share(shares, _norms[t], beta, norm, ahead);
            blankAhead = gradient[Blank];
            // The gradient of a frame's outputs, in place of its emissions: their probabilities less their shares of the alignments.
            T.ToNumbers(gradient, _sums[t], weight);
            double factor = weight / sum;
            gradient[Blank] -= factor * ofBlanks;
            ReadOnlySpan<double> ofItems = shares[blanks..];
            for (int i = 0; i < ofItems.Length; i++)
                gradient[label[i] + 1] -= factor * ofItems[i];
        }
        TensorPrimitives.ConvertSaturating<double, float>(_emissions.AsSpan(0, dz.Length), dz);
    }
}
