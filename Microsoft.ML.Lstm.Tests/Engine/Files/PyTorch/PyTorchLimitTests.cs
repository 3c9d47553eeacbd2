using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Files.PyTorch;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>What files of PyTorch may ask for, and what of a network is not written for it.</summary>
[TestClass]
public sealed class PyTorchLimitTests
{
    [TestMethod]
    [DataRow(8, true)]
    [DataRow(9, false)]
    public void ATensorHasAtMostEightDimensions(int dimensions, bool isRead)
    {
        byte[] sizes = [(byte)'(', .. Enumerable.Range(0, dimensions).SelectMany(_ => new byte[] { (byte)'K', 1 }), (byte)'t'];
        byte[] pickle =
        [
            0x80, 2, .. "ctorch._utils\n_rebuild_tensor_v2\n"u8, (byte)'(',
            // The storage: its type, key, place and length.
            (byte)'(', .. Text("storage"), .. "ctorch\nFloatStorage\n"u8, .. Text("0"), .. Text("cpu"), (byte)'K', 1, (byte)'t', (byte)'Q',
            (byte)'K', 0, .. sizes, .. sizes, (byte)'t', (byte)'R', (byte)'.',
        ];
        if (isRead)
        {
            Assert.IsInstanceOfType<PickledTensor>(Read());
            return;
        }
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read()).Message, "8 sizes");

        object? Read() => PickleReader.Read(pickle, new Budget(1 << 20, "PyTorch"));

        static byte[] Text(string text) => [(byte)'X', (byte)text.Length, 0, 0, 0, .. System.Text.Encoding.ASCII.GetBytes(text)];
    }

    [TestMethod]
    public void AProductOfLinearLayersIsNoLargerThanTheFileJustifies()
    {
        Assert.AreEqual(1, Load(20).OutputCount);
        // 30,000 rows of 30,000 numbers stand between.
        Assert.ThrowsExactly<InvalidDataException>(() => Load(30_000));
        // As many as overflow an int.
        Assert.Throws<Exception>(() => Load(70_000));

        static SequenceModelParameters Load(int size)
        {
            var stream = new MemoryStream();
            new SafeTensors(new Dictionary<string, string>(),
            [
                new SafeTensor("lstm.weight_ih_l0", [4, 1], new float[4]),
                new SafeTensor("lstm.weight_hh_l0", [4, 1], new float[4]),
                new SafeTensor("a.weight", [1, size], new float[size]),
                new SafeTensor("b.weight", [size, 1], new float[size]),
                new SafeTensor("c.weight", [1, size], new float[size]),
            ]).Write(stream);
            stream.Position = 0;
            return SequenceModelParameters.LoadPyTorch(stream, new() { LinearModules = ["a", "b", "c"], StaticFeatureCount = size - 1 });
        }
    }

    [TestMethod]
    [DataRow(true, "SoftmaxCutoffs")]
    [DataRow(false, "conditional random field")]
    public void WhatPyTorchsLayersDoNotHaveIsNotWritten(bool isAdaptive, string expected)
    {
        var shape = new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 2,
            HiddenSize = 5,
            Head = isAdaptive ? Head.EveryStep : Head.Crf,
            OutputSize = 10,
            AdaptiveSoftmax = isAdaptive
                ? AdaptiveSoftmaxShape.ByFrequency([.. Enumerable.Range(0, 10).Select(i => 10L - i)], [3, 6], inputSize: 5, factor: 2)
                : null,
        };
        var model = new SequenceModel(new ParameterSet(shape), AffineScaler.Identity(2), AffineScaler.Identity(0),
            AffineScaler.Identity(10));
        var stream = new MemoryStream();
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(
            () => new SequenceModelParameters(model).SavePyTorch(stream)).Message, expected);
        Assert.AreEqual(0, stream.Length);
    }

    [TestMethod]
    [DataRow("F32")]
    [DataRow("F64")]
    [DataRow("F16")]
    [DataRow("BF16")]
    public void ManyElementsAreReadAsEachIs(string name)
    {
        ElementType type = ElementType.Find(name)!;
        byte[] bytes = new byte[37 * type.Size];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(53 * i + 17);
        // The sign and exponent of each, finite.
        for (int i = type.Size - 1; i < bytes.Length; i += type.Size)
            bytes[i] = (byte)(i % 2 == 0 ? 0x3e : 0xbe);
        float[] values = new float[37];
        type.Read(bytes, values);
        for (int i = 0; i < values.Length; i++)
            Assert.AreEqual(type.Read(bytes.AsSpan(i * type.Size)), values[i]);
    }
}
