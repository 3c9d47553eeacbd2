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
/// frame's divided by their sum; and of logs, at ten times the cost, where what underflows could matter. Relative to the largest emissions
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

    // [T x S]: the sums over the beginnings of alignments, up to a frame and state.
    private double[] _alpha = [];
    private double[] _beta = [];
    private double[] _ahead = [];
    private readonly double[] _scratch = new double[outputs];
    private int _frames;

    // ln of the product of the largest emission of each frame that the label can use.
    private double _logUsed;

    /// <summary>The semiring of the sums.</summary>
    private interface IArithmetic
    {
        static abstract double Zero { get; }

        static abstract double One { get; }

        static abstract double Add(double a, double b);

        static abstract double Multiply(double a, double b);

        /// <summary>a / total, as a number.</summary>
        static abstract double Share(double a, double total);

        static abstract double ToLog(double a);

        /// <summary>Takes logs of emissions and gives their sum.</summary>
        static abstract double Begin(Span<double> logs, Span<double> scratch);

        /// <summary>Divides by the sum, whose log it gives, where numbers would underflow.</summary>
        static abstract double Normalize(Span<double> sums);
    }

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
        double loss = Forward<Products>(z, label);
        return AreProductsSafe(loss, label.Length) ? loss : Forward<Logs>(z, label);
    }

    /// <summary>Computes <see cref="Loss"/> and its gradient times <paramref name="weight"/>.</summary>
    /// <param name="z">[T x O].</param>
    /// <param name="label">The items of a label that has an alignment.</param>
    /// <param name="weight">The weight of this loss in the loss of the batch.</param>
    /// <param name="dz">[T x O], which is overwritten.</param>
    public double LossAndGradient(ReadOnlySpan<float> z, ReadOnlySpan<int> label, double weight, Span<float> dz)
    {
        double loss = Forward<Products>(z, label);
        if (AreProductsSafe(loss, label.Length))
        {
            Backward<Products>(label, weight, dz);
            return loss;
        }
        loss = Forward<Logs>(z, label);
        Backward<Logs>(label, weight, dz);
        return loss;
    }

    private bool AreProductsSafe(double loss, int items)
    {
        double states = 2.0 * items + 1, all = _frames + states, logSums = 0;
        for (int t = 0; t < _frames; t++)
            logSums += Math.Log(_sums[t]);
        // ln (T + S over S), by its entropy.
        double logAlignments = all * Math.Log(all) - states * Math.Log(states) - _frames * Math.Log(_frames);
        return logAlignments + loss - logSums + _logUsed < LargestRatio;
    }

    private double Forward<T>(ReadOnlySpan<float> z, ReadOnlySpan<int> label)
        where T : struct, IArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        _frames = z.Length / outputs;
        FloatBuffer.Require(ref _emissions, z.Length);
        FloatBuffer.Require(ref _sums, _frames);
        FloatBuffer.Require(ref _alpha, (long)_frames * states);
        _logUsed = 0;
        double log = 0;
        for (int t = 0; t < _frames; t++)
        {
            Span<double> emissions = _emissions.AsSpan(t * outputs, outputs), row = _alpha.AsSpan(t * states, states);
            LinearChainCrf.Normalize(z.Slice(t * outputs, outputs), emissions);
            _sums[t] = T.Begin(emissions, _scratch);
            double blank = emissions[Blank], used = blank;
            if (t == 0)
            {
                row.Fill(T.Zero);
                row[0] = blank;
                if (items > 0)
                    used = Math.Max(used, row[blanks] = emissions[label[0] + 1]);
            }
            else
            {
                ReadOnlySpan<double> before = _alpha.AsSpan((t - 1) * states, states);
                row[0] = T.Multiply(before[0], blank);
                for (int i = 0; i < items; i++)
                {
                    double emission = emissions[label[i] + 1], sum = T.Add(before[i], before[blanks + i]);
                    row[i + 1] = T.Multiply(T.Add(before[i + 1], before[blanks + i]), blank);
                    if (i > 0 && label[i] != label[i - 1])
                        sum = T.Add(sum, before[blanks + i - 1]);
                    row[blanks + i] = T.Multiply(sum, emission);
                    used = Math.Max(used, emission);
                }
            }
            _logUsed += used >= LeastEmission ? T.ToLog(used) : double.PositiveInfinity;
            log += T.Normalize(row) - T.ToLog(_sums[t]);
        }
        ReadOnlySpan<double> last = _alpha.AsSpan((_frames - 1) * states, states);
        double end = items == 0 ? last[0] : T.Add(last[items], last[^1]);
        return -log - T.ToLog(end);
    }

    private void Backward<T>(ReadOnlySpan<int> label, double weight, Span<float> dz)
        where T : struct, IArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        FloatBuffer.Require(ref _beta, states);
        FloatBuffer.Require(ref _ahead, states);
        Span<double> beta = _beta.AsSpan(0, states), ahead = _ahead.AsSpan(0, states);
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
                ReadOnlySpan<double> next = _emissions.AsSpan((t + 1) * outputs, outputs);
                for (int i = 0; i < blanks; i++)
                    ahead[i] = T.Multiply(beta[i], next[Blank]);
                for (int i = 0; i < items; i++)
                    ahead[blanks + i] = T.Multiply(beta[blanks + i], next[label[i] + 1]);
                beta[items] = ahead[items];
                for (int i = 0; i < items; i++)
                {
                    double sum = T.Add(ahead[blanks + i], ahead[i + 1]);
                    if (i + 1 < items && label[i] != label[i + 1])
                        sum = T.Add(sum, ahead[blanks + i + 1]);
                    beta[blanks + i] = sum;
                    beta[i] = T.Add(ahead[i], ahead[blanks + i]);
                }
                T.Normalize(beta);
            }
            AddGradient<T>(t, label, weight, dz.Slice(t * outputs, outputs));
        }
    }

    /// <summary>The gradient of a frame's outputs: their probabilities less their shares of the alignments.</summary>
    private void AddGradient<T>(int t, ReadOnlySpan<int> label, double weight, Span<float> dz)
        where T : struct, IArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        ReadOnlySpan<double> emissions = _emissions.AsSpan(t * outputs, outputs), alpha = _alpha.AsSpan(t * states, states);
        Span<double> products = _ahead.AsSpan(0, states), shares = _scratch;
        double blank = T.Zero, total = T.Zero;
        for (int i = 0; i < blanks; i++)
            blank = T.Add(blank, T.Multiply(alpha[i], _beta[i]));
        for (int i = blanks; i < states; i++)
            total = T.Add(total, products[i] = T.Multiply(alpha[i], _beta[i]));
        total = T.Add(total, blank);
        shares.Clear();
        shares[Blank] = T.Share(blank, total);
        for (int i = 0; i < items; i++)
            shares[label[i] + 1] += T.Share(products[blanks + i], total);
        for (int k = 0; k < outputs; k++)
            dz[k] = (float)(weight * (T.Share(emissions[k], _sums[t]) - shares[k]));
    }

    /// <summary>Sums of products.</summary>
    private readonly struct Products : IArithmetic
    {
        public static double Zero => 0;

        public static double One => 1;

        public static double Add(double a, double b) => a + b;

        public static double Multiply(double a, double b) => a * b;

        public static double Share(double a, double total) => a / total;

        public static double ToLog(double a) => Math.Log(a);

        public static double Begin(Span<double> logs, Span<double> scratch)
        {
            Softmax.Exp(logs);
            return TensorPrimitives.Sum<double>(logs);
        }

        public static double Normalize(Span<double> sums)
        {
            double sum = TensorPrimitives.Sum<double>(sums);
            TensorPrimitives.Multiply(sums, 1 / sum, sums);
            return Math.Log(sum);
        }
    }

    /// <summary>The logs of such sums.</summary>
    private readonly struct Logs : IArithmetic
    {
        public static double Zero => double.NegativeInfinity;

        public static double One => 0;

        public static double Add(double a, double b) => Softmax.LogAdd(a, b);

        public static double Multiply(double a, double b) => a + b;

        public static double Share(double a, double total) => Math.Exp(a - total);

        public static double ToLog(double a) => a;

        public static double Begin(Span<double> logs, Span<double> scratch) => Softmax.LogSumExp(logs, scratch);

        public static double Normalize(Span<double> sums) => 0;
    }
}
