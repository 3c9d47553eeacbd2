using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

/// <summary>Model files of networks with an adaptive softmax.</summary>
[TestClass]
public sealed class AdaptiveSoftmaxFileTests
{
    [TestMethod]
    public void ANetworkWithAnAdaptiveSoftmaxComesBackBitForBit()
    {
        SequenceModel model = Create();

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        TestModels.AssertSameBits(model, back);
    }

    [TestMethod]
    [DataRow("\\\"shortlist\\\":[0,3]", "\\\"shortlist\\\":[0,2]", "each class in one of them")]
    [DataRow("\\\"shortlist\\\":[0,3]", "\\\"shortlist\\\":[0,4]", "each class in one of them")]
    [DataRow("\\\"shortlist\\\":[0,3]", "\\\"shortlist\\\":[-1,3]", "known in turn")]
    [DataRow("\\\"size\\\":2", "\\\"size\\\":0", "Tails of a size")]
    [DataRow("\\\"size\\\":2", "\\\"size\\\":3", "parameters")]
    [DataRow("\\\"size\\\":2", "\\\"size\\\":2147483647", "tails of an adaptive softmax")]
    [DataRow("\\\"outputSize\\\":10", "\\\"outputSize\\\":2147483647", "each class in one of them")]
    [DataRow("\\\"stepOutputs\\\":true,", "", "where there is adaptiveSoftmax")]
    [DataRow("\"tail.0.1.weight\"", "\"tail.0.2.weight\"", "'tail.0.1.weight'")]
    public void AnotherHeaderIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(Create()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    private static SequenceModel Create()
    {
        var parameters = new ParameterSet(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 2,
            HiddenSize = 5,
            Head = Head.EveryStep,
            OutputSize = 10,
            AdaptiveSoftmax = AdaptiveSoftmaxShape.ByFrequency([.. Enumerable.Range(0, 10).Select(i => 10L - i)], [3, 6], inputSize: 5,
                factor: 2),
        });
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        return new SequenceModel(parameters, AffineScaler.Identity(2), AffineScaler.Identity(0), AffineScaler.Identity(10));
    }
}
