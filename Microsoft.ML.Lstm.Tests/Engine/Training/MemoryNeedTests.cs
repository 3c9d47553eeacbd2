using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Networks that can't fit are refused before anything is computed.</summary>
[TestClass]
public sealed class MemoryNeedTests
{
    private const long Gigabytes = 1_000_000_000;

    [TestMethod]
    [DataRow(64, 1, 100, 1L, null)]
    [DataRow(65536, 1, 10, 1000L,
        "it would have 17,180,459,009 parameters, and at most 1,073,741,823 are possible (HiddenSize 65536, NumberOfLayers 1, 1 features "
        + "a step, 1 outputs)")]
    [DataRow(16000, 1, 10, 24L,
        "it takes about 32.9 GB, and 24 GB are there; 32.8 GB are for its 1,024,144,001 parameters (HiddenSize 16000")]
    [DataRow(64, 1, 10_000_000, 24L,
        "a batch of the longest sequences has 320,000,000 steps of 256 numbers each, and at most 2,147,483,591 are possible (BatchSize "
        + "32, HiddenSize 64;")]
    [DataRow(64, 4, 200_000, 8L, " GB are for a batch of the longest sequences, which has 6,400,000 steps (BatchSize 32, HiddenSize 64;")]
    public void WhatItTakesIsSaidWithTheOptionsItComesFrom(int hidden, int layers, int length, long available, string? expected)
    {
        var options = new LoopOptions { HiddenSize = hidden, NumberOfLayers = layers };
        var shape = new NetworkShape { Cell = CellType.Lstm, InputSize = 1, HiddenSize = hidden, Layers = layers, OutputSize = 1 };
        void Check() => MemoryNeed.Check(shape, options, Enumerable.Repeat(length, 40), available * Gigabytes);
        if (expected is null)
            Check();
        else
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(Check).Message, expected);
    }

    [TestMethod]
    public void FitRefusesATooLargeNetworkAtOnce()
    {
        var ml = new MLContext(1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(4));
        foreach (string trainer in AnyTrainer.Names)
        {
            var error = Assert.ThrowsExactly<InvalidOperationException>(() =>
                AnyTrainer.Create(ml, trainer, options => options.HiddenSize = 65536).Fit(data));
            StringAssert.Contains(error.Message, "HiddenSize 65536");
        }
    }
}
