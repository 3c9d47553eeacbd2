using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

/// <summary>Model files of networks with convolutions and frames.</summary>
[TestClass]
public sealed class ConvolutionFileTests
{
    [TestMethod]
    public void ANetworkWithConvolutionsComesBackBitForBit()
    {
        SequenceModel model = TestModels.CreateWithConvolutions();

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        TestModels.AssertSameBits(model, back);
        CollectionAssert.AreEqual((int[])[5, 3, 8], model.Parameters.Find("conv.0.weight").Dimensions);
    }

    [TestMethod]
    public void HowConvolutionsArePooledComesBack()
    {
        SequenceModel model = TestModels.CreateWithConvolutions();
        byte[] mean = TestModels.Bytes(model);
        var parameters = new ParameterSet(model.Shape with { PoolsConvolutionsByMax = true });
        model.Parameters.Values.CopyTo(parameters.Values, 0);
        byte[] max = TestModels.Bytes(model with { Parameters = parameters });

        Assert.IsFalse(ModelFile.Read(new MemoryStream(mean)).Shape.PoolsConvolutionsByMax);
        Assert.IsTrue(ModelFile.Read(new MemoryStream(max)).Shape.PoolsConvolutionsByMax);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(
            SavedZip.HeaderReplaced(max, "\\\"convolutionPooling\\\":\\\"Max\\\"", "\\\"convolutionPooling\\\":\\\"Sum\\\""))));
        StringAssert.Contains(e.Message, "convolutionPooling");
    }

    [TestMethod]
    [DataRow("\\\"stepsPerFrame\\\":2", "\\\"stepsPerFrame\\\":0", "from 1 to")]
    [DataRow("\\\"stepsPerFrame\\\":2", "\\\"stepsPerFrame\\\":3", "parameters")]
    [DataRow("\\\"stepsPerFrame\\\":2", "\\\"stepsPerFrame\\\":2147483647", "at most 65536 stepsPerFrame")]
    [DataRow("\\\"stepsPerFrame\\\":2", "\\\"stepsPerFrame\\\":65536", "frames of 65536 steps")]
    [DataRow("\\\"stepsPerFrame\\\":2", "\\\"stepsPerFrame\\\":2,\\\"stepOutputs\\\":true", "no stepOutputs")]
    [DataRow("\\\"stepsPerFrame\\\":2", "\\\"stepsPerFrame\\\":2,\\\"decoder\\\":true", "where there is a decoder")]
    [DataRow("\\\"filters\\\":5", "\\\"filters\\\":0", "from 1 to")]
    [DataRow("\\\"filters\\\":5", "\\\"filters\\\":6", "parameters")]
    [DataRow("\\\"filters\\\":5", "\\\"filters\\\":2147483647", "2147483647 filters")]
    [DataRow("\\\"kernelSize\\\":8", "\\\"kernelSize\\\":2147483647", "size 2147483647")]
    [DataRow("\\\"kernelSize\\\":8", "\\\"kernelSize\\\":-8", "from 1 to")]
    [DataRow("{\\\"filters\\\":5,\\\"kernelSize\\\":8},", "", "tensors")]
    [DataRow("{\\\"filters\\\":5,\\\"kernelSize\\\":8}", "null", "convolutions")]
    [DataRow("\"shape\":[5,3,8]", "\"shape\":[5,24]", "[5, 3, 8]")]
    [DataRow("\"norm.0.running_mean\"", "\"norm.0.running_mode\"", "'norm.0.running_mean'")]
    public void AnotherHeaderIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.CreateWithConvolutions()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    public void ANetworkWithConvolutionsInFrontComesBackBitForBit()
    {
        SequenceModel model = TestModels.CreateWithInputConvolutions();

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        TestModels.AssertSameBits(model, back);
        CollectionAssert.AreEqual((int[])[5, 3, 8], model.Parameters.Find("input_conv.0.weight").Dimensions);
        CollectionAssert.AreEqual((int[])[2], model.Parameters.Find("input_conv.1.bias").Dimensions);
    }

    [TestMethod]
    [DataRow("\\\"filters\\\":5", "\\\"filters\\\":0", "from 1 to")]
    [DataRow("\\\"filters\\\":5", "\\\"filters\\\":6", "parameters")]
    [DataRow("\\\"filters\\\":5", "\\\"filters\\\":2147483647", "2147483647 filters")]
    [DataRow("\\\"kernelSize\\\":8", "\\\"kernelSize\\\":65536", "size 65536")]
    [DataRow("\\\"kernelSize\\\":8", "\\\"kernelSize\\\":65537", "at most 65536 steps")]
    [DataRow("\\\"stride\\\":2", "\\\"stride\\\":0", "from 1 to")]
    [DataRow("\\\"stride\\\":2", "\\\"stride\\\":65537", "at most 65536 steps")]
    [DataRow("\\\"filters\\\":5,\\\"kernelSize\\\":8,\\\"stride\\\":2},", "", "")]
    [DataRow("{\\\"filters\\\":5,\\\"kernelSize\\\":8,\\\"stride\\\":2}", "null", "inputConvolutions")]
    [DataRow("\\\"inputConvolutions\\\"", "\\\"stepsPerFrame\\\":2,\\\"inputConvolutions\\\"", "no stepsPerFrame")]
    [DataRow("\\\"inputConvolutions\\\"", "\\\"stepOutputs\\\":true,\\\"inputConvolutions\\\"", "outputs of steps")]
    [DataRow("\"shape\":[5,3,8]", "\"shape\":[5,24]", "[5, 3, 8]")]
    public void AnotherHeaderOfConvolutionsInFrontIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.CreateWithInputConvolutions()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    public void ANegativeVarianceIsRefused()
    {
        SequenceModel model = TestModels.CreateWithConvolutions();
        model.Parameters["norm.1.running_var"][1] = -1e-3f;
        byte[] bytes = TestModels.Bytes(model);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, "running variances");
    }
}
