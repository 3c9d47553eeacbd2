using System.IO.Compression;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>The entries of model.zip files, intact and damaged.</summary>
[TestClass]
public sealed class SavedModelTests
{
    [TestMethod]
    public void ModelIsHeaderColumnsAndNetwork()
    {
        using var zip = new ZipArchive(Save(AnyTrainer.Regression), ZipArchiveMode.Read);
        using var columns = new StreamReader(Entry(zip, "Columns.json").Open());
        StringAssert.Contains(columns.ReadToEnd(), "\"name\": \"Features\"");
        using var network = new BinaryReader(Entry(zip, "Model.safetensors").Open());
        long headerLength = network.ReadInt64();
        StringAssert.Contains(Encoding.UTF8.GetString(network.ReadBytes((int)headerLength)), "weight_ih_l0");
        using var header = new StreamReader(Entry(zip, "Model.key").Open(), Encoding.Latin1);
        string text = header.ReadToEnd();
        StringAssert.Contains(text, "LSTMREGR");
        StringAssert.Contains(text, "LstmRegression");
    }

    [TestMethod]
    [DataRow("Columns.json", "{", "The columns of a saved LSTM model can't be read: ")]
    [DataRow("Columns.json", "null", "expected an object, found null")]
    [DataRow("Columns.json",
        """{"features": [{"name": null, "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""", "name")]
    [DataRow("Columns.json",
        """{"features": [{"name": "", "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""",
        "expected a name for a feature column, found none")]
    [DataRow("Columns.json",
        """{"features": [{"name": "F", "dimensions": [], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""",
        "expected one or more dimensions of 0 or more for the feature column, found []")]
    [DataRow("Columns.json",
        """{"features": [{"name": "F", "dimensions": [65536, 65536], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""",
        "expected dimensions of the feature column whose product is at most 2147483647, found [65536, 65536]")]
    [DataRow("Columns.json",
        """{"features": [{"name": "F", "dimensions": [65536, 65536, 0], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""",
        "expected dimensions of the feature column whose product is at most 2147483647, found [65536, 65536, 0]")]
    [DataRow("Columns.json",
        """{"features": [{"name": "F", "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false,"""
            + """ "staticFeatureColumnName": "S"}""", "A saved LSTM model has 0 static features, but its columns say 'S'.")]
    [DataRow("Columns.json",
        """{"features": [{"name": "F", "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false, "surprise": 1}""",
        "surprise")]
    [DataRow("Columns.json", null, "A saved LSTM model has no 'Columns.json'")]
    [DataRow("Model.safetensors", "not tensors", "safetensors")]
    [DataRow("Model.safetensors", null, "A saved LSTM model has no 'Model.safetensors'")]
    public void DamagedModelIsOneClearError(string entry, string? content, string message)
        => AssertRefused(Replace(Save(AnyTrainer.Regression), entry, content is null ? null : Encoding.UTF8.GetBytes(content)), message);

