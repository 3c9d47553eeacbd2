using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Networks with weights of 8 bits, on every width.</summary>
[TestClass]
public sealed class QuantizedNetworkTests
{
    private const int Features = 5;

    public static IEnumerable<object[]> Cases =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from bidirectional in new[] { false, true }
        from hidden in new[] { 4, 16, 37, 96 }
        select new object[] { kernels.Name, cell, bidirectional, hidden };

    private static CpuKernels Kernels(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void OutputsAreNearThoseOfFloatsAndOfEachSequenceAlone(string kernels, CellType cell, bool bidirectional, int hidden)
    {
        NetworkShape shape = Shape(cell, hidden) with { Bidirectional = bidirectional };
        ParameterSet parameters = Parameters(shape);
        int[] lengths = [7, 3, 11, 1, 7, 9, 2];
        float[][] floats = Outputs(parameters, kernels, lengths, 1);

        float[][] rounded = Outputs(WeightRounding.Round(parameters, WeightFormat.Int8), kernels, lengths, 1);

        for (int row = 0; row < lengths.Length; row++)
        {
            for (int o = 0; o < shape.OutputSize; o++)
                Assert.AreEqual(floats[row][o], rounded[row][o], 0.06f, $"sequence {row}");
            float[][] alone = Outputs(WeightRounding.Round(parameters, WeightFormat.Int8), kernels, lengths, 1, only: row);
            CollectionAssert.AreEqual(rounded[row], alone[0], $"sequence {row}");
        }
        CollectionAssert.AreNotEqual(floats[2], rounded[2]);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ThreadsAndStepByStepGiveTheSameBits(string kernels, CellType cell, bool bidirectional, int hidden)
    {
        if (bidirectional)
            return;
        ParameterSet parameters = WeightRounding.Round(Parameters(Shape(cell, hidden)), WeightFormat.Int8);
        int[] lengths = [8, 3];
        float[][] expected = Outputs(parameters, kernels, lengths, 1);
        float[][] shared = Outputs(parameters, kernels, lengths, 3);
        for (int row = 0; row < lengths.Length; row++)
            CollectionAssert.AreEqual(expected[row], shared[row]);
        var stream = new SequenceStream(new SequenceNetwork(parameters, NetworkPasses.Forward, Kernels(kernels)), new WorkerTeam(2));
        float[] sequence = Sequence(0, lengths[0]), outputs = [];
        for (int t = 0; t < lengths[0]; t++)
            outputs = stream.Step(sequence.AsSpan(t * Features, Features)).ToArray();
        CollectionAssert.AreEqual(expected[0], outputs);
    }

    [TestMethod]
    public void UnitsSharedAmongThreadsGiveTheSameBits()
    {
        // As many weights as are worth sharing at every step.
        ParameterSet parameters = WeightRounding.Round(Parameters(Shape(CellType.Lstm, 200)), WeightFormat.Int8);
        float[][] expected = Outputs(parameters, CpuKernels.Best.Name, [40], 1);
        CollectionAssert.AreEqual(expected[0], Outputs(parameters, CpuKernels.Best.Name, [40], 3)[0]);
    }

    [TestMethod]
    public void WidthsDifferByRoundingOnly()
    {
        ParameterSet parameters = WeightRounding.Round(Parameters(Shape(CellType.Gru, 48)), WeightFormat.Int8);
        float[][] expected = Outputs(parameters, "Scalar", [9, 9, 9, 9], 1);
        foreach (CpuKernels kernels in CpuKernels.Available)
        {
            float[][] found = Outputs(parameters, kernels.Name, [9, 9, 9, 9], 1);
            for (int row = 0; row < found.Length; row++)
                Assert.AreEqual(expected[row][0], found[row][0], 3e-3f, kernels.Name);
        }
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(1e38f)]
    public void ASequenceThatIsNotFiniteAffectsNoOther(float value)
    {
        // Inputs that are rounded to 8 bits, too.
        NetworkShape shape = Shape(CellType.Lstm, 32) with { InputSize = 80 };
        ParameterSet parameters = WeightRounding.Round(Parameters(shape), WeightFormat.Int8);
        float[][] expected = Run(parameters, CpuKernels.Best.Name, 0), found = Run(parameters, CpuKernels.Best.Name, value);
        CollectionAssert.AreEqual(expected[0], found[0]);
        CollectionAssert.AreEqual(expected[2], found[2]);
        Assert.IsTrue(value == 1e38f || !float.IsFinite(found[1][0]) || MathF.Abs(found[1][0]) < 10);
        if (float.IsNaN(value))
            Assert.IsTrue(float.IsNaN(found[1][0]));

        float[][] Run(ParameterSet set, string kernels, float odd)
        {
            var batch = new SequenceBatch(shape);
            for (int row = 0; row < 3; row++)
            {
                float[] values = [.. Enumerable.Range(0, 4 * 80).Select(i => MathF.Sin(i + row))];
                if (row == 1)
                    values[5] = odd;
                values.CopyTo(batch.Add(4));
            }
            batch.Pack();
            return Outputs(set, kernels, batch, 1);
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(40)]
    public void ScoringAllocatesNothing(int sequences)
    {
        ParameterSet parameters = WeightRounding.Round(Parameters(Shape(CellType.Lstm, 32)), WeightFormat.Int8);
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Forward), new WorkerTeam(1));
        SequenceBatch batch = Batch(parameters.Shape, [.. Enumerable.Repeat(6, sequences)]);
        runner.Forward(batch, keep: false);
        Assert.AreEqual(0, Allocations.Of(() => runner.Forward(batch, keep: false)));
    }

    [TestMethod]
    public void PassesToGradientsUseTheRoundedWeightsAsFloats()
    {
        ParameterSet parameters = WeightRounding.Round(Parameters(Shape(CellType.Lstm, 32)), WeightFormat.Int8);
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.InputsOnly), new WorkerTeam(1));
        runner.Forward(Batch(parameters.Shape, [6]), keep: true);
        float[] expected = Outputs(parameters.Clone(), CpuKernels.Best.Name, [6], 1)[0];
        CollectionAssert.AreEqual(expected, runner.Output(0).ToArray());
    }

    /// <summary>So many products of 127·127 that their sum has more than 32 bits.</summary>
    [TestMethod]
    public void StepsOfMoreNumbersThanTheirSumsHaveRoomForStayFloats()
    {
        NetworkShape shape = Shape(CellType.Rnn, 4) with { InputSize = QuantizedMatrix.MaxDepth + 100, Layers = 1 };
        ParameterSet parameters = Parameters(shape);
        parameters["weight_ih_l0"].Fill(1e-5f);
        var batch = new SequenceBatch(shape);
        batch.Add(1).Fill(1);
        batch.Pack();
        float[] expected = Outputs(parameters, CpuKernels.Best.Name, batch, 1)[0];
        float[] found = Outputs(WeightRounding.Round(parameters, WeightFormat.Int8), CpuKernels.Best.Name, batch, 1)[0];
        for (int o = 0; o < expected.Length; o++)
            Assert.AreEqual(expected[o], found[o], 1e-3f);
    }

    private static NetworkShape Shape(CellType cell, int hidden) => new()
    {
        Cell = cell,
        InputSize = Features,
        HiddenSize = hidden,
        Layers = 2,
        OutputSize = 3,
    };

    private static ParameterSet Parameters(NetworkShape shape)
    {
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        return parameters;
    }

    private static float[] Sequence(int row, int steps) => [.. Enumerable.Range(0, steps * Features).Select(i => MathF.Sin(3 * i + row))];

    private static SequenceBatch Batch(NetworkShape shape, int[] lengths, int? only = null)
    {
        var batch = new SequenceBatch(shape);
        for (int row = 0; row < lengths.Length; row++)
        {
            if (row == (only ?? row))
                Sequence(row, lengths[row]).CopyTo(batch.Add(lengths[row]));
        }
        batch.Pack();
        return batch;
    }

    private static float[][] Outputs(ParameterSet parameters, string kernels, int[] lengths, int threads, int? only = null)
        => Outputs(parameters, kernels, Batch(parameters.Shape, lengths, only), threads);

    private static float[][] Outputs(ParameterSet parameters, string kernels, SequenceBatch batch, int threads)
    {
        var network = new SequenceNetwork(parameters, NetworkPasses.Forward, Kernels(kernels));
        var runner = new NetworkBatchRunner(network, new WorkerTeam(threads));
        runner.Forward(batch, keep: false);
        float[][] outputs = new float[batch.Count][];
        for (int row = 0; row < batch.Count; row++)
            outputs[batch.SequenceAt(row)] = runner.Output(row).ToArray();
        return outputs;
    }
}
