using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Forecasting;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>The entry of a forecaster in a model.zip, intact and damaged.</summary>
[TestClass]
public sealed class SavedForecastTests
{
    private const string Settings = "Forecast.json";
    private const string Network = "Model.safetensors";
    private const string Numbers = "Forecast.safetensors";

    private static readonly byte[] Saved = Save();

    [TestMethod]
    [DataRow(Settings)]
    [DataRow(Network)]
    [DataRow(Numbers)]
    public void AMissingStreamIsNamed(string stream) => AssertRefused(stream, _ => null, $"A saved LSTM model has no '{stream}'");

    [TestMethod]
    [DataRow(Settings)]
    [DataRow(Network)]
    [DataRow(Numbers)]
    public void ATruncatedStreamIsOneClearError(string stream)
    {
        byte[] bytes = Read(stream);
        // Blanks at the end of JSON have no meaning.
        foreach (int length in new[] { 0, 1, 7, 8, bytes.Length / 3, bytes.Length / 2, bytes.Length - 4, bytes.Length - 1 })
            AssertRefused(stream, content => content[..length], "");
    }

    [TestMethod]
    [DataRow("layout.targets", "0", "expected sizes from 1")]
    [DataRow("layout.targets", "2", "expected 2 columns of targets, found 1")]
    [DataRow("layout.targets", "2147483647", "expected sizes from 1")]
    [DataRow("layout.horizon", "-1", "expected sizes from 1")]
    [DataRow("layout.horizon", "7", "outputs; expected ")]
    [DataRow("layout.horizon", "1048576", "outputs; expected ")]
    [DataRow("layout.horizon", "1048577", "expected sizes from 1")]
    [DataRow("layout.lags", "0", "expected sizes from 1")]
    [DataRow("layout.lags", "1048576", "features and ")]
    [DataRow("layout.windowSize", "2147483647", "expected sizes from 1")]
    [DataRow("layout.windowSize", "1048576", "of tensor 'states'")]
    [DataRow("layout.windowSize", "25", "of tensor 'states'")]
    [DataRow("layout.pastCovariates", "1", "expected columns of 1 past and 1 known covariates, found others")]
    [DataRow("layout.knownCovariates", "0", "expected columns of 0 past and 0 known covariates, found others")]
    [DataRow("layout.knownCovariates", "1048576", "features and ")]
    [DataRow("layout.calendarFeatures", "8", "features of the calendar")]
    [DataRow("layout.scaling", "7", "an error at $.layout.scaling: it is a number")]
    [DataRow("layout.scaling", "\"Elephant\"", "can't be read")]
    [DataRow("layout.loss", "\"Gaussian\"", "outputs; expected ")]
    [DataRow("layout.hasMissing", "true", "features and ")]
    [DataRow("layout.surprise", "1", "surprise")]
    [DataRow("layout", "null", "can't be read")]
    [DataRow("settings", "null", "can't be read")]
    [DataRow("settings.columns", "null", "can't be read")]
    [DataRow("settings.columns.targets", "[null]", "an error at $.settings.columns.targets[0]: it is null")]
    [DataRow("settings.columns.targets", "[]", "expected 1 columns of targets, found 0")]
    [DataRow("settings.columns.knownCovariates", "[\"Promotion\", \"Size\"]",
        "expected columns of 0 past and 1 known covariates, found others")]
    [DataRow("settings.columns.series", "\"\"", "expected names of columns, found an empty one")]
    [DataRow("settings.columns.time", "", "expected a time step where there is a column of times")]
    [DataRow("settings.columns.statics", "", "A saved LSTM forecast has 1 static features, but its columns say ''.")]
    [DataRow("settings.timeStep.ticks", "-1", "a step ahead")]
    [DataRow("settings.timeStep.months", "2147483647", "a step ahead")]
    [DataRow("settings.timeStep.day", "32", "a step ahead")]
    [DataRow("settings.timeSlots", "{\"days\": 2, \"open\": [0]}", "expected times of day or week with rows")]
    [DataRow("settings.timeSlots", "{\"days\": 7, \"open\": []}", "expected times of day or week with rows")]
    [DataRow("settings.timeSlots", "{\"days\": 7, \"open\": [1, 1]}", "expected times of day or week with rows")]
    [DataRow("settings.timeSlots", "{\"days\": 7, \"open\": [-1]}", "expected times of day or week with rows")]
    [DataRow("settings.timeSlots", "{\"days\": 7, \"open\": [100000]}", "expected times of day or week with rows")]
    [DataRow("settings.outputColumnName", "\"\"", "expected names of columns, found an empty one")]
    [DataRow("settings.confidenceLevel", "1", "expected a confidence level above 0 and below 1")]
    [DataRow("settings.confidenceLevel", "\"NaN\"", "can't be read")]
    [DataRow("settings.missing", "\"3\"", "an error at $.settings.missing: it is not one of")]
    [DataRow("settings.series", "[]", "expected different names of series")]
    [DataRow("settings.series", "[\"a\", null]", "an error at $.settings.series[1]: it is null")]
    [DataRow("settings.series", "[\"a\", \"a\"]", "expected different names of series")]
    [DataRow("settings.series", "[\"a\"]", "embeddings of other series than its 1")]
    [DataRow("settings.series", "[\"a\", \"b\", \"c\"]", "embeddings of other series than its 3")]
    [DataRow("known", "null", "can't be read")]
    [DataRow("known", "[null, null]", "an error at $.known[0]: it is null")]
    [DataRow("known", """[{"name": "a", "time": "2024-01-01T00:00:00"}, {"name": "a", "time": "2024-01-01T00:00:00"}]""",
        "expected one state a series")]
    [DataRow("known", """[{"name": "a", "time": "2024-01-01T00:00:00"}]""", "of tensor 'states'")]
    [DataRow("known", "[]", "expected no tensors but a forecast's, found 'states'")]
    [DataRow("known", """[{"name": "a", "time": "yesterday"}, {"name": "b", "time": "2024-01-01T00:00:00"}]""", "can't be read")]
    public void SettingsThatDoNotFitAreOneClearError(string path, string value, string message) => AssertRefused(Settings, content =>
    {
        JsonNode root = JsonNode.Parse(content)!, node = root;
        string[] names = path.Split('.');
        foreach (string name in names[..^1])
            node = node[name]!;
        if (value == "")
            node.AsObject().Remove(names[^1]);
        else
            node[names[^1]] = JsonNode.Parse(value);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }, message);

