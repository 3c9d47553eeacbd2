using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

[TestClass]
public sealed class SafeTensorsTests
{
    [TestMethod]
    public void NamesShapesTextsAndValuesComeBack()
    {
        var content = new SafeTensors(
            new Dictionary<string, string> { ["title"] = "a \"quoted\" Übung\n" },
            [
                new SafeTensor("scalar", [], new float[] { 3f }),
                new SafeTensor("empty", [2, 0], Array.Empty<float>()),
                new SafeTensor("matrix é", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 }),
            ]);
        var stream = new MemoryStream();
        content.Write(stream);
        stream.Position = 0;

        var back = SafeTensors.Read(stream);

        Assert.AreEqual(content.Metadata["title"], back.Metadata["title"]);
        Assert.HasCount(3, back.Tensors);
        foreach (SafeTensor tensor in content.Tensors)
        {
            SafeTensor read = back.Tensors.Single(t => t.Name == tensor.Name);
            CollectionAssert.AreEqual(tensor.Shape, read.Shape);
            CollectionAssert.AreEqual(tensor.Values.ToArray(), read.Values.ToArray());
        }
    }

    /// <summary>
    /// The layout of Python's <c>safetensors.numpy.save({"b": np.float32([1, 2]), "a": np.float32([[3]])})</c>: sorted names, padded
    /// header.
    /// </summary>
    [TestMethod]
    public void AFileFromPythonIsRead()
    {
        byte[] bytes = Stream(
            """{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}      """,
            3f, 1f, 2f);

        var content = SafeTensors.Read(new MemoryStream(bytes));

        Assert.AreEqual(3f, content.Tensors.Single(t => t.Name == "a").Values.Span[0]);
        CollectionAssert.AreEqual(new[] { 1f, 2f }, content.Tensors.Single(t => t.Name == "b").Values.ToArray());
    }

    [TestMethod]
    [DataRow("", "header of 1 to")]
    [DataRow(" {}", "begin with '{'")]
    [DataRow("[]", "begin with '{'")]
    [DataRow("{", "JSON")]
    [DataRow("{}x", "JSON")]
    [DataRow("{}\0", "JSON")]
    [DataRow("{\"a\":1}", "StartObject as tensor 'a'")]
    [DataRow("{\"a\":{}}", "no dtype")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", "no data_offsets")]
    [DataRow("{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", "F32")]
    [DataRow("{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,4]}}", "'F99'")]
    [DataRow("{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", "String")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "once")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":0}}", "'x'")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", "shape")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", "shape")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999],\"data_offsets\":[0,4]}}", "dimensions")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,4]}}", "shape")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483591,2147483591,2147483591],\"data_offsets\":[0,4]}}", "shape")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "8 bytes")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "data_offsets")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", "data_offsets")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "data_offsets")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", "data_offsets")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}", "gaps")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[9223372036854775800,9223372036854775804]}}", "gaps")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "gaps")]
    [DataRow(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "overlaps")]
    [DataRow(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}",
        "twice")]
    [DataRow("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "end of the stream after 4")]
    [DataRow("{}", "found more")]
    [DataRow("{\"__metadata__\":[]}", "StartObject")]
    [DataRow("{\"__metadata__\":{\"a\":1}}", "String")]
    [DataRow("{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", "twice")]
    [DataRow("{\"__metadata__\":{},\"__metadata__\":{}}", "twice")]
    [DataRow("{\"__metadata__\":{\"a\":\"\\ud800\"}}", "Unicode")]
    public void AHeaderThatContradictsItselfOrTheDataIsRefused(string header, string says)
    {
        byte[] bytes = Stream(header, 1f);

        var e = Assert.ThrowsExactly<InvalidDataException>(() => SafeTensors.Read(new MemoryStream(bytes)));

        StringAssert.Contains(e.Message, says);
        Assert.ThrowsExactly<InvalidDataException>(() => SafeTensors.Read(new OneWayStream(bytes)));
    }

    [TestMethod]
    public void TextThatIsNotUtf8IsRefused()
    {
        byte[] bytes = Stream("{\"__metadata__\":{\"a\":\"?\"}}");
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xff;

        Assert.ThrowsExactly<InvalidDataException>(() => SafeTensors.Read(new MemoryStream(bytes)));
    }

    [TestMethod]
    public void DeeplyNestedJsonIsRefused()
    {
        byte[] bytes = Stream("{\"a\":" + new string('[', 1_000_000));

        Assert.ThrowsExactly<InvalidDataException>(() => SafeTensors.Read(new MemoryStream(bytes)));
    }

    [TestMethod]
    [DataRow(100_000_000UL)]
    [DataRow(100_000_001UL)]
    [DataRow(0x7fff_ffff_ffff_ffffUL)]
    [DataRow(ulong.MaxValue)]
    public void AHeaderLengthBeyondTheStreamTakesNoMemory(ulong length)
    {
        byte[] bytes = Stream("{}");
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);

        Assert.IsLessThan(200_000, AllocatedBy(() => SafeTensors.Read(new MemoryStream(bytes))));
        Assert.IsLessThan(200_000, AllocatedBy(() => SafeTensors.Read(new OneWayStream(bytes))));
    }

    [TestMethod]
    public void ClaimedDataBeyondTheStreamTakesNoMemory()
    {
        byte[] bytes = Stream("""{"a":{"dtype":"F32","shape":[1000000,2000],"data_offsets":[0,8000000000]}}""", new float[100]);

        Assert.IsLessThan(300_000, AllocatedBy(() => SafeTensors.Read(new MemoryStream(bytes))));
        Assert.IsLessThan(300_000, AllocatedBy(() => SafeTensors.Read(new OneWayStream(bytes))));
    }

    [TestMethod]
    public void NamesThatOccurTwiceAndValuesThatDoNotFillTheirShapeAreNotWritten()
    {
        var none = new Dictionary<string, string>();
        var tensor = new SafeTensor("a", [1], new float[1]);
        var stream = new MemoryStream();

        Assert.ThrowsExactly<InvalidOperationException>(() => new SafeTensors(none, [tensor, tensor]).Write(stream));
        Assert.ThrowsExactly<InvalidOperationException>(() => new SafeTensors(none, [tensor with { Shape = [2] }]).Write(stream));
        Assert.ThrowsExactly<InvalidOperationException>(() => new SafeTensors(none, [tensor with { Name = "__metadata__" }]).Write(stream));
        Assert.AreEqual(0, stream.Length);
    }

    private static long AllocatedBy(Action read)
    {
        // A first run, so that what is allocated once in a process is not counted.
        Assert.ThrowsExactly<InvalidDataException>(read);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsExactly<InvalidDataException>(read);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static byte[] Stream(string header, params float[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + json.Length + 4 * data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        for (int i = 0; i < data.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(8 + json.Length + 4 * i), data[i]);
        return bytes;
    }
}
