using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

[TestClass]
public sealed class ModelFileTests
{
    public static IEnumerable<object[]> Shapes =>
        from cell in Enum.GetValues<CellType>()
        from layers in new[] { 1, 3 }
        from bidirectional in new[] { false, true }
        from statics in new[] { 0, 2 }
        select new object[] { cell, layers, bidirectional, statics };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void AModelComesBackBitForBit(CellType cell, int layers, bool bidirectional, int statics)
    {
        SequenceModel model = TestModels.Create(cell, layers, bidirectional, statics);

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        TestModels.AssertSameBits(model, back);
    }

    [TestMethod]
    public void EveryPoolingComesBack()
    {
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            SequenceModel model = TestModels.Create(pooling: pooling);
            Assert.AreEqual(pooling, ModelFile.Read(new MemoryStream(TestModels.Bytes(model))).Shape.Pooling);
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public void TablesOfEmbeddingsAndOutputsOfEachStepComeBackBitForBit(int numericSize)
    {
        SequenceModel model = TestModels.CreateWithTokens(numericSize);

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        Assert.AreEqual(2, back.Shape.Embeddings.Count);
        Assert.AreEqual(Head.EveryStep, back.Shape.Head);
        TestModels.AssertSameBits(model, back);
    }

    [TestMethod]
    [DataRow(1, false)]
    [DataRow(2, true)]
    public void AnAutoencoderComesBackBitForBit(int layers, bool bidirectional)
    {
        SequenceModel model = TestModels.CreateAutoencoder(layers, bidirectional);

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.AreEqual(model.Shape, back.Shape);
        Assert.AreEqual(Head.Autoencoder, back.Shape.Head);
        TestModels.AssertSameBits(model, back);
    }

    [TestMethod]
    public void AStreamThatCannotSeekIsReadTheSame()
    {
        SequenceModel model = TestModels.Create(hidden: 80);

        SequenceModel back = ModelFile.Read(new OneWayStream(TestModels.Bytes(model), atMost: 1000));

        TestModels.AssertSameBits(model, back);
    }

    /// <summary>Reads as safetensors in Python does: the length of the header, the JSON, then each tensor at its offsets.</summary>
    [TestMethod]
    public void AnotherReaderOfTheFormatFindsPyTorchsNamesAndShapes()
    {
        SequenceModel model = TestModels.Create(CellType.Lstm, layers: 1, bidirectional: true, statics: 2);
        byte[] bytes = TestModels.Bytes(model);

        int headerLength = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, headerLength));
        var shapes = header.RootElement.EnumerateObject()
            .Where(p => p.Name != "__metadata__")
            .ToDictionary(p => p.Name, p => string.Join("x", p.Value.GetProperty("shape").EnumerateArray()));

        // I = 3, H = 4, D = 2, S = 2, O = 2
        var expected = new Dictionary<string, string>
        {
            ["weight_ih_l0"] = "16x3",
            ["weight_hh_l0"] = "16x4",
            ["bias_l0"] = "16",
            ["weight_ih_l0_reverse"] = "16x3",
            ["weight_hh_l0_reverse"] = "16x4",
            ["bias_l0_reverse"] = "16",
            ["head.weight"] = "2x10",
            ["head.bias"] = "2",
            ["input.offset"] = "3",
            ["input.scale"] = "3",
            ["static.offset"] = "2",
            ["static.scale"] = "2",
            ["output.offset"] = "2",
            ["output.scale"] = "2",
        };
        CollectionAssert.AreEquivalent(expected.ToList(), shapes.ToList());
        Assert.AreEqual(0, (8 + headerLength) % 8, "the data starts on a multiple of 8");

