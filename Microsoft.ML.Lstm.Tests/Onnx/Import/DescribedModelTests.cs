using Google.Protobuf;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>What <c>ExportToOnnx</c> wrote comes back as the transformer that it was, or is refused if it was changed.</summary>
[TestClass]
public sealed class DescribedModelTests
{
    private const string Prefix = "Microsoft.ML.Lstm.", Weights = "network/layer0.W";

    private static readonly MLContext Ml = new(seed: 1);

    public static IEnumerable<object[]> Transformers
        => OnePassModel.All.Where(name => name != OnePassModel.Window).Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Transformers))]
    public void ATransformerComesBackWithTheSameResultsToTheLastBit(string name)
    {
        OnePassModel model = OnePassModel.Fit(name);
        ITransformer first = model.Model switch
        {
            LstmForecastingTransformer forecaster => forecaster.WithoutHistory(),
            LstmAnomalyTransformer detector => detector.WithoutHistory(),
            _ => model.Model,
        };
        ITransformer again = Ml.Model.LoadLstmFromOnnx(new MemoryStream(Export(model.Model)));
        Assert.AreEqual(first.GetType(), again.GetType());
        IDataView rows = Ml.Data.LoadFromEnumerable(SourceRow.Make(50));
        (int, string[])[] expected = OnePassModel.Read(first.Transform(rows), model.Outputs);
        (int, string[])[] found = OnePassModel.Read(again.Transform(rows), model.Outputs);
        CollectionAssert.AreEqual(expected.SelectMany(row => row.Item2).ToArray(), found.SelectMany(row => row.Item2).ToArray());
        CollectionAssert.AreEqual(Export(model.Model), Export(again));
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Labeling)]
    [DataRow(AnyTrainer.StepValues)]
    [DataRow(AnyTrainer.Autoencoder)]
    public void ANetworkOfAnyOptionsComesBackWithItsScaling(string trainer)
    {
        SequencePredictionTransformer model = FitAny(trainer, Example.Make(60, variable: true));
        SequenceModelParameters read = SequenceModelParameters.LoadOnnx(new MemoryStream(Export(model)));
        Assert.AreEqual(model.Model.Network.Shape, read.Network.Shape);
        foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
            CollectionAssert.AreEqual(weights.ToArray(), read.Weights[name].ToArray(), name);
        CollectionAssert.AreEqual(model.Model.Network.InputScaler.Scale, read.Network.InputScaler.Scale);
        CollectionAssert.AreEqual(model.Model.Network.OutputScaler.Scale, read.Network.OutputScaler.Scale);
        string[] inputs = trainer == AnyTrainer.Autoencoder ? ["Features"] : ["Features", "Tokens", "Shapes"];
        CollectionAssert.AreEqual(inputs, read.InputNames.ToArray());
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Multiclass)]
    public void SeveralNetworksComeBackToTheLastBit(string trainer)
    {
        SequencePredictionTransformer model = AnyTrainer.Create(Ml, trainer,
            options => (options.Effort, options.FeatureColumnName) = (TrainingEffort.Best, nameof(Example.Tokens)))
            .Fit(AnyTrainer.Data(Ml, Example.Make(60, variable: true)));
        SequenceModelParameters read = SequenceModelParameters.LoadOnnx(new MemoryStream(Export(model)));
        Assert.AreEqual(5, read.Members.Count);
        foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
            Assert.IsTrue(weights.Span.SequenceEqual(read.Weights[name].Span), name);
    }

    [TestMethod]
    public void ANetworkThatReadsWordsByTheirCharactersComesBack()
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(40, variable: true));
        SequencePredictionTransformer model = AnyTrainer.Create(Ml, AnyTrainer.Labeling, options =>
            (options.FeatureColumnName, options.CharacterColumnName, options.NumberOfCharacterFilters)
                = (nameof(Example.Tokens), nameof(Example.Words), 5)).Fit(data);
        ITransformer again = Ml.Model.LoadLstmFromOnnx(new MemoryStream(Export(model)));
        EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), "Score"), ColumnReader.Read(again.Transform(data), "Score"));
        CollectionAssert.AreEqual(Export(model), Export(again));
    }

    [TestMethod]
    public void AModelOfTheOnlyLabelComesBack()
    {
        Example[] rows = Example.Make(40, variable: true);
        foreach (Example row in rows)
            row.Label = 3;
        SequencePredictionTransformer model = AnyTrainer.Create(Ml, AnyTrainer.Regression).Fit(AnyTrainer.Data(Ml, rows));
        CollectionAssert.AreEqual(Export(model), Export(Ml.Model.LoadLstmFromOnnx(new MemoryStream(Export(model)))));
        CollectionAssert.AreEqual(new[] { 3f },
            SequenceModelParameters.LoadOnnx(new MemoryStream(Export(model))).Network.OutputScaler.Offset);
    }

    [TestMethod]
    public void TrainingGoesOnFromAConditionalRandomField()
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(60, variable: true));
        var trainer = (LstmSequenceLabelingTrainer)AnyTrainer.Create(Ml, AnyTrainer.Labeling);
        LstmSequenceLabelingTransformer model = trainer.Fit(data);
        LstmSequenceLabelingTransformer again = trainer.Fit(data, null, model.Model),
            fromFile = trainer.Fit(data, null, SequenceModelParameters.LoadOnnx(new MemoryStream(Export(model))));
        AnyTrainer.AssertSameWeights(again, fromFile);
    }

    [TestMethod]
    public void WhatWasChangedIsRefused()
    {
        byte[] classifier = Export(FitAny(AnyTrainer.Binary, Example.Make(60, variable: true)));
        byte[] forecaster = Export(OnePassModel.Fit(OnePassModel.Forecaster).Model);
        AssertRefused<InvalidDataException>(classifier, file => Tensor(file, Weights).RawData = ByteString.Empty);
        AssertRefused<InvalidDataException>(classifier, file => Tensor(file, Weights).Name = "other");
        AssertRefused<InvalidDataException>(classifier, file => Tensor(file, Weights).Dims[1]--);
        AssertRefused<InvalidDataException>(classifier, file => Change(Tensor(file, Weights), float.NaN));
        AssertRefused<InvalidDataException>(classifier, file => Change(Tensor(file, "network/label.threshold"), 0.75f));
        AssertRefused<InvalidDataException>(classifier, file => Change(Tensor(file, "network/scaled.offset"), 0.75f));
        AssertRefused<InvalidDataException>(forecaster, file => Change(Tensor(file, "network/series.change"), 0.75f));
        AssertRefused<InvalidDataException>(forecaster, file => Change(Tensor(file, "network/intervals.upper"), 0.75f));
        foreach (byte[] bytes in new[] { classifier, forecaster })
        {
            foreach (string name in Parse(bytes).MetadataProps.Select(entry => entry.Key).Where(key => key.StartsWith(Prefix)))
            {
                if (name != $"{Prefix}function")
                    AssertRefused<InvalidDataException>(bytes, file => file.MetadataProps.Remove(Entry(file, name)));
                AssertRefused<InvalidDataException>(bytes, file => file.MetadataProps.Add(Entry(file, name).Clone()));
            }
        }
        AssertRefused<InvalidDataException>(classifier, file => Replace(file, "network", "\"hiddenSize\":5", "\"hiddenSize\":2000000000"));
        AssertRefused<InvalidDataException>(classifier, file => Replace(file, "network", "\"layers\":1", "\"layers\":2000000000"));
        AssertRefused<InvalidDataException>(forecaster, file => Replace(file, "forecast", "\"windowSize\": 24", "\"windowSize\": 1048576"));
        AssertRefused<NotSupportedException>(classifier, file => Entry(file, $"{Prefix}transformer").Value = "Other");
        AssertRefused<NotSupportedException>(classifier, file => file.MetadataProps.Clear());
    }

    [TestMethod]
    public void AWeightThatWasTrainedFurtherElsewhereIsTaken()
    {
        byte[] bytes = Export(FitAny(AnyTrainer.Binary, Example.Make(60, variable: true)));
        ModelProto file = Parse(bytes);
        Change(Tensor(file, Weights), 0.75f);
        var again = (LstmBinaryTransformer)Ml.Model.LoadLstmFromOnnx(new MemoryStream(file.ToByteArray()));
        Assert.AreEqual(0.75f, again.Model.Weights["weight_ih_l0"].Span[0]);
    }

    private static SequencePredictionTransformer FitAny(string trainer, Example[] rows)
        => AnyTrainer.CreateAny(Ml, trainer, options =>
        {
            (options.Bidirectional, options.HiddenSize) = (true, 5);
            options.StaticFeatureColumnName = nameof(Example.Statics);
            if (options is SequenceTrainerOptions)
                options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features), nameof(Example.Shapes)];
        }).Fit(AnyTrainer.Data(Ml, rows));

    private static byte[] Export(ITransformer model)
    {
        var stream = new MemoryStream();
        switch (model)
        {
            case LstmForecastingTransformer forecaster:
                forecaster.ExportToOnnx(stream);
                break;
            case LstmAnomalyTransformer detector:
                detector.ExportToOnnx(stream);
                break;
            default:
                ((SequencePredictionTransformer)model).ExportToOnnx(stream);
                break;
        }
        return stream.ToArray();
    }

    private static void AssertRefused<T>(byte[] bytes, Action<ModelProto> change)
        where T : Exception
    {
        ModelProto file = Parse(bytes);
        change(file);
        Assert.ThrowsExactly<T>(() => Ml.Model.LoadLstmFromOnnx(new MemoryStream(file.ToByteArray())));
    }

    private static ModelProto Parse(byte[] bytes) => ModelProto.Parser.ParseFrom(bytes);

    private static StringStringEntryProto Entry(ModelProto file, string key) => file.MetadataProps.Single(entry => entry.Key == key);

    private static void Replace(ModelProto file, string name, string old, string other)
    {
        StringStringEntryProto entry = Entry(file, Prefix + name);
        StringAssert.Contains(entry.Value, old);
        entry.Value = entry.Value.Replace(old, other);
    }

    private static TensorProto Tensor(ModelProto file, string name)
        => file.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == name) ?? throw new ArgumentException(
            $"There is no {name}, but {string.Join(", ", file.Graph.Initializer.Select(tensor => tensor.Name))}.", nameof(name));

    private static void Change(TensorProto tensor, float value)
    {
        byte[] bytes = tensor.RawData.ToByteArray();
        BitConverter.GetBytes(value).CopyTo(bytes, 0);
        tensor.RawData = ByteString.CopyFrom(bytes);
    }
}
