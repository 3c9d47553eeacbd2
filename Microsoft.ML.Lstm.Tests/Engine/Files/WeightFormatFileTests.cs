using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

[TestClass]
public sealed class WeightFormatFileTests
{
    public static IEnumerable<object[]> Models =>
        from format in new[] { WeightFormat.BFloat16, WeightFormat.Int8 }
        from name in Kinds.Keys
        select new object[] { format, name };

    private static Dictionary<string, Func<SequenceModel>> Kinds { get; } = new()
    {
        ["LSTM"] = () => TestModels.Create(statics: 2),
        ["GRU of two directions"] = () => TestModels.Create(CellType.Gru, layers: 3, bidirectional: true, hidden: 17),
        ["RNN with attention"] = () => TestModels.Create(CellType.Rnn, hidden: 40, pooling: Pooling.Attention),
        ["tokens"] = () => TestModels.CreateWithTokens(),
        ["characters"] = TestModels.CreateWithCharacters,
        ["convolutions"] = TestModels.CreateWithConvolutions,
        ["convolutions in front"] = TestModels.CreateWithInputConvolutions,
        ["autoencoder"] = () => TestModels.CreateAutoencoder(layers: 2),
        ["ensemble"] = TestModels.CreateEnsemble,
        ["ensemble with tokens"] = TestModels.CreateEnsembleWithTokens,
    };

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void ARoundedModelComesBackBitForBit(WeightFormat format, string kind)
    {
        SequenceModel model = Kinds[kind](), rounded = model.WithFormat(format);

        byte[] bytes = TestModels.Bytes(rounded);
        SequenceModel back = ModelFile.Read(new OneWayStream(bytes));

        Assert.AreEqual(format, back.Format);
        Assert.AreEqual(WeightFormat.Float32, model.Format);
        foreach ((ParameterSet expected, ParameterSet found) in rounded.Members.Zip(back.Members))
            TestModels.AssertSameBits(rounded with { Parameters = expected }, back with { Parameters = found });
        CollectionAssert.AreEqual(bytes, TestModels.Bytes(back));
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void RoundingTwiceIsRoundingOnce(WeightFormat format, string kind)
    {
        SequenceModel once = Kinds[kind]().WithFormat(format);
        TestModels.AssertSameBits(once, once.WithFormat(format));
    }

    [TestMethod]
    [DataRow(WeightFormat.BFloat16, 0.5, 0.53)]
    [DataRow(WeightFormat.Int8, 0.25, 0.28)]
    public void TheFileHasAShareOfTheSize(WeightFormat format, double least, double most)
    {
        var shape = new NetworkShape { Cell = CellType.Lstm, InputSize = 64, HiddenSize = 128, Layers = 2, OutputSize = 1 };
        SequenceModel model = TestModels.Create(shape);
        double share = TestModels.Bytes(model.WithFormat(format)).Length / (double)TestModels.Bytes(model).Length;
        Assert.IsTrue(share > least && share < most, $"{share:0.000}");
    }

    [TestMethod]
    public void EachWeightIsWithinHalfAStepOfItsRow()
    {
        SequenceModel model = TestModels.Create(hidden: 33), rounded = model.WithFormat(WeightFormat.Int8);
        Parameter hidden = model.Parameters.Find("weight_hh_l0");
        for (int row = 0; row < hidden.Rows; row++)
        {
            float[] weights = model.Parameters.Row(hidden, row).ToArray(), few = rounded.Parameters.Row(hidden, row).ToArray();
            float step = weights.Max(MathF.Abs) / 127;
            Assert.IsLessThanOrEqualTo(255, few.Distinct().Count());
            for (int i = 0; i < weights.Length; i++)
                Assert.AreEqual(weights[i], few[i], 0.501f * step);
        }
    }

    [TestMethod]
    public void BFloat16HasEightBitsAndStaysFinite()
    {
        SequenceModel model = TestModels.Create(hidden: 33), rounded = model.WithFormat(WeightFormat.BFloat16);
        Span<float> weights = model.Parameters["weight_hh_l0"], few = rounded.Parameters["weight_hh_l0"];
        weights[5] = float.MaxValue;
        model.WithFormat(WeightFormat.BFloat16).Parameters["weight_hh_l0"].CopyTo(few);
        for (int i = 0; i < weights.Length; i++)
        {
            Assert.AreEqual(0u, BitConverter.SingleToUInt32Bits(few[i]) & 0xFFFF);
            Assert.IsTrue(float.IsFinite(few[i]));
            Assert.IsLessThanOrEqualTo(MathF.Abs(weights[i]) / 256, MathF.Abs(few[i] - weights[i]));
        }
    }

    [TestMethod]
    public void RowsOfZerosOrOfTinyOrHugeWeightsAreKept()
    {
        SequenceModel model = TestModels.Create(hidden: 8);
        Parameter hidden = model.Parameters.Find("weight_hh_l0");
        model.Parameters.Row(hidden, 0).Clear();
        model.Parameters.Row(hidden, 1).Fill(float.Epsilon);
        model.Parameters.Row(hidden, 2).Fill(float.MaxValue);
        model.Parameters.Row(hidden, 3).Fill(-1e-20f);

        SequenceModel back = ModelFile.Read(new MemoryStream(TestModels.Bytes(model.WithFormat(WeightFormat.Int8))));

        float[] firsts = [.. Enumerable.Range(0, 4).Select(row => back.Parameters.Row(hidden, row)[0])];
        CollectionAssert.AreEqual(new[] { 0f, 0f }, firsts[..2]);
        Assert.AreEqual(1, firsts[2] / float.MaxValue, 0.05);
        Assert.AreEqual(1, firsts[3] / -1e-20f, 1e-4);
    }

    /// <summary>Rounded once more, a row may neither become one of zeros nor get another scale.</summary>
    [TestMethod]
    public void TheSmallestScalesAreFoundAgain()
    {
        int zeros = 0;
        for (float largest = 0.5e-30f; largest < 2e-30f; largest *= 1.000003f)
        {
            float scale = WeightRow.ScaleOf(largest);
            Assert.AreEqual(scale, WeightRow.ScaleOf(WeightRow.Quantize(largest, scale) * scale), $"{largest}");
            zeros += scale == 0 ? 1 : 0;
        }
        Assert.IsGreaterThan(0, zeros);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void WeightsThatAreNotFiniteAreRefused(float value)
    {
        SequenceModel model = TestModels.Create();
        model.Parameters["weight_hh_l0"][3] = value;
        foreach (WeightFormat format in new[] { WeightFormat.BFloat16, WeightFormat.Int8 })
        {
            var e = Assert.ThrowsExactly<InvalidOperationException>(() => model.WithFormat(format));
            StringAssert.Contains(e.Message, "NaN or infinite");
        }
    }

    [TestMethod]
    [DataRow("\"weights\":\"Int8\"", "\"weights\":\"Int4\"", "BFloat16 or Int8")]
    [DataRow("\"weights\":\"Int8\"", "\"weights\":\"2\"", "BFloat16 or Int8")]
    [DataRow("\"weights\":\"Int8\"", "\"weights\":\"BFloat16\"", "dtype BF16 in tensor 'weight_hh_l0'")]
    [DataRow("\"weights\":\"Int8\"", "\"weighs\":\"Int8\"", "'weights' in the metadata of version '3'")]
    [DataRow("\"version\":\"3\"", "\"version\":\"2\"", "'weights' in the metadata of version '3'")]
    [DataRow("\"version\":\"3\"", "\"version\":\"1\"", "'weights' in the metadata of version '3'")]
    [DataRow("\"weight_hh_l0.scale\"", "\"weight_hh_l0.scales\"", "tensors")]
    [DataRow("\"dtype\":\"I8\"", "\"dtype\":\"U8\"", "dtype F32")]
    public void AnotherHeaderIsRefused(string was, string becomes, string says)
    {
        byte[] bytes = SavedZip.HeaderReplaced(TestModels.Bytes(TestModels.Create().WithFormat(WeightFormat.Int8)), was, becomes);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(bytes)));
        StringAssert.Contains(e.Message, says);
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(-1f)]
    [DataRow(0.1f)]
    [DataRow(1e36f)]
    public void AScaleThatIsNotThatOfItsRowIsRefused(float scale)
    {
        byte[] bytes = TestModels.Bytes(TestModels.Create().WithFormat(WeightFormat.Int8));
        SafeTensors content = SafeTensors.Read(new MemoryStream(bytes), null, ElementType.Int8);
        var changed = new MemoryStream();
        new SafeTensors(content.Metadata, [.. content.Tensors.Select(tensor => tensor.Name == "weight_hh_l0.scale"
            ? tensor with { Values = (float[])[.. tensor.Values[..^1].ToArray(), scale] } : tensor)]).Write(changed);
        changed.Position = 0;
        var e = Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(changed));
        StringAssert.Contains(e.Message, "in row 15 of 'weight_hh_l0'");
    }

    [TestMethod]
    public void AnyBitFlippedIsRefused()
    {
        byte[] bytes = TestModels.Bytes(TestModels.Create(hidden: 2).WithFormat(WeightFormat.Int8));
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(flipped)), $"bit {bit}");
        }
    }

    [TestMethod]
    public void WhatIsCopiedToBeTrainedIsOfFloats()
        => Assert.AreEqual(WeightFormat.Float32, TestModels.Create().WithFormat(WeightFormat.Int8).Parameters.Clone().Format);
}
