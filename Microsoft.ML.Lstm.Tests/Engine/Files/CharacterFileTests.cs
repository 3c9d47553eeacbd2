using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

/// <summary>Saved networks that read words by their characters.</summary>
[TestClass]
public sealed class CharacterFileTests
{
    [TestMethod]
    public void AnEncoderOfCharactersComesBackBitForBit()
    {
        SequenceModel model = TestModels.CreateWithCharacters();

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        Assert.AreEqual(3, back.Shape.Characters!.Value.Table.Keys!.Count);
        TestModels.AssertSameBits(model, back);
    }

    [TestMethod]
    [DataRow("\\\"vocabulary\\\":3", "\\\"vocabulary\\\":0", "from 1 to")]
    [DataRow("\\\"vocabulary\\\":3", "\\\"vocabulary\\\":2147483647", "keys as many as")]
    [DataRow("\\\"vocabulary\\\":3", "\\\"vocabulary\\\":4", "keys as many as")]
    [DataRow("\\\"size\\\":5", "\\\"size\\\":2147483647", "filters of 3 characters")]
    [DataRow("\\\"size\\\":5", "\\\"size\\\":6", "parameters")]
    [DataRow("\\\"filters\\\":4", "\\\"filters\\\":2147483647", "at most 7 features")]
    [DataRow("\\\"filters\\\":4", "\\\"filters\\\":0", "from 1 to")]
    [DataRow("\\\"kernelSize\\\":3", "\\\"kernelSize\\\":65", "at most 64")]
    [DataRow("\\\"kernelSize\\\":3", "\\\"kernelSize\\\":2", "parameters")]
    [DataRow("\\\"kernelSize\\\":3", "\\\"kernelSize\\\":64", "filters of 3 characters")]
    [DataRow("\\\"kernelSize\\\":3,", "", "kernelSize")]
    [DataRow("\\\"count\\\":65536", "\\\"count\\\":65537", "65536 characters")]
    [DataRow("characters.weight", "characters.width", "'characters.weight'")]
    public void AnotherHeaderThanThatOfAnEncoderOfCharactersIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.CreateWithCharacters()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }
}