    [TestMethod]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 7}], "vectorScore": false,"""
            + """ "threshold": 0.5}""", "A saved LSTM model has embeddings of other vocabularies than its columns.")]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}, {"name": "S", "dimensions": [0],"""
            + """ "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false, "threshold": 0.5}""",
        "A saved LSTM model has embeddings of other vocabularies than its columns.")]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false,"""
            + """ "threshold": 0.5}""", "A saved LSTM model reads 0 features a step, but its columns have 2.")]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 2147483647, "vocabulary": 0}, {"name": "S","""
            + """ "dimensions": [0], "featuresPerStep": 2147483647, "vocabulary": 0}], "vectorScore": false, "threshold": 0.5}""",
        "A saved LSTM model reads 0 features a step, but its columns have 4294967294.")]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 2, "vocabulary": 8}], "vectorScore": false,"""
            + """ "threshold": 0.5}""", "expected features a step or a vocabulary for the feature column, found 2 and 8")]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false}""",
        "expected 1 output and a threshold from 0 to 1")]
    [DataRow(AnyTrainer.Binary,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "threshold": 1.5}""", "expected 1 output and a threshold from 0 to 1")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Text", "values": ["a", "b"]}}""", "expected 3 values of labels, found 2")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelKind": "Numbers"}""", "learned labels of the kind Numbers; expected Key")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelKind": "Elephant"}""", "an error at $.labelKind")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Elephant", "values": ["a", "b", "c"]}}""", "expected one of Text, Boolean,")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Single", "values": ["1", "two", "3"]}}""",
        "expected values of labels of type Single, found others")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Byte", "values": ["1", "256", "3"]}}""", "expected values of labels of type Byte, found others")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Boolean", "values": ["True", null, "False"]}}""",
        "an error at $.labelValues.values[1]: it is null, not a text")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Text", "values": ["a", null, "c"]}}""", "an error at $.labelValues.values[1]: it is null")]
    [DataRow(AnyTrainer.Multiclass,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false,"""
            + """ "labelValues": {"type": "Text", "values": null}}""", "The columns of a saved LSTM model can't be read: ")]
    [DataRow(AnyTrainer.Labeling,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": true,"""
            + """ "labelValues": {"type": "Text", "values": ["a", "b", "c", "d"]}}""", "expected 3 values of labels, found 4")]
    [DataRow(AnyTrainer.Labeling,
        """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": true,"""
            + """ "encodingColumnName": "E"}""", "A saved LSTM model with outputs for each step has no encoding, but its columns say 'E'.")]
    public void ColumnsOfAnotherModelAreOneClearError(string trainer, string columns, string message)
        => AssertRefused(Replace(Save(trainer, "Tokens"), "Columns.json", Encoding.UTF8.GetBytes(columns)), message);

    [TestMethod]
    [DataRow(AnyTrainer.Autoencoder, """ "threshold": -1 """, "A saved LSTM autoencoder has the threshold -1; expected one of 0 or more.")]
    [DataRow(AnyTrainer.Autoencoder, """ "threshold": 1e39 """, "A saved LSTM autoencoder has the threshold")]
    [DataRow(AnyTrainer.Autoencoder, """ "encodingColumnName": "E" """,
        "A saved LSTM autoencoder has the threshold ; expected one of 0 or more.")]
    [DataRow(AnyTrainer.Autoencoder, """ "threshold": 1, "stepErrorColumnName": "" """,
        "expected a name for an optional column, found an empty string")]
    [DataRow(AnyTrainer.Autoencoder, """ "threshold": 1, "staticFeatureColumnName": "S" """,
        "A saved LSTM model has 0 static features, but its columns say 'S'.")]
    [DataRow(AnyTrainer.Regression, """ "stepErrorColumnName": "Errors" """,
        "A saved LSTM model reconstructs nothing, but its columns have 'Errors' for the errors of steps.")]
    public void ColumnsThatAreNotTheTasksAreOneClearError(string trainer, string columns, string message)
    {
        string json = """{"features": [{"name": "F", "dimensions": [0], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false, """;
        AssertRefused(Replace(Save(trainer), "Columns.json", Encoding.UTF8.GetBytes(json + columns + "}")), message);
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression, AnyTrainer.Labeling,
        "A saved LSTM model has outputs for each step; expected outputs for each sequence.")]
    [DataRow(AnyTrainer.Binary, AnyTrainer.Labeling, "A saved LSTM model has outputs for each step; expected outputs for each sequence.")]
    [DataRow(AnyTrainer.Multiclass, AnyTrainer.Labeling,
        "A saved LSTM model has outputs for each step; expected outputs for each sequence.")]
    [DataRow(AnyTrainer.Labeling, AnyTrainer.Multiclass,
        "A saved LSTM model has outputs for each sequence; expected outputs for each step.")]
    [DataRow(AnyTrainer.Binary, AnyTrainer.Multiclass, "A saved LSTM model for binary classification has 3 outputs")]
    [DataRow(AnyTrainer.Regression, AnyTrainer.Autoencoder, "A saved LSTM model has a decoder; expected none.")]
    [DataRow(AnyTrainer.Autoencoder, AnyTrainer.Regression, "A saved LSTM model has no decoder; expected one.")]
    [DataRow(AnyTrainer.Autoencoder, AnyTrainer.Labeling,
        "A saved LSTM model has outputs for each step; expected outputs for each sequence.")]
    [DataRow(AnyTrainer.Regression, AnyTrainer.Multiclass, "A saved LSTM model has 3 outputs, but its score is to be a single value.")]
    public void NetworkOfAnotherTaskIsOneClearError(string trainer, string other, string message)
    {
        using var zip = new ZipArchive(Save(other), ZipArchiveMode.Read);
        using Stream network = Entry(zip, "Model.safetensors").Open();
        var bytes = new MemoryStream();
        network.CopyTo(bytes);
        AssertRefused(Replace(Save(trainer), "Model.safetensors", bytes.ToArray()), message);
    }

    [TestMethod]
    [DataRow(AnyTrainer.LanguageModel, AnyTrainer.Labeling, "A saved LSTM model predicts no next tokens; expected them.")]
    [DataRow(AnyTrainer.Labeling, AnyTrainer.LanguageModel, "A saved LSTM model predicts the next tokens; expected other outputs.")]
    public void NetworkOfAnotherTaskOnTheSameTokensIsOneClearError(string trainer, string other, string message)
    {
        using var zip = new ZipArchive(Save(other, "Tokens"), ZipArchiveMode.Read);
        using Stream network = Entry(zip, "Model.safetensors").Open();
        var bytes = new MemoryStream();
        network.CopyTo(bytes);
        AssertRefused(Replace(Save(trainer, "Tokens"), "Model.safetensors", bytes.ToArray()), message);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(""" , "language": {"predictions": 0} """)]
    [DataRow(""" , "language": {"predictions": 65537} """)]
    public void ColumnsOfALanguageModelWithoutItsPredictionsAreOneClearError(string language)
    {
        string json = """{"features": [{"name": "T", "dimensions": [0], "featuresPerStep": 0, "vocabulary": 8}], "vectorScore": false""";
        AssertRefused(Replace(Save(AnyTrainer.LanguageModel, "Tokens"), "Columns.json", Encoding.UTF8.GetBytes(json + language + "}")),
            "A saved LSTM language model has no columns of one; expected 1 to 65536 predictions.");
    }

    [TestMethod]
    [DataRow(AnyTrainer.Multiclass, "ClassName")]
    [DataRow(AnyTrainer.Multiclass, "Weight")]
    [DataRow(AnyTrainer.Labeling, "StepClassNames")]
    public void NamesOfClassesAreWhereMLNetLooksForThem(string trainer, string names)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(20));
        var model = ml.Transforms.Conversion.MapValueToKey("LabelKey", names)
            .Append(AnyTrainer.Create(ml, trainer, options => options.LabelColumnName = "LabelKey"))
            .Fit(data);
        var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        stream.Position = 0;
        foreach (IDataView scored in new[] { model.Transform(data), ml.Model.Load(stream, out _).Transform(data) })
        {
            string[] expected = Names(scored.Schema["LabelKey"], "KeyValues")!;
            Assert.HasCount(3, expected);
            CollectionAssert.AreEqual(expected, Names(scored.Schema["PredictedLabel"], "KeyValues"));
            if (trainer == AnyTrainer.Labeling)
                continue;
            CollectionAssert.AreEqual(expected, Names(scored.Schema["Score"], "TrainingLabelValues"));
            CollectionAssert.AreEqual(names == "Weight" ? null : expected, Names(scored.Schema["Score"], "SlotNames"));
        }

        static string[]? Names(DataViewSchema.Column column, string annotation)
        {
            if (column.Annotations.Schema.GetColumnOrNull(annotation)?.Type is not VectorDataViewType type)
                return null;
            return type.ItemType == TextDataViewType.Instance ? Values<ReadOnlyMemory<char>>() : Values<float>();

            string[] Values<T>()
            {
                VBuffer<T> values = default;
                column.Annotations.GetValue(annotation, ref values);
                return [.. values.DenseValues().Select(value => $"{value}")];
            }
        }
    }

    [TestMethod]
    public void NamesOfManyClassesCanBeLoadedAgain()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(10));
        IDataView names = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 40_000)
            .Select(i => new { Name = i < 3 ? new[] { "low", "middle", "high" }[i] : $"a class with a long name, number {i}" }));
        var model = ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassName", keyData: names)
            .Append(AnyTrainer.Create(ml, AnyTrainer.Multiclass,
                options => (options.LabelColumnName, options.NumberOfEpochs) = ("LabelKey", 1)))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(data);
        var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        stream.Position = 0;
        EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), "PredictedLabel"),
            ColumnReader.Read(ml.Model.Load(stream, out _).Transform(data), "PredictedLabel"));
    }

    [TestMethod]
    public void LabelValuesSurviveTheirJson()
    {
        string[] texts = ["", "NaN", "Größe \"x\"", " two  words "];
        ScoringColumns columns = Columns with { LabelValues = new KeyValues("Text", texts).ToSaved() };
        KeyValues read = KeyValues.From(ScoringColumns.FromJson(columns.ToJson()).LabelValues)!;
        CollectionAssert.AreEqual(texts, read.Values);
        Assert.IsTrue(read.IsText);
        new KeyValues("Single", ["NaN", "-0", "1E-45", "Infinity"]).Check(4);
        new KeyValues("UInt64", ["18446744073709551615"]).Check(1);
    }

    [TestMethod]
    public void ColumnsSurviveTheirJson()
    {
        ScoringColumns columns = Columns;
        ScoringColumns read = ScoringColumns.FromJson(columns.ToJson());
        CollectionAssert.AreEqual(columns.Features[0].Dimensions, read.Features[0].Dimensions);
        CollectionAssert.AreEqual(columns.Features.Select(feature => feature with { Dimensions = [] }).ToArray(),
            read.Features.Select(feature => feature with { Dimensions = [] }).ToArray());
        Assert.AreEqual(columns, read with { Features = columns.Features });
    }

    private static ScoringColumns Columns => new()
    {
        Features = [new FeatureColumn("Größe \"x\"", [0, 7], 7, 0), new FeatureColumn("Words", [0], 0, 9)],
        VectorScore = true,
        StaticFeatureColumnName = "S",
        EncodingColumnName = "E",
        StepErrorColumnName = "Errors",
    };

    private static MemoryStream Save(string trainer, string features = "Features")
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(10));
        var stream = new MemoryStream();
        ml.Model.Save(AnyTrainer.CreateAny(ml, trainer, options => options.FeatureColumnName = features).Fit(data), data.Schema, stream);
        return stream;
    }

    /// <summary>The model with the content of an entry replaced, or the entry removed, and valid checksums.</summary>
    private static MemoryStream Replace(MemoryStream stream, string entry, byte[]? content)
    {
        var zip = new SavedZip(stream);
        string name = zip.Find(entry);
        if (content is null)
            zip.Remove(name);
        else
            zip[name] = content;
        zip.RemakeChecksums();
        return zip.ToStream();
    }

    private static void AssertRefused(MemoryStream model, string message)
    {
        // ML.NET creates transformers by reflection, which wraps their exceptions.
        Exception? error = Assert.Throws<Exception>(() => new MLContext().Model.Load(model, out _));
        while (error is not (null or InvalidDataException))
            error = error.InnerException;
        Assert.IsNotNull(error);
        StringAssert.Contains(error.Message, message);
    }

    private static ZipArchiveEntry Entry(ZipArchive zip, string name)
        => zip.Entries.Single(entry => entry.FullName.Split('/', '\\') is [.., var last]
            && last == name
            && entry.FullName.Contains("TransformerChain", StringComparison.Ordinal));
}