    [TestMethod]
    [DataRow("null", "expected an object, found null")]
    [DataRow("[]", "can't be read")]
    [DataRow("{}", "can't be read")]
    [DataRow("{", "can't be read")]
    public void OtherJsonIsOneClearError(string json, string message)
        => AssertRefused(Settings, _ => Encoding.UTF8.GetBytes(json), message);

    [TestMethod]
    [DataRow("covariates.offset", 0)]
    [DataRow("covariates.scale", 0)]
    [DataRow("statics.offset", 0)]
    [DataRow("statics.scale", 0)]
    [DataRow("targets.level", 2)]
    [DataRow("targets.deviation", 2)]
    [DataRow("targets.change", 2)]
    [DataRow("targets.size", 2)]
    [DataRow("intervals.lower", 5)]
    [DataRow("intervals.upper", 5)]
    [DataRow("states", 100)]
    public void TensorsThatDoNotFitAreOneClearError(string name, int index)
    {
        AssertRefused(Numbers, content => Change(content, name, tensor => null),
            name == "states" ? "'states', found none" : $"expected a tensor '{name}', found none");
        AssertRefused(Numbers, content => Change(content, name, tensor => new SafeTensor(name, [.. tensor.Shape, 1], tensor.Values)),
            $"of tensor '{name}'");
        AssertRefused(Numbers, content => Change(content, name, tensor => new SafeTensor("other", tensor.Shape, tensor.Values)),
            $"expected a tensor '{name}', found none");
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            AssertRefused(Numbers, content => SetFloat(content, name, index, bad),
                $"expected finite values in tensor '{name}', found NaN or infinity.");
    }

    [TestMethod]
    [DataRow("targets.deviation", 1, -1f, "expected values of 0 or more in targets.deviation, found others")]
    [DataRow("targets.change", 2, -1f, "expected values of 0 or more in targets.change, found others")]
    [DataRow("targets.size", 2, -1f, "expected values of 0 or more in targets.size, found others")]
    [DataRow("states", 0, 25f, "expected states of 0 to 24 rows, found 25")]
    [DataRow("states", 0, -1f, "expected states of 0 to 24 rows, found -1")]
    [DataRow("states", 0, 0.5f, "expected states of 0 to 24 rows, found 0.5")]
    [DataRow("states", 0, 1e30f, "expected states of 0 to 24 rows, found 1E+30")]
    public void ValuesThatMeanNothingAreOneClearError(string name, int index, float value, string message)
        => AssertRefused(Numbers, content => SetFloat(content, name, index, value), message);