        JsonElement head = header.RootElement.GetProperty("head.weight");
        Assert.AreEqual("F32", head.GetProperty("dtype").GetString());
        int begin = head.GetProperty("data_offsets")[0].GetInt32(), end = head.GetProperty("data_offsets")[1].GetInt32();
        Assert.AreEqual(4 * 2 * 10, end - begin);
        for (int i = 0; i < 20; i++)
            Assert.AreEqual(model.Parameters["head.weight"][i],
                BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(8 + headerLength + begin + 4 * i)));

        JsonElement metadata = header.RootElement.GetProperty("__metadata__");
        Assert.AreEqual("2", metadata.GetProperty("version").GetString());
        Assert.AreEqual(
            """{"cell":"Lstm","inputSize":3,"hiddenSize":4,"layers":1,"bidirectional":true,"pooling":"Last","staticSize":2,"""
                + "\"outputSize\":2}",
            metadata.GetProperty("network").GetString());
    }

    [TestMethod]
    public void AModelWithAValueThatIsNotFiniteIsNotWritten()
    {
        SequenceModel model = TestModels.Create();
        model.Parameters["head.bias"][0] = float.NaN;
        var stream = new MemoryStream();

        var e = Assert.ThrowsExactly<InvalidOperationException>(() => ModelFile.Write(stream, model));

        StringAssert.Contains(e.Message, "head.bias");
        Assert.AreEqual(0, stream.Length);
    }

    [TestMethod]
    public void AModelCutOffAnywhereIsRefused()
    {
        byte[] bytes = TestModels.Bytes(TestModels.Create(hidden: 2));
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(cut)), $"{length} bytes");
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new OneWayStream(cut)), $"{length} bytes, not seekable");
        }
    }

    [TestMethod]
    public void AnyBitOfTheHeaderFlippedIsReadOrRefusedButNeverElse()
    {
        byte[] bytes = TestModels.Bytes(TestModels.Create(hidden: 2));
        int end = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        int refused = 0;
        for (int bit = 0; bit < 8 * end; bit++)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                ModelFile.Read(new MemoryStream(flipped));
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.IsGreaterThan(8 * end * 9 / 10, refused, "nearly every bit matters");
    }

    [TestMethod]
    public void AnythingBehindTheModelIsRefused()
    {
        byte[] longer = [.. TestModels.Bytes(TestModels.Create()), 0];
        Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(longer)));
        Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new OneWayStream(longer)));
    }

    [TestMethod]
    [DataRow("\"format\":\"Microsoft.ML.Lstm.SequenceModel\"", "\"format\":\"pt\"", "format")]
    [DataRow("\"version\":\"2\"", "\"version\":\"3\"", "'weights' in the metadata")]
    [DataRow("\"version\":\"2\"", "\"version\":\"1\"", "in the metadata of version '1' only format, version, network")]
    [DataRow("\"version\":\"2\"", "\"vresion\":\"2\"", "'version'")]
    [DataRow("\"sha256\":", "\"sha257\":", "a sha256 in the metadata of version '2'")]
    [DataRow("\"sha256\":\"", "\"sha256\":\"0", "expected 64 hexadecimal digits as sha256")]
    [DataRow("\"sha256\":", "\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"sha256\":",
        "'sha256' twice")]
    [DataRow("\\\"cell\\\":\\\"Lstm\\\"", "\\\"cell\\\":\\\"0\\\"", "Lstm, Gru, Rnn")]
    [DataRow("\\\"cell\\\":\\\"Lstm\\\"", "\\\"cell\\\":\\\"lstm\\\"", "Lstm, Gru, Rnn")]
    [DataRow("\\\"cell\\\":\\\"Lstm\\\"", "\\\"cell\\\":\\\"Lstm, Gru\\\"", "Lstm, Gru, Rnn")]
    [DataRow("\\\"cell\\\":\\\"Lstm\\\"", "\\\"cell\\\":0", "an error at $.cell")]
    [DataRow("\\\"cell\\\":\\\"Lstm\\\"", "\\\"cell\\\":\\\"Gru\\\"", "parameters")]
    [DataRow("\\\"pooling\\\":\\\"Last\\\"", "\\\"pooling\\\":\\\"Sum\\\"", "Last, Mean, Max")]
    [DataRow("\\\"layers\\\":1", "\\\"layers\\\":0", "from 1 to")]
    [DataRow("\\\"layers\\\":1", "\\\"layers\\\":2147483647", "tensors")]
    [DataRow("\\\"hiddenSize\\\":4", "\\\"hiddenSize\\\":-4", "from 1 to")]
    [DataRow("\\\"hiddenSize\\\":4", "\\\"hiddenSize\\\":4.5", "an error at $.hiddenSize")]
    [DataRow("\\\"hiddenSize\\\":4", "\\\"hiddenSize\\\":5", "parameters")]
    [DataRow("\\\"hiddenSize\\\":4", "\\\"hiddenSize\\\":2147483647", "hidden size of 2147483647")]
    [DataRow("\\\"inputSize\\\":3", "\\\"inputSize\\\":2147483647", "parameters")]
    [DataRow("\\\"outputSize\\\":2", "\\\"outputSize\\\":2147483647", "parameters")]
    [DataRow("\\\"outputSize\\\":2", "\\\"outputSize\\\":1e99", "an error at $.outputSize")]
    [DataRow("\\\"staticSize\\\":0", "\\\"staticSize\\\":1", "tensors")]
    [DataRow("\\\"staticSize\\\":0,", "", "staticSize")]
    [DataRow("\\\"bidirectional\\\":false", "\\\"bidirectional\\\":true", "tensors")]
    [DataRow("\\\"bidirectional\\\":false", "\\\"bidirectional\\\":null", "an error at $.bidirectional")]
    [DataRow("\\\"bidirectional\\\":false", "\\\"bidirectional\\\":false,\\\"more\\\":1", "'more'")]
    [DataRow("\\\"layers\\\":1", "\\\"layers\\\":1,\\\"layers\\\":1", "'layers'")]
    [DataRow("\\\"layers\\\":1", "\\\"layers\\\":[[[1]]]", "an error at $.layers")]
    [DataRow("\\\"layers\\\":1", "\\\"lay\\\\ud800ers\\\":1", "found an invalid sequence")]
    [DataRow("\"head.bias\"", "\"head.bios\"", "'head.bias'")]
    [DataRow("\"shape\":[16,3]", "\"shape\":[3,16]", "[16, 3]")]
    [DataRow("\"shape\":[16,3]", "\"shape\":[48]", "[16, 3]")]
    [DataRow("\"shape\":[16],", "\"shape\":[16,1],", "[16]")]
    public void AnotherHeaderThanTheNetworksIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.Create()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    [DataRow("\\\"vocabulary\\\":5", "\\\"vocabulary\\\":-1", "from 0 to")]
    [DataRow("\\\"vocabulary\\\":5", "\\\"vocabulary\\\":2147483647", "embeddings of 2147483647 tokens")]
    [DataRow("\\\"vocabulary\\\":5", "\\\"vocabulary\\\":1e20", "an error at $.embeddings[0].vocabulary")]
    [DataRow("\\\"vocabulary\\\":5", "\\\"vocabulary\\\":4", "parameters")]
    [DataRow("\\\"vocabulary\\\":5", "\\\"vocabulary\\\":6", "parameters")]
    [DataRow("\\\"vocabulary\\\":5,", "", "vocabulary")]
    [DataRow("\\\"vocabulary\\\":5,", "\\\"vocabulary\\\":5,\\\"more\\\":1,", "'more'")]
    [DataRow("\\\"size\\\":2", "\\\"size\\\":0", "from 1 to")]
    [DataRow("\\\"size\\\":2", "\\\"size\\\":2147483647", "at most 6 features")]
    [DataRow("\\\"size\\\":2", "\\\"size\\\":3", "tensors")]
    [DataRow("\\\"inputSize\\\":6", "\\\"inputSize\\\":4", "at most 4 features")]
    [DataRow("\\\"inputSize\\\":6", "\\\"inputSize\\\":5", "tensors")]
    [DataRow("{\\\"vocabulary\\\":5,\\\"size\\\":2},", "", "tensors")]
    [DataRow("{\\\"vocabulary\\\":5,\\\"size\\\":2}", "5", "an error at $.embeddings[0]")]
    [DataRow("\\\"embeddings\\\":[", "\\\"embeddings\\\":{\\\"a\\\":[", "found an error at")]
    [DataRow("\\\"stepOutputs\\\":true", "\\\"stepOutputs\\\":1", "an error at $.stepOutputs")]
    [DataRow("\\\"stepOutputs\\\":true", "\\\"crf\\\":true", "stepOutputs")]
    [DataRow("\\\"stepOutputs\\\":true", "\\\"headReadsInputs\\\":true", "stepOutputs")]
    [DataRow("\\\"stepOutputs\\\":true", "\\\"stepOutputs\\\":true,\\\"crf\\\":true,\\\"headReadsInputs\\\":true",
        "no headReadsInputs where there is crf")]
    [DataRow("\"embeddings.0.weight\"", "\"embeddings.7.weight\"", "'embeddings.0.weight'")]
    [DataRow("\"shape\":[6,2]", "\"shape\":[2,6]", "[6, 2]")]
    [DataRow("\"shape\":[6,2]", "\"shape\":[12]", "[6, 2]")]
    public void AnotherHeaderThanThatOfAModelOfTokensIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.CreateWithTokens()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    [DataRow("\\\"decoder\\\":true", "\\\"decoder\\\":false", "tensors")]
    [DataRow("\\\"decoder\\\":true", "\\\"decoder\\\":1", "an error at $.decoder")]
    [DataRow("\\\"decoder\\\":true", "\\\"decoder\\\":true,\\\"stepOutputs\\\":true",
        "neither stepOutputs nor embeddings where there is a decoder")]
    [DataRow("\\\"decoder\\\":true", "\\\"decoder\\\":true,\\\"embeddings\\\":[{\\\"vocabulary\\\":1,\\\"size\\\":1}]",
        "neither stepOutputs nor embeddings where there is a decoder")]
    [DataRow("\\\"layers\\\":1", "\\\"layers\\\":2147483647", "tensors")]
    [DataRow("\\\"outputSize\\\":2", "\\\"outputSize\\\":2147483647", "a code of 2147483647 numbers")]
    [DataRow("\\\"outputSize\\\":2", "\\\"outputSize\\\":3", "parameters")]
    [DataRow("\\\"inputSize\\\":3", "\\\"inputSize\\\":2147483647", "parameters")]
    [DataRow("\"decoder.head.bias\"", "\"decoder.head.bios\"", "'decoder.head.bias'")]
    [DataRow("\"decoder.head.weight\":{\"dtype\":\"F32\",\"shape\":[3,4]", "\"decoder.head.weight\":{\"dtype\":\"F32\",\"shape\":[4,3]",
        "[3, 4]")]
    public void AnotherHeaderThanThatOfAnAutoencoderIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.CreateAutoencoder()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    public void AnEnsembleComesBackBitForBit()
    {
        foreach (SequenceModel model in new[] { TestModels.CreateEnsemble(), TestModels.CreateEnsembleWithTokens() })
        {
            SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

            CollectionAssert.AreEqual(model.Members.Select(member => member.Shape).ToArray(),
                back.Members.Select(member => member.Shape).ToArray());
            for (int i = 0; i < model.Members.Count; i++)
                TestModels.AssertSameBits(model.Member(i), back.Member(i));
        }
    }

    [TestMethod]
    public void TheParametersOfAnEnsembleAreNamedAfterTheirMembers()
    {
        SequenceModelParameters model = new(TestModels.CreateEnsemble());

        Assert.AreEqual(3, model.Members.Count);
        Assert.AreEqual(CellType.Gru, model.Members[1].CellType);
        CollectionAssert.AreEqual(model.Weights["members.1.weight_hh_l0_reverse"].ToArray(),
            model.Members[1].Weights["weight_hh_l0_reverse"].ToArray());
        CollectionAssert.AreEqual(model.Weights["head.weight"].ToArray(), model.Members[0].Weights["head.weight"].ToArray());
    }

    [TestMethod]
    [DataRow("\\\"members\\\":[{", "\\\"membres\\\":[{", "membres")]
    [DataRow("\\\"members\\\":[{", "\\\"members\\\":[null,{", "it is null")]
    [DataRow("\\\"members\\\":[{", "\\\"members\\\":[{\\\"members\\\":[],", "of their own")]
    [DataRow("\\\"members\\\":[{", "\\\"members\\\":[{\\\"embeddings\\\":[],", "without embeddings")]
    [DataRow("\\\"members\\\":[{", "\\\"members\\\":[{\\\"crf\\\":true,\\\"stepOutputs\\\":true,", "of the first")]
    [DataRow("{\\\"cell\\\":\\\"Gru\\\",\\\"inputSize\\\":3", "{\\\"cell\\\":\\\"Gru\\\",\\\"inputSize\\\":4", "of the first")]
    [DataRow("{\\\"cell\\\":\\\"Gru\\\"", "{\\\"cell\\\":\\\"Rnn\\\"", "parameters")]
    [DataRow("\\\"hiddenSize\\\":6", "\\\"hiddenSize\\\":2147483647", "hidden size of 2147483647")]
    [DataRow("\\\"layers\\\":2", "\\\"layers\\\":2147483647", "tensors")]
    [DataRow("\"members.1.head.bias\"", "\"members.3.head.bias\"", "'members.1.head.bias'")]
    public void AnotherHeaderThanThatOfAnEnsembleIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.CreateEnsemble()), was, becomes);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    public void AnAutoencoderCutOffAnywhereIsRefused()
    {
        byte[] bytes = TestModels.Bytes(TestModels.CreateAutoencoder());
        for (int length = 0; length < bytes.Length; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes[..length])), $"{length} bytes");
    }

    [TestMethod]
    public void AModelWithATableLessIsRefused()
    {
        SequenceModel model = TestModels.CreateWithTokens();
        var content = SafeTensors.Read(new MemoryStream(TestModels.Bytes(model)));
        foreach (string table in new[] { "embeddings.0.weight", "embeddings.1.weight" })
        {
            var stream = new MemoryStream();
            new SafeTensors(content.Metadata, [.. content.Tensors.Where(tensor => tensor.Name != table)]).Write(stream);
            stream.Position = 0;
            var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(stream));
            StringAssert.Contains(e.Message, "tensors");
        }
    }

    [TestMethod]
    public void AModelOfTokensCutOffAnywhereIsRefused()
    {
        byte[] bytes = TestModels.Bytes(TestModels.CreateWithTokens());
        for (int length = 0; length < bytes.Length; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes[..length])), $"{length} bytes");
    }

    [TestMethod]
    public void AScaleOfZeroIsThatOfWhatNeverVaried()
    {
        SequenceModel model = TestModels.Create();
        model.OutputScaler.Scale[1] = 0f;

        SequenceModel read = ModelFile.Read(new MemoryStream(TestModels.Bytes(model)));

        Assert.IsTrue(read.OutputScaler.IsConstant(1));
        CollectionAssert.AreEqual(model.OutputScaler.Scale, read.OutputScaler.Scale);
    }

    [TestMethod]
    public void AValueThatIsNotFiniteIsRefused()
    {
        byte[] bytes = TestModels.Bytes(TestModels.Create());
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            // The last tensor in the file is output.scale.
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(bytes.Length - 4), bad);
            SavedZip.RemakeChecksum(bytes);
            var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));
            StringAssert.Contains(e.Message, "output.scale");
        }
    }
}
