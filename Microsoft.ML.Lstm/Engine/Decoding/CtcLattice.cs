using System.Numerics;
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

    // [L]: one where an item may follow the one before without a blank between, which the same item may not; else zero.
    private double[] _skips = [];

    // [T x S]: the sums over the beginnings of alignments, up to a frame and state.
    private double[] _alpha = [];
    private double[] _beta = [];
    private double[] _ahead = [];

    // [T + 1]: what the sums of each frame were divided by, and at last the sum over all alignments.
    private double[] _norms = [];

    // [T]: the largest emission of each frame that the label can use.
    private double[] _used = [];
    private double[] _logs = [];
    private readonly double[] _shares = new double[outputs];
    private readonly double[] _probabilities = new double[outputs];
    private int _frames;

    // ln of the products of _sums and of _used.
    private double _logSums;
    private double _logUsed;

    /// <summary>The semiring of the sums.</summary>
    private interface IArithmetic
    {
        static abstract double Zero { get; }

        static abstract double One { get; }

        static abstract double Add(double a, double b);

        static abstract void Add(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> destination);

        static abstract void Multiply(ReadOnlySpan<double> a, double b, Span<double> destination);

        static abstract void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> destination);

        /// <summary>Adds products to sums.</summary>
        static abstract void MultiplyAdd(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> sums);

        /// <summary>1 / a.</summary>
        static abstract double Inverse(double a);

        static abstract double Sum(ReadOnlySpan<double> values, Span<double> scratch);

        /// <summary>The log, as a number, of the product of values.</summary>
        static abstract double LogOfProduct(ReadOnlySpan<double> values, Span<double> scratch);

        /// <summary>Takes logs, none above 0.</summary>
        static abstract void FromLogs(Span<double> logs);

        /// <summary>Makes numbers of values, none above 1.</summary>
        static abstract void ToNumbers(Span<double> values);

        /// <summary>Divides by the sum, which it gives, where numbers would underflow; else gives one.</summary>
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
        double states = 2.0 * items + 1, all = _frames + states;
        // ln (T + S over S), by its entropy.
        double logAlignments = all * Math.Log(all) - states * Math.Log(states) - _frames * Math.Log(_frames);
        return logAlignments + loss - _logSums + _logUsed < LargestRatio;
    }

    private double Forward<T>(ReadOnlySpan<float> z, ReadOnlySpan<int> label)
        where T : struct, IArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        _frames = z.Length / outputs;
        FloatBuffer.Require(ref _alpha, (long)_frames * states);
        FloatBuffer.Require(ref _norms, _frames + 1L);
        FloatBuffer.Require(ref _used, _frames);
        FloatBuffer.Require(ref _logs, _frames + 1L);
        Emit<T>(z, label);
        ReadOnlySpan<double> skips = _skips.AsSpan(0, items);
        for (int t = 0; t < _frames; t++)
        {
            ReadOnlySpan<double> itemEmissions = _itemEmissions.AsSpan(t * items, items);
            Span<double> row = _alpha.AsSpan(t * states, states), own = row[blanks..];
            double blank = _emissions[t * outputs + Blank];
            if (t == 0)
            {
                // An alignment begins with the first blank or the first item.
                row.Fill(T.Zero);
                row[0] = blank;
                if (items > 0)
                    own[0] = itemEmissions[0];
                _used[t] = items > 0 ? Math.Max(blank, itemEmissions[0]) : blank;
            }
            else
            {
                ReadOnlySpan<double> before = _alpha.AsSpan((t - 1) * states, states);
                row[0] = before[0];
                T.Add(before[1..blanks], before[blanks..], row[1..blanks]);
                T.Multiply(row[..blanks], blank, row[..blanks]);
                T.Add(before[..items], before[blanks..], own);
                if (items > 1)
                    T.MultiplyAdd(skips[1..], before[blanks..^1], own[1..]);
                T.Multiply(own, itemEmissions, own);
                _used[t] = items > 0 ? Math.Max(blank, TensorPrimitives.Max<double>(itemEmissions)) : blank;
            }
            _norms[t] = T.Normalize(row);
        }
        ReadOnlySpan<double> last = _alpha.AsSpan((_frames - 1) * states, states), used = _used.AsSpan(0, _frames);
        _norms[_frames] = items == 0 ? last[0] : T.Add(last[items], last[^1]);
        _logSums = T.LogOfProduct(_sums.AsSpan(0, _frames), _logs);
        _logUsed = TensorPrimitives.Min<double>(used) >= LeastEmission ? T.LogOfProduct(used, _logs) : double.PositiveInfinity;
        return _logSums - T.LogOfProduct(_norms.AsSpan(0, _frames + 1), _logs);
    }

    /// <summary>The emissions of all frames, whose exponentials cost less at once than frame by frame.</summary>
    private void Emit<T>(ReadOnlySpan<float> z, ReadOnlySpan<int> label)
        where T : struct, IArithmetic
    {
        int items = label.Length;
        FloatBuffer.Require(ref _emissions, z.Length);
        FloatBuffer.Require(ref _sums, _frames);
        FloatBuffer.Require(ref _itemEmissions, (long)_frames * items);
        FloatBuffer.Require(ref _skips, items);
        Span<double> emissions = _emissions.AsSpan(0, z.Length);
        TensorPrimitives.ConvertSaturating<float, double>(z, emissions);
        for (int t = 0; t < _frames; t++)
        {
            Span<double> frame = emissions.Slice(t * outputs, outputs);
            TensorPrimitives.Subtract<double>(frame, TensorPrimitives.Max<double>(frame), frame);
        }
        T.FromLogs(emissions);
        for (int t = 0; t < _frames; t++)
        {
            ReadOnlySpan<double> frame = emissions.Slice(t * outputs, outputs);
            Span<double> itemEmissions = _itemEmissions.AsSpan(t * items, items);
            _sums[t] = T.Sum(frame, _probabilities);
            for (int i = 0; i < items; i++)
                itemEmissions[i] = frame[label[i] + 1];
        }
        for (int i = 0; i < items; i++)
            _skips[i] = i > 0 && label[i] != label[i - 1] ? T.One : T.Zero;
    }

    private void Backward<T>(ReadOnlySpan<int> label, double weight, Span<float> dz)
        where T : struct, IArithmetic
    {
        int items = label.Length, blanks = items + 1, states = items + blanks;
        FloatBuffer.Require(ref _beta, states);
        FloatBuffer.Require(ref _ahead, states);
        Span<double> beta = _beta.AsSpan(0, states), ahead = _ahead.AsSpan(0, states);
        ReadOnlySpan<double> skips = _skips.AsSpan(0, items);
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
                T.Multiply(beta[..blanks], _emissions[(t + 1) * outputs + Blank], ahead[..blanks]);
                T.Multiply(beta[blanks..], _itemEmissions.AsSpan((t + 1) * items, items), ahead[blanks..]);
                beta[items] = ahead[items];
                T.Add(ahead[..items], ahead[blanks..], beta[..items]);
                T.Add(ahead[blanks..], ahead[1..blanks], beta[blanks..]);
                if (items > 1)
                    T.MultiplyAdd(skips[1..], ahead[(blanks + 1)..], beta[blanks..^1]);
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
        // In place of the frame's sums, which nothing needs any more.
        Span<double> products = _alpha.AsSpan(t * states, states), shares = _shares, probabilities = _probabilities;
        T.Multiply(products, _beta.AsSpan(0, states), products);
        T.Multiply(products, T.Inverse(T.Sum(products, _ahead.AsSpan(0, states))), products);
        T.ToNumbers(products);
        shares.Clear();
        shares[Blank] = Total(products[..blanks]);
        for (int i = 0; i < items; i++)
            shares[label[i] + 1] += products[blanks + i];
        T.Multiply(_emissions.AsSpan(t * outputs, outputs), T.Inverse(_sums[t]), probabilities);
        T.ToNumbers(probabilities);
        TensorPrimitives.Subtract<double>(probabilities, shares, probabilities);
        TensorPrimitives.Multiply<double>(probabilities, weight, probabilities);
        TensorPrimitives.ConvertSaturating<double, float>(probabilities, dz);
    }

    // TensorPrimitives.Sum promises no order of adding, on which the last bits depend; AlignmentTests watches those sums that take it.
    private static double Total(ReadOnlySpan<double> values)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector<double>.Count; i += Vector<double>.Count)
            sums += new Vector<double>(values[i..]);
        double sum = Vector.Sum(sums);
        for (; i < values.Length; i++)
            sum += values[i];
        return sum;
    }

    /// <summary>Sums of products.</summary>
    private readonly struct Products : IArithmetic
    {
        public static double Zero => 0;

        public static double One => 1;

        public static double Add(double a, double b) => a + b;

        public static void Add(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> destination)
            => TensorPrimitives.Add<double>(a, b, destination);

        public static void Multiply(ReadOnlySpan<double> a, double b, Span<double> destination)
            => TensorPrimitives.Multiply<double>(a, b, destination);

        public static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> destination)
            => TensorPrimitives.Multiply<double>(a, b, destination);

        public static void MultiplyAdd(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> sums)
            => TensorPrimitives.MultiplyAdd<double>(a, b, sums, sums);

        public static double Inverse(double a) => 1 / a;

        public static double Sum(ReadOnlySpan<double> values, Span<double> scratch) => Total(values);

        public static double LogOfProduct(ReadOnlySpan<double> values, Span<double> scratch)
        {
            TensorPrimitives.Log<double>(values, scratch);
            return Total(scratch[..values.Length]);
        }

        public static void FromLogs(Span<double> logs) => Softmax.Exp(logs);

        public static void ToNumbers(Span<double> values)
        {
        }

        public static double Normalize(Span<double> sums)
        {
            double sum = Total(sums);
            TensorPrimitives.Multiply<double>(sums, 1 / sum, sums);
            return sum;
        }
    }

    /// <summary>The logs of such sums.</summary>
    private readonly struct Logs : IArithmetic
    {
        public static double Zero => double.NegativeInfinity;

        public static double One => 0;

        public static double Add(double a, double b) => Softmax.LogAdd(a, b);

        public static void Add(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> destination)
        {
            for (int i = 0; i < a.Length; i++)
                destination[i] = Softmax.LogAdd(a[i], b[i]);
        }

        public static void Multiply(ReadOnlySpan<double> a, double b, Span<double> destination)
            => TensorPrimitives.Add<double>(a, b, destination);

        public static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> destination)
            => TensorPrimitives.Add<double>(a, b, destination);

        public static void MultiplyAdd(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> sums)
        {
            for (int i = 0; i < a.Length; i++)
                sums[i] = Softmax.LogAdd(sums[i], a[i] + b[i]);
        }

        public static double Inverse(double a) => -a;

        public static double Sum(ReadOnlySpan<double> values, Span<double> scratch) => Softmax.LogSumExp(values, scratch);

        public static double LogOfProduct(ReadOnlySpan<double> values, Span<double> scratch) => Total(values);

        public static void FromLogs(Span<double> logs)
        {
        }

        public static void ToNumbers(Span<double> values) => Softmax.Exp(values);

        public static double Normalize(Span<double> sums) => One;
    }
}
