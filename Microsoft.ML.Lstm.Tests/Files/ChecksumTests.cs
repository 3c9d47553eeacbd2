using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Files;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>A saved model is loaded as it was written or not at all.</summary>
[TestClass]
public sealed class ChecksumTests
{
    [TestMethod]
    public void AFlippedBitOfAnyByteOfACheckpointIsRefused()
    {
        byte[] bytes = TestModels.Bytes(TestModels.Create(hidden: 2));
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] flipped = [.. bytes];
            flipped[i] ^= (byte)(1 << (i % 8));
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new MemoryStream(flipped)), $"byte {i}");
            Assert.ThrowsExactly<InvalidDataException>(() => ModelFile.Read(new OneWayStream(flipped, atMost: 7)),
                $"byte {i}, not seekable");
        }
    }

    [TestMethod]
    public void AFlippedBitOfAnyStreamOfAModelIsRefused()
    {
        SavedZip saved = Save(AnyTrainer.Binary, "Tokens");
        foreach (string name in saved.OurStreams)
        {
            for (int i = 0; i < saved[name].Length; i += 1 + saved[name].Length / 100)
            {
                SavedZip damaged = saved.Copy();
                damaged[name] = [.. saved[name]];
                damaged[name][i] ^= 1;
                StringAssert.Matches(LoadError(damaged), new("saved LSTM model was damaged or changed|Checksum.sha256"),
                    $"{name}, byte {i}");
            }
        }
    }

    [TestMethod]
    public void AModelWithoutItsChecksumsIsRefused()
    {
        SavedZip saved = Save(AnyTrainer.Regression);
        saved.Remove(saved.Find("Checksum.sha256"));
        StringAssert.Contains(LoadError(saved), "A saved LSTM model has no 'Checksum.sha256' in 'TransformerChain'.");
    }

    [TestMethod]
    public void AModelWhoseVersionIsThatWithoutChecksumsIsRefusedIfItHasThem()
    {
        SavedZip saved = Save(AnyTrainer.Regression);
        // Version 1.1 and 1.0 in the header of ML.NET, as written and as readable.
        foreach (int at in new[] { 0x48, 0x4C })
            saved[saved.Find("Model.key")][at] = 0;
        StringAssert.Contains(LoadError(saved),
            "expected 'Microsoft.ML.Lstm LstmRegression 1.0 TransformerChain', found 'Microsoft.ML.Lstm LstmRegression 1.1 "
            + "TransformerChain'");
    }

    [TestMethod]
    [DataRow(AnyTrainer.Multiclass, AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Regression, AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Binary, AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Regression, AnyTrainer.Binary)]
    public void AModelUnderTheHeaderOfAnotherTaskIsRefused(string trainer, string header)
    {
        SavedZip saved = Save(trainer), other = Save(header);
        saved[saved.Find("Model.key")] = other[other.Find("Model.key")];
        StringAssert.Contains(LoadError(saved), "is not that of its entry");
    }

    [TestMethod]
    public void AChecksumOfAStreamThatIsNotReadIsRefused()
    {
        SavedZip saved = Save(AnyTrainer.Regression);
        string list = saved.Find("Checksum.sha256");
        saved[list] = [.. saved[list], .. Encoding.ASCII.GetBytes(new string('0', 64) + "  More.json\n")];
        StringAssert.Contains(LoadError(saved), "expected no more, found '0000");
    }

    [TestMethod]
    public void WhatIsBesideANetworkInACheckpointComesBack()
    {
        SequenceModel model = TestModels.Create();
        var beside = new SafeTensors(new Dictionary<string, string> { ["step"] = "12" },
            [new SafeTensor("moments", [2], new float[] { 1, 2 })]);
        var stream = new MemoryStream();
        ModelFile.Write(stream, model, beside);

        stream.Position = 0;
        TestModels.AssertSameBits(model, ModelFile.Read(stream, out SafeTensors back));
        Assert.AreEqual("12", back.Metadata.Single(text => text.Key == "step").Value);
        Assert.AreEqual("moments", back.Tensors.Single().Name);
        CollectionAssert.AreEqual(new float[] { 1, 2 }, back.Tensors.Single().Values.ToArray());

        stream.Position = 0;
        TestModels.AssertSameBits(model, ModelFile.Read(stream));
    }

    [TestMethod]
    [DataRow("""{"outputColumnName":"A","inputColumnNames":["A"],"windowSize":2,"windowSize":3,"labelColumnName":"""
            + """null,"labelSourceColumnName":null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"A","inputColumnNames":["A"],"windowSize":"2","labelColumnName":null,"labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"A","inputColumnNames":["A"],"WindowSize":2,"labelColumnName":null,"labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    public void NamesThatOccurTwiceOrInAnotherCaseAndNumbersAsTextAreRefused(string json)
        => Assert.ThrowsExactly<InvalidDataException>(() => SlidingWindowSettings.FromJson(Encoding.UTF8.GetBytes(json)));

    /// <summary>The message that a model is refused with.</summary>
    private static string LoadError(SavedZip model)
    {
        Exception error = Assert.Throws<Exception>(() => new MLContext().Model.Load(model.ToStream(), out _)).GetBaseException();
        Assert.IsTrue(error is InvalidDataException or FormatException, error.ToString());
        return error.Message;
    }

    private static SavedZip Save(string trainer, string features = "Features")
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(10));
        var stream = new MemoryStream();
        ml.Model.Save(AnyTrainer.CreateAny(ml, trainer, options => (options.FeatureColumnName, options.NumberOfEpochs) = (features, 1))
            .Fit(data), data.Schema, stream);
        return new SavedZip(stream);
    }
}
