using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

/// <summary>Every head has consistent counts of parameters, and comes back from its JSON.</summary>
[TestClass]
public sealed class HeadTests
{
    public static IEnumerable<object[]> Shapes =>
        from head in Enum.GetValues<Head>()
        from pooling in new[] { Pooling.Last, Pooling.Attention }
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
        OutputSize = 5,
    };
}