    [TestMethod]
    public void StreamsOfAnotherKindAreOneClearError()
    {
        AssertRefused(Network, _ => Read(Numbers), "the format 'Microsoft.ML.Lstm.SequenceModel'");
        AssertRefused(Numbers, _ => Read(Network),
            "expected the format 'Microsoft.ML.Lstm.Forecast', found 'Microsoft.ML.Lstm.SequenceModel'");
        AssertRefused(Network, _ => Read(Network, Save(options => options.Horizon = 7)), "outputs; expected ");
    }

    [TestMethod]
    public void ALongWindowThatTheFileDoesNotHoldTakesNoMemory()
    {
        byte[] changed = Replace(Settings,
            content =>
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content)
            .Replace("\"windowSize\": 24", "\"windowSize\": 1048576", StringComparison.Ordinal)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Load(changed);
        long refused = GC.GetAllocatedBytesForCurrentThread() - before;
        // The history of one target alone would be 4 MB.
        Assert.IsLessThan(2_000_000, refused);
    }

    private static byte[] Save(Action<LstmForecastingEstimator.Options>? change = null)
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. Reading.Wave(40, shop: "a"), .. Reading.Wave(40, shop: "b")];
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options =>
        {
            (options.SeriesColumnName, options.TimeColumnName, options.StaticFeatureColumnName, options.EmbedSeries) = ("Shop", "Time",
                "Size", true);
            (options.KnownCovariateColumnNames, options.Calendar, options.NumberOfEpochs) = (["Promotion"], CalendarFeatures.Day, 1);
            change?.Invoke(options);
        });
        var stream = new MemoryStream();
        ml.Model.Save(model, ml.Data.LoadFromEnumerable(rows).Schema, stream);
        return stream.ToArray();
    }

    private static byte[] Read(string name, byte[]? model = null)
    {
        using var zip = new ZipArchive(new MemoryStream(model ?? Saved), ZipArchiveMode.Read);
        using Stream stream = Entry(zip, name).Open();
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>The model with the content of one stream replaced, or the stream removed, and valid checksums.</summary>
    private static byte[] Replace(string name, Func<byte[], byte[]?> change)
    {
        byte[]? content = change(Read(name));
        var zip = new SavedZip(new MemoryStream(Saved));
        string path = zip.Find(name);
        if (content is null)
            zip.Remove(path);
        else
            zip[path] = content;
        zip.RemakeChecksums();
        return zip.ToStream().ToArray();
    }

    /// <summary>The stream with one tensor replaced, or removed.</summary>
    private static byte[] Change(byte[] content, string name, Func<SafeTensor, SafeTensor?> change)
    {
        var tensors = SafeTensors.Read(new MemoryStream(content));
        var changed = new MemoryStream();
        new SafeTensors(tensors.Metadata,
            [.. tensors.Tensors.Select(tensor => tensor.Name == name ? change(tensor) : tensor).OfType<SafeTensor>()]).Write(changed);
        return changed.ToArray();
    }

    /// <summary>The stream with one number replaced, perhaps by one that is not finite.</summary>
    private static byte[] SetFloat(byte[] content, string name, int index, float value)
    {
        int header = (int)BitConverter.ToInt64(content);
        using var json = JsonDocument.Parse(content.AsMemory(8, header));
        int offset = json.RootElement.GetProperty(name).GetProperty("data_offsets")[0].GetInt32();
        BitConverter.TryWriteBytes(content.AsSpan(8 + header + offset + 4 * index), value);
        return content;
    }

    private static void AssertRefused(string stream, Func<byte[], byte[]?> change, string message)
        => StringAssert.Contains(Load(Replace(stream, change)), message);

    /// <summary>The exception that a model is refused with.</summary>
    private static string Load(byte[] model)
    {
        // ML.NET creates transformers by reflection, which wraps their exceptions.
        Exception? error = Assert.Throws<Exception>(() => new MLContext().Model.Load(new MemoryStream(model), out _));
        while (error is not (null or InvalidDataException))
            error = error.InnerException;
        Assert.IsNotNull(error);
        return error.Message;
    }

    private static ZipArchiveEntry Entry(ZipArchive zip, string name)
        => zip.Entries.Single(entry => entry.FullName.Split('/', '\\') is [.., var last] && last == name);
}
