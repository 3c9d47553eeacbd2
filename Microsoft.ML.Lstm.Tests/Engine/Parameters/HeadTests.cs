using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

/// <summary>Every head has consistent counts of parameters, and comes back from its JSON.</summary>
[TestClass]
public sealed class HeadTests
{
    public static IEnumerable<object[]> Shapes =>
        from head in Enum.GetValues<Head>().Where(head => head != Head.NextToken)
        from pooling in new[] { Pooling.Last, Pooling.Attention }
        where pooling == Pooling.Last || head != Head.SequenceToSequence
        select new object[] { $"{head}", $"{pooling}" };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void CountsAreThoseOfTheParameterSet(string head, string pooling)
    {
        NetworkShape shape = Shape(head, pooling);
        var parameters = new ParameterSet(shape);
        Assert.HasCount((int)shape.TensorCount, parameters.Parameters);
        Assert.AreEqual(shape.ParameterCount, parameters.Parameters.Sum(parameter => (long)parameter.Length));
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void HeadSurvivesItsJson(string head, string pooling)
        => Assert.AreEqual(Shape(head, pooling), SavedNetwork.Read(SavedNetwork.Write([Shape(head, pooling)]))[0]);

    [TestMethod]
    [DataRow(true, true)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(false, false)]
    public void ALanguageModelHasOutputsForTheTokensOfItsTable(bool tied, bool boundary)
    {
        NetworkShape shape = LanguageModel(tied, boundary);
        var parameters = new ParameterSet(shape);
        Assert.HasCount((int)shape.TensorCount, parameters.Parameters);
        Assert.AreEqual(shape.ParameterCount, parameters.Values.Length);
        Assert.AreEqual(!tied, parameters.Parameters.Any(parameter => parameter.Name == ParameterSet.HeadWeight));
        Assert.AreEqual(boundary ? 8 : 7, parameters.Embeddings[0].Rows);
        Assert.AreEqual(tied ? shape.ParameterCount : parameters.Embeddings[0].Offset, parameters.DenseLength);
        Assert.AreEqual(shape, SavedNetwork.Read(SavedNetwork.Write([shape]))[0]);
        NetworkShape other = shape with { Layers = 2 };
        CollectionAssert.AreEqual(new[] { shape, other }, SavedNetwork.Read(SavedNetwork.Write([shape, other])).ToArray());
    }

    [TestMethod]
    public void AFileOfANetworkThatIsNoLanguageModelIsRefused()
    {
        NetworkShape shape = LanguageModel(tied: true, boundary: true);
        NetworkShape[] wrong =
        [
            shape with { OutputSize = 8 }, shape with { HiddenSize = 5 }, shape with { Bidirectional = true },
            shape with { StaticSize = 1 },
            shape with { InputSize = 5 }, shape with { Embeddings = default }, shape with { Head = Head.EveryStep },
            shape with { Head = Head.EveryStep, TiesHead = false }, shape with { Classes = new KeySubset(9, [2, 7]) },
            shape with { Embeddings = new([shape.Embeddings[0], new EmbeddingShape(2, 1)]), InputSize = 5 },
        ];
        foreach (NetworkShape other in wrong)
        {
            Assert.IsNotNull(ShapeRules.FaultOf(other), $"{other}");
            Assert.ThrowsExactly<InvalidDataException>(() => SavedNetwork.Read(SavedNetwork.Write([other])), $"{other}");
        }
    }

    private static NetworkShape LanguageModel(bool tied, bool boundary) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 4,
        HiddenSize = 4,
        Head = Head.NextToken,
        TiesHead = tied,
        Embeddings = new([new EmbeddingShape(6, 4) { HasBoundary = boundary, Keys = new KeySubset(9, [2, 6]) }]),
        OutputSize = boundary ? 7 : 6,
    };

    private static NetworkShape Shape(string head, string pooling) => new()
    {
        Cell = CellType.Gru,
        InputSize = 3,
        HiddenSize = 4,
        Layers = 2,
        Bidirectional = true,
        Pooling = Enum.Parse<Pooling>(pooling),
        Head = Enum.Parse<Head>(head),
        StaticSize = 1,
        Target = head == nameof(Head.SequenceToSequence)
            ? new TargetShape(new EmbeddingShape(6, 3) { HasBoundary = true, Keys = new KeySubset(9, [2, 6]) }, HiddenSize: 5, Layers: 1,
                SourceAttention.General, FeedsInput: true)
            : null,
        OutputSize = 5,
    };
}
