using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The backward pass of the reference is the derivative of its forward pass.</summary>
[TestClass]
public sealed class ReferenceGradientTests
{
    private const double Tolerance = 1e-6;

    private static readonly int[] Lengths = [3, 6, 1, 3];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Shapes =>
        from cell in Enum.GetValues<CellType>()
        from layers in new[] { 1, 2 }
        from bidirectional in new[] { false, true }
        from pooling in Enum.GetValues<Pooling>()
        select new object[] { cell, layers, bidirectional, pooling };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void GradientsOfALossOfTheOutputsAreItsCentralDifferences(CellType cell, int layers, bool bidirectional, Pooling pooling)
    {
        NetworkSample sample = Sample(cell, layers, bidirectional, pooling);
        AssertGradientsAreCentralDifferences(sample, new ResultGradients { Outputs = sample.DOutputs });
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void GradientsOfALossOfEveryStepAndFinalStateAreItsCentralDifferences(CellType cell, int layers, bool bidirectional,
        Pooling pooling)
    {
        NetworkSample sample = Sample(cell, layers, bidirectional, pooling);
        ReferenceOutputs results = new ReferenceNetwork(sample.Shape, sample.Parameters).Forward(sample.Sequences, sample.Statics);
        AssertGradientsAreCentralDifferences(sample, sample.DrawGradients(results));
    }

    [TestMethod]
    [DataRow(CellType.Lstm, false, 0)]
    [DataRow(CellType.Lstm, true, 2)]
    [DataRow(CellType.Gru, true, 0)]
    [DataRow(CellType.Rnn, false, 2)]
    public void GradientsOfEmbeddingsAndOutputsOfEachStepAreCentralDifferences(CellType cell, bool bidirectional, int numericSize)
    {
        var shape = new NetworkShape
        {
            Cell = cell,
            InputSize = numericSize + 3 + 2,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(2, 3), new EmbeddingShape(1, 2)),
            HiddenSize = 4,
            Layers = 2,
            Bidirectional = bidirectional,
            StaticSize = 2,
            OutputSize = 3,
        };
        foreach (bool stepOutputs in new[] { true, false })
        {
            var sample = new NetworkSample(shape with { Head = stepOutputs ? Head.EveryStep : Head.Pooled }, Lengths);
            AssertGradientsAreCentralDifferences(sample, new ResultGradients { Outputs = sample.DOutputs });
        }
    }

    [TestMethod]
    [DataRow(1, 0)]
    [DataRow(2, 1)]
    [DataRow(3, 2)]
    public void GradientsOfTheCharactersOfWordsAreCentralDifferences(int kernelSize, int numericSize)
    {
        var shape = new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = numericSize + 2 + 5,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(3, 2)),
            Characters = new CharacterShape(new EmbeddingShape(6, 3), Filters: 5, kernelSize),
            HiddenSize = 4,
            Bidirectional = true,
            Head = Head.EveryStep,
            StaticSize = 1,
            OutputSize = 3,
        };
        var sample = new NetworkSample(shape, Lengths);
        AssertGradientsAreCentralDifferences(sample, new ResultGradients { Outputs = sample.DOutputs });
    }

    [TestMethod]
    [DataRow(Pooling.Last, 1)]
    [DataRow(Pooling.Attention, 3)]
    public void GradientsThroughConvolutionsAndFramesAreCentralDifferences(Pooling pooling, int stepsPerFrame)
    {
        NetworkShape shape = Sample(CellType.Lstm, 1, bidirectional: true, pooling).Shape with
        {
            StepsPerFrame = stepsPerFrame,
            Convolutions = new ValueList<ConvolutionShape>(new ConvolutionShape(3, 4), new ConvolutionShape(2, 3)),
        };
        foreach (Head head in stepsPerFrame == 1 ? [Head.Pooled, Head.EveryStep] : new[] { Head.Pooled })
        {
            // A seed for which no step of the differences crosses the edge of a rectifier.
            var sample = new NetworkSample(shape with { Head = head }, Lengths, seed: 2);
            AssertGradientsAreCentralDifferences(sample, new ResultGradients { Outputs = sample.DOutputs });
        }
    }

    [TestMethod]
    [DataRow(Pooling.Last, false)]
    [DataRow(Pooling.Attention, false)]
    [DataRow(Pooling.Last, true)]
    public void GradientsThroughConvolutionsInFrontAreCentralDifferences(Pooling pooling, bool stepOutputs)
    {
        NetworkShape shape = Sample(CellType.Gru, 1, bidirectional: true, pooling).Shape with
        {
            Head = stepOutputs ? Head.EveryStep : Head.Pooled,
            InputConvolutions = new([new(4, 4, 2), new(3, 3, 1)]),
        };
        var sample = new NetworkSample(shape, Lengths, seed: 2);
        AssertGradientsAreCentralDifferences(sample, new ResultGradients { Outputs = sample.DOutputs });
    }

    private static NetworkSample Sample(CellType cell, int layers, bool bidirectional, Pooling pooling) => new(
        new NetworkShape
        {
            Cell = cell,
            InputSize = 3,
            HiddenSize = 5,
            Layers = layers,
            Bidirectional = bidirectional,
            Pooling = pooling,
            StaticSize = 2,
            OutputSize = 3,
        },
        Lengths);

    /// <summary>Checks the loss Σ dResults∘results, whose gradient with respect to the results is <paramref name="dResults"/>.</summary>
    private void AssertGradientsAreCentralDifferences(NetworkSample sample, ResultGradients dResults)
    {
        var network = new ReferenceNetwork(sample.Shape, sample.Parameters);
        network.Forward(sample);
        ReferenceGradients gradients = network.Backward(dResults);

        double worstNorm = 0, worstElement = 0;
        // The running statistics of batch normalization have no gradient.
        foreach ((string name, double[] values) in sample.Parameters.Where(parameter => !parameter.Key.Contains("running")))
            Check(name, [values], [gradients.Parameters[name]]);
        if (sample.Shape.NumericSize > 0)
            Check("sequences", sample.Sequences, gradients.Sequences);
        Check("statics", sample.Statics, gradients.Statics);
        TestContext.WriteLine($"relative error: {worstNorm:g2} of a tensor's norm, {worstElement:g2} of an element");

        void Check(string name, double[][] values, double[][] analytic)
        {
            double[] actual = Difference.Flatten(analytic), expected = CentralDifferences.Of(values, Loss);
            double norm = Difference.OfNorm(actual, expected), element = Difference.OfElements(actual, expected, floor: 1e-4);
            worstNorm = Math.Max(worstNorm, norm);
            worstElement = Math.Max(worstElement, element);
            Assert.IsLessThan(Tolerance, norm, name);
            Assert.IsLessThan(Tolerance, element, name);
            // A gradient that is never computed would agree with differences of zero.
            Assert.IsTrue(expected.Any(d => Math.Abs(d) > 1e-3), $"{name} has no influence on the loss.");
        }

        double Loss()
        {
            ReferenceOutputs results = new ReferenceNetwork(sample.Shape, sample.Parameters).Forward(sample);
            return Dot(dResults.Outputs, results.Outputs) + Dot(dResults.Steps, results.Steps)
                + Dot(dResults.Hidden?.SelectMany(h => h), results.Hidden.SelectMany(h => h))
                + Dot(dResults.CellState?.SelectMany(c => c), results.CellState.SelectMany(c => c));
        }
    }

    private static double Dot(IEnumerable<double[]>? a, IEnumerable<double[]> b)
        => a is null ? 0 : a.Zip(b, (p, q) => p.Zip(q, (x, y) => x * y).Sum()).Sum();
}
