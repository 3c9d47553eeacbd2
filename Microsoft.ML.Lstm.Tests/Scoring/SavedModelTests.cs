using System.IO.Compression;
using System.Text;
using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Scoring;
using Microsoft.ML.Lstm.Tests.Trainers;

namespace Microsoft.ML.Lstm.Tests.Scoring;

/// <summary>model.zip files: what is in them, and what happens when that is damaged.</summary>
[TestClass]
public sealed class SavedModelTests
{
    [TestMethod]
    public void ModelIsHeaderColumnsAndNetwork()
    {
        using var zip = new ZipArchive(Save(), ZipArchiveMode.Read);
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
    [DataRow("Columns.json", """{"features": [{"name": null, "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""", "name")]
    [DataRow("Columns.json", """{"features": [{"name": "", "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""", "expected a name for a feature column, found none")]
    [DataRow("Columns.json", """{"features": [{"name": "F", "dimensions": [], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""", "expected one or more dimensions of 0 or more for the feature column, found []")]
    [DataRow("Columns.json", """{"features": [{"name": "F", "dimensions": [65536, 65536], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""", "expected dimensions of the feature column whose product is at most 2147483647, found [65536, 65536]")]
    [DataRow("Columns.json", """{"features": [{"name": "F", "dimensions": [65536, 65536, 0], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false}""", "expected dimensions of the feature column whose product is at most 2147483647, found [65536, 65536, 0]")]
    [DataRow("Columns.json", """{"features": [{"name": "F", "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false, "staticFeatureColumnName": "S"}""", "A saved LSTM model has 0 static features, but its columns say 'S'.")]
    [DataRow("Columns.json", """{"features": [{"name": "F", "dimensions": [10], "featuresPerStep": 2, "vocabulary": 0}], "vectorScore": false, "surprise": 1}""", "surprise")]
    [DataRow("Columns.json", null, "A saved LSTM model has no 'Columns.json'")]
    [DataRow("Model.safetensors", "not tensors", "safetensors")]
    [DataRow("Model.safetensors", null, "A saved LSTM model has no 'Model.safetensors'")]
    public void DamagedModelIsOneClearError(string entry, string? content, string message)
    {
        MemoryStream stream = Save();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            ZipArchiveEntry found = Entry(zip, entry);
            string name = found.FullName;
            found.Delete();
            if (content is not null)
            {
                using Stream replacement = zip.CreateEntry(name).Open();
                replacement.Write(Encoding.UTF8.GetBytes(content));
            }
        }
        stream.Position = 0;
        // ML.NET creates what it loads by reflection, and wraps what goes wrong there.
        Exception? error = Assert.Throws<Exception>(() => new MLContext().Model.Load(stream, out _));
        while (error is not (null or InvalidDataException))
            error = error.InnerException;
        Assert.IsNotNull(error);
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void ColumnsSurviveTheirJson()
    {
        var columns = new ScoringColumns { Features = [new FeatureColumn("Größe \"x\"", [0, 7], 7, 0), new FeatureColumn("Words", [0], 0, 9)], VectorScore = true, StaticFeatureColumnName = "S", EncodingColumnName = "E" };
        ScoringColumns read = ScoringColumns.FromJson(columns.ToJson());
        CollectionAssert.AreEqual(columns.Features[0].Dimensions, read.Features[0].Dimensions);
        CollectionAssert.AreEqual(columns.Features.Select(feature => feature with { Dimensions = [] }).ToArray(), read.Features.Select(feature => feature with { Dimensions = [] }).ToArray());
        Assert.AreEqual(columns, read with { Features = columns.Features });
    }

    private static MemoryStream Save()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ScoringTests.Data(ml, Example.Make(10));
        var stream = new MemoryStream();
        ml.Model.Save(ml.Regression.Trainers.Lstm(SmallOptions.Create()).Fit(data), data.Schema, stream);
        return stream;
    }

    private static ZipArchiveEntry Entry(ZipArchive zip, string name)
        => zip.Entries.Single(entry => entry.FullName.Split('/', '\\') is [.., var last] && last == name && entry.FullName.Contains("TransformerChain", StringComparison.Ordinal));
}
