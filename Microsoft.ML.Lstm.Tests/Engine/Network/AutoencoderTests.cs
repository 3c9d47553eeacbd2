using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>
/// The gradients of encoder and decoder, on every vector width of this machine, against central differences of the double reference.
/// </summary>
[TestClass]
public sealed class AutoencoderTests
{
    private const double Tolerance = 1e-4;

    private static readonly int[] Lengths = [4, 6, 1, 4];

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from layers in new[] { 1, 2 }
        from bidirectional in new[] { false, true }
        select new object[] { kernels.Name, cell, layers, bidirectional };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAreTheReferencesAndGradientsItsCentralDifferences(string kernels, CellType cell, int layers, bool bidirectional)
    {
        var run = new AutoencoderRun(Shape(cell, layers, bidirectional, hiddenSize: 3, statics: 1), Lengths, Find(kernels));
        Dictionary<string, double[]> values = run.Values;
        var reference = new ReferenceAutoencoder(Shape(cell, layers, bidirectional, hiddenSize: 3, statics: 1), values);

        (double[][] codes, double[][] outputs) = run.Forward();
        Assert.IsLessThan(Tolerance,
            Difference.OfNorm(Difference.Flatten(codes), Difference.Flatten(reference.Encode(run.Sequences, run.Statics))));
        Assert.IsLessThan(Tolerance,
            Difference.OfNorm(Difference.Flatten(outputs), Difference.Flatten(reference.Reconstruct(run.Sequences, run.Statics))));

        ParameterSet gradients = run.Backward();
        CollectionAssert.AreEquivalent(values.Keys, gradients.Parameters.Select(p => p.Name).ToArray());
        foreach ((string name, double[] parameter) in values)
        {
            double[] expected = CentralDifferences.Of(parameter,
                () => reference.Reconstruct(run.Sequences, run.Statics).Zip(run.DOutputs, (y, d) => y.Zip(d, (a, b) => a * b).Sum()).Sum());
            Assert.IsLessThan(Tolerance, Difference.OfNorm(AutoencoderRun.ToDoubles(gradients[name]), expected), name);
            Assert.IsTrue(expected.Any(derivative => Math.Abs(derivative) > 1e-6), $"{name} has no influence on the reconstruction.");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)];
        var dropout = new Dropout(7) { Inputs = 0.1f, States = 0.2f, Layers = 0.3f, Outputs = 0.1f };
        double[] expected = Run(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads");

        double[] Run(int threads)
        {
            var run = new AutoencoderRun(Shape(CellType.Lstm, 2, bidirectional: true, hiddenSize: 37), lengths, Find(kernels), threads);
            (double[][] codes, double[][] outputs) = run.Forward(dropout: dropout);
            return [.. Difference.Flatten(codes), .. Difference.Flatten(outputs), .. AutoencoderRun.ToDoubles(run.Backward().Values)];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceIsReconstructedTheSameAloneAndInAnyBatch(string kernels)
    {
        var run = new AutoencoderRun(Shape(CellType.Gru, 2, bidirectional: false, hiddenSize: 19, statics: 2), Lengths, Find(kernels));
        (double[][] codes, double[][] outputs) = run.Forward(keep: false);
        CollectionAssert.AreEqual(Difference.Flatten(outputs), Difference.Flatten(run.Forward().Outputs),
            "Keeping nothing for the way back changes nothing.");
        for (int b = 0; b < Lengths.Length; b++)
        {
            (double[][] code, double[][] alone) = run.Forward(keep: false, default, b);
            CollectionAssert.AreEqual(codes[b], code[0]);
            CollectionAssert.AreEqual(outputs[b], alone[0]);
            CollectionAssert.AreEqual(outputs[b], run.Forward(keep: false, default, [Lengths.Length - 1 - b, b]).Outputs[1]);
        }
    }

    [TestMethod]
    public void ACodeSoWideThatItsHeadIsRunInBlocksIsThereInTime()
    {
        NetworkShape shape = Shape(CellType.Rnn, 1, bidirectional: false, hiddenSize: 256) with { OutputSize = 800 };
        var run = new AutoencoderRun(shape, [3, 2], CpuKernels.Best, threads: 2);
        double[] scored = Difference.Flatten(run.Forward(keep: false).Codes);
        CollectionAssert.AreEqual(scored, Difference.Flatten(run.Forward(keep: true).Codes));
        Assert.IsTrue(scored.Any(value => value != 0));
    }

    [TestMethod]
    public void ParametersOfBothNetworksAreOneVector()
    {
        NetworkShape shape = Shape(CellType.Lstm, 2, bidirectional: true, hiddenSize: 5, statics: 1);
        var parameters = new ParameterSet(shape);
        Assert.AreEqual(shape.ParameterCount, parameters.Values.Length);
        Assert.AreEqual(parameters.Values.Length, parameters.Parameters.Sum(p => p.Length));
        Assert.AreEqual(parameters.Values.Length, parameters.DenseLength);
        Assert.AreEqual(shape.Decoder!.ParameterCount, parameters.Decoder!.DenseLength);
        parameters["decoder.head.bias"][1] = 5;
        Assert.AreEqual(5, parameters.Decoder["head.bias"][1]);
    }

    private static NetworkShape Shape(CellType cell, int layers, bool bidirectional, int hiddenSize, int statics = 0) => new()
    {
        Cell = cell,
        InputSize = 3,
        HiddenSize = hiddenSize,
        Layers = layers,
        Bidirectional = bidirectional,
        StaticSize = statics,
        OutputSize = 4,
        Head = Head.Autoencoder,
    };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
