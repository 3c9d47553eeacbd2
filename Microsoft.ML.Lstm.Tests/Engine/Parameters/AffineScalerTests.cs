using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

[TestClass]
public sealed class AffineScalerTests
{
    /// <summary>Steps of any number of features, of which a vector has several or a part, with numbers of every kind.</summary>
    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(1, 37)]
    [DataRow(7, 1)]
    [DataRow(7, 24)]
    [DataRow(16, 5)]
    [DataRow(63, 9)]
    [DataRow(64, 3)]
    [DataRow(101, 3)]
    public void EachNumberIsScaledByItsFeature(int size, int steps)
    {
        var random = new Random(size);
        float[] offset = [.. Enumerable.Range(0, size).Select(_ => random.NextSingle() - 0.5f)];
        float[] scale = [.. Enumerable.Range(0, size).Select(j => j % 5 == 4 ? 0 : 3 * random.NextSingle())];
        float[] values = [.. Enumerable.Range(0, size * steps).Select(i => (i % 11) switch
        {
            3 => float.MaxValue,
            7 => -3e18f,
            9 => 1e-40f,
            _ => random.NextSingle(),
        })];
        if (values.Length > 12)
            values[12] = float.NaN;
        float[] scaled = [.. values];

        new AffineScaler(offset, scale).Apply(scaled);

        for (int i = 0; i < values.Length; i++)
        {
            float expected = Math.Clamp((values[i] - offset[i % size]) * scale[i % size], -1e18f, 1e18f);
            Assert.AreEqual(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(scaled[i]), $"{i}: {values[i]}");
        }
    }

    /// <summary>The difference of two large floats is more than the largest.</summary>
    [TestMethod]
    public void WhatOverflowsIsScaledInDouble()
    {
        float[] values = [.. Enumerable.Repeat(float.MaxValue, 33)];

        new AffineScaler([-float.MaxValue, -float.MaxValue, float.MaxValue], [1e-30f, 0, 1]).Apply(values);

        for (int i = 0; i < values.Length; i += 3)
        {
            Assert.AreEqual((float)((double)float.MaxValue * 2 * 1e-30f), values[i]);
            Assert.AreEqual(0f, values[i + 1]);
            Assert.AreEqual(0f, values[i + 2]);
        }
    }
}
