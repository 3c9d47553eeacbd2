using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Decoding;

/// <summary>Connectionist temporal classification against its definition over all alignments, and against PyTorch.</summary>
[TestClass]
public sealed class CtcTests
{
    // Frames, outputs.
    public static IEnumerable<object[]> SmallSizes =>
        from size in new[] { (1, 2), (1, 4), (2, 3), (3, 2), (4, 3), (5, 4), (6, 3), (8, 2) }
        from scale in new[] { 0, 2, 40.0, 900 }
        select new object[] { size.Item1, size.Item2, scale };

    [TestMethod]
    [DynamicData(nameof(SmallSizes))]
    public void TheProbabilityOfALabelIsTheSumOverItsAlignments(int frames, int outputs, double scale)
    {
        float[] z = Draw(frames * outputs, scale, seed: 1);
        var lattice = new CtcLattice(outputs);
        foreach ((string label, double log) in LogProbabilities(z, outputs))
        {
            int[] items = Parse(label);
            Assert.IsLessThanOrEqualTo(frames, CtcLattice.FramesOf(items));
            Assert.AreEqual(-log, lattice.Loss(z, items), 1e-6 * (1 + scale * frames), label);
            Assert.AreEqual(-log, lattice.LossAndGradient(z, items, 1, new float[z.Length]), 1e-6 * (1 + scale * frames), label);
        }
    }

    [TestMethod]
    [DynamicData(nameof(SmallSizes))]
    public void GradientsAreCentralDifferencesOfTheSum(int frames, int outputs, double scale)
    {
        const double step = 1e-4;
        float[] z = Draw(frames * outputs, scale, seed: 2);
        double[] wide = [.. z.Select(value => (double)value)];
        foreach (string label in LogProbabilities(z, outputs).Keys.Order(StringComparer.Ordinal).Where((_, i) => i % 3 == 0).Take(6))
        {
            float[] gradient = new float[z.Length];
            new CtcLattice(outputs).LossAndGradient(z, Parse(label), weight: 0.5, gradient);
            for (int i = 0; i < z.Length; i++)
            {
                double At(double offset)
                {
                    double kept = wide[i];
                    wide[i] += offset;
                    double log = LogProbability(wide, outputs, label);
                    wide[i] = kept;
                    return -log;
                }
                double expected = 0.5 * (At(step) - At(-step)) / (2 * step);
                Assert.AreEqual(expected, gradient[i], 1e-6 + 1e-9 * scale / step, $"'{label}', output {i}");
            }
        }
    }

    [TestMethod]
    public void LossesAndGradientsArePyTorchs()
    {
        foreach (GoldenCtcCase golden in GoldenCtcCase.All)
        {
            float[] z = [.. golden.Outputs.Select(value => (float)value)], gradient = new float[z.Length];
            double loss = new CtcLattice(golden.Size).LossAndGradient(z, golden.Label, 1, gradient);
            Assert.AreEqual(golden.Loss, loss, 1e-5 * Math.Max(1, golden.Loss), golden.Name);
            Assert.IsLessThan(1e-5, Difference.Absolute([.. gradient.Select(value => (double)value)], golden.Gradient), golden.Name);
        }
        Assert.IsGreaterThan(5, GoldenCtcCase.All.Length);
    }

    [TestMethod]
    [DataRow(300, 12, 20, 1.0)]
    [DataRow(2000, 40, 100, 3.0)]
    // Every frame is sure of another output: products would underflow.
    [DataRow(300, 12, 20, 400.0)]
    [DataRow(50, 5, 10, 1e5)]
    public void LongSequencesHaveTheLossOfTheRecursionInLogs(int frames, int outputs, int items, double scale)
    {
        var random = new Random(3);
        float[] z = Draw(frames * outputs, scale, seed: 3), gradient = new float[z.Length];
        int[] label = [.. Enumerable.Range(0, items).Select(_ => random.Next(outputs - 1))];
        var lattice = new CtcLattice(outputs);
        double loss = lattice.LossAndGradient(z, label, 1, gradient);
        double expected = ReferenceLoss([.. z.Select(value => (double)value)], outputs, label);
        Assert.AreEqual(expected, loss, 1e-9 * (1 + expected));
        Assert.AreEqual(loss, lattice.Loss(z, label));
        // The probabilities of each frame sum up to 1, and so do the shares of the alignments.
        for (int t = 0; t < frames; t++)
            Assert.AreEqual(0, gradient.Skip(t * outputs).Take(outputs).Sum(value => (double)value), 1e-5);
        for (int i = 0; i < 10; i++)
        {
            int at = random.Next(z.Length);
            double[] wide = [.. z.Select(value => (double)value)];
            wide[at] += 1e-3;
            double above = ReferenceLoss(wide, outputs, label);
            wide[at] -= 2e-3;
            double below = ReferenceLoss(wide, outputs, label);
            Assert.AreEqual((above - below) / 2e-3, gradient[at], 1e-5 + 1e-9 * scale);
        }
    }

    [TestMethod]
    public void ALabelWithoutAnAlignmentHasNoProbability()
    {
        var lattice = new CtcLattice(3);
        Assert.AreEqual(double.PositiveInfinity, lattice.Loss(new float[6], [0, 0]));
        Assert.AreEqual(3, CtcLattice.FramesOf([0, 0]));
        Assert.AreEqual(2, CtcLattice.FramesOf([0, 1]));
        Assert.AreEqual(0, CtcLattice.FramesOf([]));
        Assert.IsTrue(double.IsNaN(lattice.Loss([float.NaN, 0, 0, 0, 0, 0], [0])));
    }

