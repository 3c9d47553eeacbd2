using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>
/// Where in memory numbers lie does not change a bit of their sums, which is up to System.Numerics.Tensors too: a run is the same as the
/// one before.
/// </summary>
[TestClass]
public sealed class AlignmentTests
{
    private const int Bytes = 64;

    public static IEnumerable<object[]> Lengths
        => new[] { 7, 16, 31, 40, 65, 100, 129, 200, 257, 1000 }.Select(length => new object[] { length });

    [TestMethod]
    [DynamicData(nameof(Lengths))]
    public void SumsOfFloatsAreTheSameAtEachAddress(int length)
    {
        float[] values = [.. Draw(2 * length).Select(value => (float)value)];
        Check(values, all => TensorPrimitives.Sum<float>(all));
        Check(values, all => TensorPrimitives.SumOfSquares<float>(all));
        Check(values, all => TensorPrimitives.Dot<float>(all[..length], all[length..]));
        Check(values, all => TensorPrimitives.Dot<float>(all[..length], values.AsSpan(length)));
        Check(values, all => TensorPrimitives.Dot<float>(values.AsSpan(length), all[..length]));
        Check(values, all =>
        {
            float[] probabilities = new float[all.Length];
            Softmax.Probabilities(all, probabilities);
            return probabilities.Sum(probability => (double)probability);
        });
        Check(values, all =>
        {
            Softmax.InPlace(all);
            return all[length / 2];
        });
        foreach (CpuKernels kernels in CpuKernels.Available)
            Check(values, all => kernels.Exponentials(all, 1));
    }

    [TestMethod]
    [DynamicData(nameof(Lengths))]
    public void SumsOfDoublesAreTheSameAtEachAddress(int length)
    {
        double[] values = Draw(2 * length);
        Check(values, all => TensorPrimitives.Sum<double>(all));
        Check(values, all => TensorPrimitives.SumOfSquares<double>(all));
        Check(values, all => TensorPrimitives.Dot<double>(all[..length], all[length..]));
        Check(values, all => Softmax.LogSumExp(all, all));
        // That a sum may differ at all: in another order it does.
        Assert.IsTrue(length < 1000 || values.Sum() != values.OrderDescending().Sum());
    }

    [TestMethod]
    [DataRow(3, 20)]
    [DataRow(37, 150)]
    [DataRow(90, 12)]
    public void LabelsHaveTheSameLossAndGradientAtEachAddress(int labels, int steps)
    {
        float[] outputs = [.. Draw(labels * steps).Select(value => (float)(6 * value))], transitions = new float[labels * labels];
        for (int i = 0; i < transitions.Length; i++)
            transitions[i] = (float)Math.Sin(i);
        int[] path = [.. Enumerable.Range(0, steps).Select(t => t * 7 % labels)];
        int[] items = [.. Enumerable.Range(0, steps / 3).Select(t => t * 5 % (labels - 1))];
        float[][] expected = [];
        // Each allocation in front moves the buffers of the runner behind it by eight bytes.
        for (int shift = 0; shift < 2 * Bytes / sizeof(double); shift++)
        {
            byte[][] before = [.. Enumerable.Range(0, 16).Select(_ => new byte[8 * (shift + 1)])];
            var field = new LinearChainCrf(labels);
            field.Pack(transitions, transitions.AsSpan(0, labels), transitions.AsSpan(labels, labels));
            var runner = new CrfRunner(field);
            var lattice = new CtcLattice(labels);
            float[] dOutputs = new float[outputs.Length], dTransitions = new float[transitions.Length], dz = new float[outputs.Length];
            float[] dStart = new float[labels], dEnd = new float[labels];
            float[] losses =
            [
                (float)runner.LossAndGradients(outputs, path, 1, dOutputs, dTransitions, dStart, dEnd),
                (float)lattice.LossAndGradient(outputs, items, 1, dz),
            ];
            float[][] found = [losses, dOutputs, dTransitions, dStart, dEnd, dz];
            Assert.IsTrue(losses.All(loss => loss > 0));
            if (shift == 0)
                expected = found;
            for (int i = 0; i < found.Length; i++)
                CollectionAssert.AreEqual(expected[i], found[i], $"{i}");
            GC.KeepAlive(before);
        }
    }

    private static double[] Draw(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.3)];
    }

    private delegate double Sum<T>(Span<T> values);

    private static unsafe void Check<T>(T[] values, Sum<T> sum)
        where T : unmanaged
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(values.Length * sizeof(T) + Bytes), Bytes);
        var sums = new HashSet<long>();
        for (int offset = 0; offset < Bytes; offset += sizeof(T))
        {
            var all = new Span<T>(memory + offset, values.Length);
            values.CopyTo(all);
            sums.Add(BitConverter.DoubleToInt64Bits(sum(all)));
        }
        NativeMemory.AlignedFree(memory);
        Assert.HasCount(1, sums);
    }
}
