using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Files;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>
/// Short files that claim to be large, or decompress to large ones, all with valid checksums: none makes us allocate more than 64 MB.
/// </summary>
[TestClass]
public sealed class OversizedFileTests
{
    private const int MaxAllocated = 64 << 20;

    // The size of zeros or blanks that compress to a hundred kilobytes.
    private const int Inflated = 72 << 20;

    [TestMethod]
    [DataRow("Regression", "Columns.json")]
    [DataRow("SlidingWindow", "Window.json")]
    [DataRow("Forecaster", "Forecast.json")]
    [DataRow("Detector", "Anomaly.json")]
    public void JsonThatIsMostlyBlanksIsRefused(string kind, string stream)
        => AssertRefused(kind, stream, json => [.. json, .. Blanks()], "can't be read: expected at most");

    [TestMethod]
    [DataRow("Regression", "Model.safetensors")]
    [DataRow("Autoencoder", "Model.safetensors")]
    [DataRow("Forecaster", "Forecast.safetensors")]
    public void ZerosThatNothingNeedsAreRefused(string kind, string stream) => AssertRefused(kind, stream, content =>
    {
        long length = BinaryPrimitives.ReadInt64LittleEndian(content);
        string header = Encoding.UTF8.GetString(content, 8, (int)length).TrimEnd();
        long data = content.Length - 8 - length;
        string more = $$"""
            "more":{"dtype":"F32","shape":[{{Inflated / 4}}],"data_offsets":[{{data}},{{data + Inflated}}]}
            """;
        byte[] longer = Encoding.UTF8.GetBytes($"{header[..^1]},{more}}}");
        byte[] result = [.. BitConverter.GetBytes((long)longer.Length), .. longer, .. content[(int)(8 + length)..], .. new byte[Inflated]];
        SavedZip.RemakeChecksum(result);
        return result;
    }, "expected");

    [TestMethod]
    public void AHeaderThatIsMostlyBlanksIsRefused() => AssertRefused("Regression", "Model.safetensors", content =>
    {
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(content);
        return [.. BitConverter.GetBytes((long)length + Inflated), .. content[8..(8 + length)], .. Blanks(), .. content[(8 + length)..]];
    }, "expected a header of 1 to");

    [TestMethod]
    [DataRow("SlidingWindow", "Window.json", "windowSize", 1 << 20, false)]
    [DataRow("SlidingWindow", "Window.json", "windowSize", 500_000, true)]
    [DataRow("SlidingWindow", "Window.json", "windowSize", int.MaxValue, false)]
    [DataRow("SlidingWindow", "Window.json", "horizon", int.MaxValue, true)]
    [DataRow("Forecaster without history", "Forecast.json", "windowSize", 1 << 20, true)]
    [DataRow("Forecaster", "Forecast.json", "windowSize", 1 << 20, false)]
    [DataRow("Detector", "Forecast.json", "windowSize", 1 << 20, false)]
    public void SizesThatNoNumbersInTheFileAccountForTakeNoMemory(string kind, string stream, string name, int size, bool isLoaded)
    {
        SavedKind saved = SavedKind.Of(kind);
        SavedZip zip = saved.Zip.Copy();
        string path = zip.Find(stream);
        string json = Encoding.UTF8.GetString(zip[path]);
        int at = json.IndexOf($"\"{name}\": ", StringComparison.Ordinal) + name.Length + 4, end = json.IndexOfAny([',', '\n'], at);
        zip[path] = Encoding.UTF8.GetBytes(json[..at] + size + json[end..]);
        zip.RemakeChecksums();

        var ml = new MLContext(seed: 1);
        MemoryStream model = zip.ToStream();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? error = null;
        try
        {
            saved.Score(ml, ml.Model.Load(model, out _));
        }
        catch (Exception e)
        {
            error = e.GetBaseException();
        }
        Assert.IsLessThan(MaxAllocated, GC.GetAllocatedBytesForCurrentThread() - before, kind);
        if (isLoaded)
            Assert.IsNull(error, $"{error}");
        else
            Assert.IsTrue(error is InvalidDataException or ArgumentOutOfRangeException, $"{error}");
    }

    [TestMethod]
    [DataRow("Regression", 1, "its task has no classes")]
    [DataRow("Binary", 1, "its task has no classes")]
    [DataRow("Autoencoder", 1, "its task has no classes")]
    [DataRow("Forecaster", 1, "the network of another task")]
    [DataRow("Labeling", int.MaxValue, "expected at most 67108864 keys, of which some are known, found 2147483647")]
    [DataRow("Multiclass", 67_108_865, "expected at most 67108864 keys")]
    public void ClassesThatATaskCantHaveAreRefused(string kind, int count, string message)
        => AssertRefused(kind, "Model.safetensors", content =>
    {
        string header = Encoding.UTF8.GetString(content, 8, (int)BinaryPrimitives.ReadInt64LittleEndian(content));
        const string name = "\\\"outputSize\\\":";
        int at = header.IndexOf(name, StringComparison.Ordinal), end = header.IndexOfAny([',', '}'], at);
        int outputs = int.Parse(header[(at + name.Length)..end], CultureInfo.InvariantCulture);
        string classes = $$$""",\"classes\":{\"count\":{{{Math.Max(count, outputs + 1)}}},\"runs\":[0,{{{outputs}}}]}""";
        return SavedZip.HeaderReplaced(content, header[at..end], header[at..end] + classes);
    }, message);

    [TestMethod]
    public void AStreamThatGivesAByteAtATimeIsRead()
    {
        SequenceModel model = TestModels.Create();
        TestModels.AssertSameBits(model, ModelFile.Read(new OneWayStream(TestModels.Bytes(model), atMost: 1)));
    }

    private static byte[] Blanks()
    {
        byte[] blanks = new byte[Inflated];
        Array.Fill(blanks, (byte)' ');
        return blanks;
    }

    private static void AssertRefused(string kind, string stream, Func<byte[], byte[]> change, string message)
    {
        SavedZip zip = SavedKind.Of(kind).Zip.Copy();
        string path = zip.Find(stream);
        zip[path] = change(zip[path]);
        zip.RemakeChecksums();
        MemoryStream model = zip.ToStream();
        Assert.IsLessThan(1 << 20, model.Length);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception error = Assert.Throws<Exception>(() => new MLContext().Model.Load(model, out _)).GetBaseException();
        Assert.IsLessThan(MaxAllocated, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.IsInstanceOfType<InvalidDataException>(error);
        StringAssert.Contains(error.Message, message);
    }
}