    [TestMethod]
    [DynamicData(nameof(SmallSizes))]
    public void AWideBeamFindsTheMostProbableLabel(int frames, int outputs, double scale)
    {
        for (int seed = 0; seed < 10; seed++)
        {
            float[] z = Draw(frames * outputs, Math.Min(scale, 40) + 0.5, seed);
            Dictionary<string, double> all = LogProbabilities(z, outputs);
            string found = string.Join(' ', new CtcDecoder(outputs, beamSize: 10_000).Decode(z).ToArray());
            Assert.AreEqual(all.Values.Max(), all[found], 1e-9, $"seed {seed}: '{found}'");
        }
    }

    [TestMethod]
    public void ANarrowBeamFindsNoLessThanTheBestPathInTheMean()
    {
        var lattice = new CtcLattice(6);
        CtcDecoder path = new(6), beam = new(6, beamSize: 8);
        double ofPaths = 0, ofBeams = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            float[] z = Draw(20 * 6, 2, seed);
            ofPaths += lattice.Loss(z, path.Decode(z));
            ofBeams += lattice.Loss(z, beam.Decode(z));
        }
        Assert.IsLessThan(ofPaths, ofBeams);
    }

    [TestMethod]
    public void TheBestPathLeavesOutBlanksAndRepetitions()
    {
        int[] path = [1, 1, 0, 1, 2, 2, 0, 0, 2, 3];
        float[] z = new float[path.Length * 4];
        for (int t = 0; t < path.Length; t++)
            z[t * 4 + path[t]] = 1;
        CollectionAssert.AreEqual(new[] { 0, 0, 1, 1, 2 }, new CtcDecoder(4).Decode(z).ToArray());
        CollectionAssert.AreEqual(Array.Empty<int>(), new CtcDecoder(4).Decode(new float[8]).ToArray());
        CollectionAssert.AreEqual(Array.Empty<int>(), new CtcDecoder(4, 3).Decode([]).ToArray());
    }

    [TestMethod]
    public void DecodingAndDifferentiatingAllocateNothing()
    {
        float[] z = Draw(40 * 8, 2, seed: 1), gradient = new float[z.Length];
        var lattice = new CtcLattice(8);
        CtcDecoder path = new(8), beam = new(8, beamSize: 6);
        int[] label = [1, 2, 2, 5];
        for (int i = 0; i < 3; i++)
            Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());

        void Run()
        {
            lattice.LossAndGradient(z, label, 1, gradient);
            path.Decode(z);
            beam.Decode(z);
        }
    }

    private static float[] Draw(int count, double scale, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(scale * (2 * random.NextDouble() - 1)))];
    }

    private static int[] Parse(string label) => [.. label.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    private static double LogProbability(double[] z, int outputs, string label)
        => LogProbabilities([.. z], outputs).TryGetValue(label, out double log) ? log : double.NegativeInfinity;

    private static Dictionary<string, double> LogProbabilities(float[] z, int outputs)
        => LogProbabilities(Array.ConvertAll(z, value => (double)value), outputs);

    /// <summary>The logs of the probabilities of all labels, from each path of outputs.</summary>
    private static Dictionary<string, double> LogProbabilities(double[] z, int outputs)
    {
        int frames = z.Length / outputs;
        double[] logs = LogSoftmax(z, outputs);
        var sums = new Dictionary<string, double>();
        for (long path = 0; path < (long)Math.Pow(outputs, frames); path++)
        {
            double log = 0;
            var items = new List<int>();
            long rest = path;
            for (int t = 0, before = 0; t < frames; t++)
            {
                int output = (int)(rest % outputs);
                rest /= outputs;
                log += logs[t * outputs + output];
                if (output != 0 && output != before)
                    items.Add(output - 1);
                before = output;
            }
            string label = string.Join(' ', items);
            sums[label] = sums.TryGetValue(label, out double sum) ? LogAdd(sum, log) : log;
        }
        return sums;
    }

    /// <summary>The recursion of the paper over the label with blanks between, in logs.</summary>
    private static double ReferenceLoss(double[] z, int outputs, int[] label)
    {
        double[] logs = LogSoftmax(z, outputs);
        int[] states = [.. label.SelectMany(item => new[] { 0, item + 1 }), 0];
        double[] alpha = [.. states.Select((_, s) => s < 2 ? logs[states[s]] : double.NegativeInfinity)];
        for (int at = outputs; at < z.Length; at += outputs)
        {
            alpha = [.. states.Select((output, s) =>
            {
                double sum = alpha[s];
                if (s > 0)
                    sum = LogAdd(sum, alpha[s - 1]);
                if (s > 1 && output != 0 && output != states[s - 2])
                    sum = LogAdd(sum, alpha[s - 2]);
                return sum + logs[at + output];
            })];
        }
        return -LogAdd(alpha[^1], alpha[^2]);
    }

    private static double[] LogSoftmax(double[] z, int outputs)
        => [.. z.Chunk(outputs).SelectMany(frame =>
        {
            double largest = frame.Max(), log = largest + Math.Log(frame.Sum(value => Math.Exp(value - largest)));
            return frame.Select(value => value - log);
        })];

    private static double LogAdd(double a, double b)
        => double.IsNegativeInfinity(Math.Max(a, b)) ? a : Math.Max(a, b) + Math.Log(1 + Math.Exp(-Math.Abs(a - b)));
}
