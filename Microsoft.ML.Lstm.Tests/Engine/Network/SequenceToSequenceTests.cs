using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>
/// Encoder, bridge, decoder and attention, on every vector width of this machine, against the double reference and its central differences.
/// </summary>
[TestClass]
public sealed class SequenceToSequenceTests
{
    private const double Tolerance = 1e-4;

    // The longest source has not the longest target, and one target is empty.
    private static readonly int[] Lengths = [4, 6, 1, 4];
    private static readonly int[] Labels = [3, 1, 5, 0];

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from attention in Enum.GetValues<SourceAttention>()
        from feeds in new[] { false, true }
        from form in kernels == CpuKernels.Best ? new[] { 0, 1 } : [feeds ? 1 : 0]
        select new object[] { kernels.Name, attention, feeds, form };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void OutputsAreTheReferencesAndGradientsItsCentralDifferences(string kernels, SourceAttention attention, bool feeds, int form)
    {
        NetworkShape shape = Shape(attention, feeds, form);
        var run = new SequenceToSequenceRun(shape, Lengths, Labels, Find(kernels));
        Dictionary<string, double[]> values = run.Values;
        var reference = new ReferenceSequenceToSequence(shape, values);

        double[][] expected = Reference();
        Assert.IsLessThan(Tolerance, Difference.OfNorm(Difference.Flatten(run.Forward()), Difference.Flatten(expected)));
        if (attention != SourceAttention.None)
            Assert.IsLessThan(Tolerance,
                Difference.OfNorm(Difference.Flatten(run.Alphas()), Difference.Flatten(reference.Alphas.SelectMany(steps => steps))));

        run.Forward(keep: true);
        ParameterSet gradients = run.Backward();
        CollectionAssert.AreEquivalent(values.Keys, gradients.Parameters.Select(p => p.Name).ToArray());
        foreach ((string name, double[] parameter) in values)
        {
            double[] derivatives = CentralDifferences.Of(parameter,
                () => Reference().Zip(run.DOutputs, (y, d) => y.Zip(d, (a, b) => a * b).Sum()).Sum());
            Assert.IsLessThan(Tolerance, Difference.OfNorm(AutoencoderRun.ToDoubles(gradients[name]), derivatives), name);
            Assert.IsTrue(derivatives.Any(derivative => Math.Abs(derivative) > 1e-6), $"{name} has no influence on the outputs.");
        }

        double[][] Reference() => reference.Forward(run.Sequences, run.Tokens, run.Statics, run.Labels);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void OutputsAndAllGradientsArePyTorchs(string kernels)
    {
        foreach (GoldenSequenceToSequence golden in GoldenSequenceToSequence.All)
        {
            var run = new SequenceToSequenceRun(golden, Find(kernels));
            AreClose(golden.Outputs, run.Forward(), "outputs");
            AreClose(golden.Alphas, run.Alphas(), "weights of steps");
            run.Forward(keep: true);
            ParameterSet gradients = run.Backward();
            CollectionAssert.AreEquivalent(golden.Gradients.Keys, gradients.Parameters.Select(p => p.Name).ToArray());
            foreach ((string name, double[] expected) in golden.Gradients)
                AreClose([expected], [AutoencoderRun.ToDoubles(gradients[name])], name);
            AreClose(golden.InputGradients, run.InputGradients(), "inputs");

            void AreClose(double[][] expected, double[][] found, string what)
                => Assert.IsLessThan(1e-5, Difference.OfNorm(Difference.Flatten(found), Difference.Flatten(expected)),
                    $"{golden.Name}, {what}");
        }
        Assert.IsGreaterThan(4, GoldenSequenceToSequence.All.Length);
    }

    [TestMethod]
    public void ADecoderThatReadsItsOwnTokensHasTheGradientsOfASequenceOfThem()
    {
        foreach (SourceAttention attention in new[] { SourceAttention.None, SourceAttention.General })
        {
            NetworkShape shape = Shape(attention, feeds: true, form: 1);
            var run = new SequenceToSequenceRun(shape, Lengths, Labels, CpuKernels.Best);
            run.Forward(keep: true, new Dropout(3) { OwnTokens = 1 });
            double[] found = AutoencoderRun.ToDoubles(run.Backward().Values);
            run.Forward(keep: true);
            CollectionAssert.AreNotEqual(found, AutoencoderRun.ToDoubles(run.Backward().Values));

            // Its own tokens, one after the other: what follows on those before.
            int outputs = shape.Decoder!.OutputSize;
            for (int t = 0; t < Labels.Max(); t++)
            {
                double[][] after = run.Forward();
                for (int b = 0; b < Labels.Length; b++)
                {
                    if (t < Labels[b])
                        run.Labels[b][t] = after[b].Skip(t * outputs).Take(outputs - 1).Index().MaxBy(output => output.Item).Index;
                }
            }
            run.Forward(keep: true);
            CollectionAssert.AreEqual(AutoencoderRun.ToDoubles(run.Backward().Values), found);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 37)], labels = [.. lengths.Select(length => length * 17 % 31)];
        var dropout = new Dropout(7) { OwnTokens = 0.3f, Inputs = 0.1f, States = 0.2f, Layers = 0.3f, Outputs = 0.1f, Tokens = 0.1f };
        foreach (SourceAttention attention in new[] { SourceAttention.General, SourceAttention.Additive, SourceAttention.None })
        {
            double[] expected = Run(1);
            foreach (int threads in new[] { 2, 3, 5 })
                CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads, {attention}");

            double[] Run(int threads)
            {
                NetworkShape shape = Shape(attention, feeds: true, form: 1) with { HiddenSize = 37 };
                shape = WithOutputs(shape with { Target = shape.Target!.Value with { HiddenSize = 41, Layers = 2 } });
                var run = new SequenceToSequenceRun(shape, lengths, labels, Find(kernels), threads);
                double[] outputs = Difference.Flatten(run.Forward());
                run.Forward(keep: true, dropout);
                return [.. outputs, .. AutoencoderRun.ToDoubles(run.Backward().Values)];
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceHasTheSameOutputsAloneAndInAnyBatch(string kernels)
    {
        var run = new SequenceToSequenceRun(Shape(SourceAttention.Additive, feeds: true, form: 1), Lengths, Labels, Find(kernels));
        double[][] outputs = run.Forward();
        for (int b = 0; b < Lengths.Length; b++)
        {
            CollectionAssert.AreEqual(outputs[b], run.Forward(keep: false, default, b)[0]);
            CollectionAssert.AreEqual(outputs[b], run.Forward(keep: false, default, [Lengths.Length - 1 - b, b])[1]);
        }
    }

    [TestMethod]
    public void ATrainingStepAllocatesNothing()
    {
        foreach (SourceAttention attention in Enum.GetValues<SourceAttention>())
        {
            var run = new SequenceToSequenceRun(Shape(attention, feeds: true, form: 0), Lengths, Labels, CpuKernels.Best, threads: 2);
            var loss = new HalfSquares();
            run.Step(loss);
            Assert.AreEqual(0, Allocations.Of(() => run.StepFilled(loss)), $"{attention}");
        }
    }

    [TestMethod]
    public void ParametersOfBothNetworksAreOneVectorWithAllTablesAtItsEnd()
    {
        NetworkShape shape = Shape(SourceAttention.Additive, feeds: true, form: 1);
        var parameters = new ParameterSet(shape);
        Assert.AreEqual(shape.ParameterCount, parameters.Values.Length);
        Assert.AreEqual(shape.TensorCount, parameters.Parameters.Count);
        int at = 0;
        foreach (Parameter parameter in parameters.Parameters)
        {
            Assert.AreEqual(at, parameter.Offset, parameter.Name);
            at += parameter.Length;
        }
        Assert.AreEqual(parameters.Values.Length, at);
        Assert.AreEqual(parameters.Embeddings[0].Offset, parameters.DenseLength);
        parameters["decoder.embeddings.0.weight"][1] = 5;
        Assert.AreEqual(5, parameters.Decoder!["embeddings.0.weight"][1]);
    }

    /// <summary>0: numbers in one direction; 1: tokens, numbers and statics in both, for two layers of other sizes.</summary>
    private static NetworkShape Shape(SourceAttention attention, bool feeds, int form)
    {
        bool isSmall = form == 0;
        var shape = new NetworkShape
        {
            Cell = isSmall ? CellType.Gru : CellType.Lstm,
            InputSize = isSmall ? 3 : 6,
            Embeddings = isSmall ? default : new ValueList<EmbeddingShape>(new EmbeddingShape(4, 4)),
            HiddenSize = 3,
            Layers = isSmall ? 1 : 2,
            Bidirectional = !isSmall,
            StaticSize = isSmall ? 0 : 1,
            Head = Head.SequenceToSequence,
            Target = new TargetShape(new EmbeddingShape(4, 3) { HasBoundary = true },
                isSmall ? 3 : attention == SourceAttention.Dot ? 6 : 5, isSmall ? 1 : 2, attention, feeds),
            OutputSize = 1,
        };
        return WithOutputs(shape);
    }

    [TestMethod]
    public void AFileOfATiedDecoderWithAnUnknownTokenIsReadAsItWasWritten()
    {
        NetworkShape shape = Shape(SourceAttention.General, feeds: true, form: 1);
        TargetShape target = shape.Target!.Value;
        NetworkShape tied = shape with
        {
            Target = target with { Table = target.Table with { Size = target.HiddenSize }, TiesHead = true, WritesUnknown = true },
        };
        Assert.AreEqual(tied, SavedNetwork.Read(SavedNetwork.Write([tied]))[0]);
        Assert.AreEqual(target.Table.Rows, new ParameterSet(tied)["decoder.head.bias"].Length);
        NetworkShape wrong = tied with { Target = tied.Target!.Value with { Table = target.Table } };
        Assert.ThrowsExactly<InvalidDataException>(() => SavedNetwork.Read(SavedNetwork.Write([wrong])));
    }

    private static NetworkShape WithOutputs(NetworkShape shape) => shape with { OutputSize = shape.StateSizeOf(shape.Target!.Value) };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}
