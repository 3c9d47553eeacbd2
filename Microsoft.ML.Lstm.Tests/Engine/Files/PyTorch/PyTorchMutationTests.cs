using System.Diagnostics;
using System.IO.Compression;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>
/// Files of PyTorch that were damaged at random: each is read as some network or refused, soon, and without taking more memory than the
/// file justifies.
/// </summary>
[TestClass]
public sealed class PyTorchMutationTests
{
    private const long MaxAllocated = 64 << 20;

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    // What a pickle may do.
    private static readonly byte[] Operations = [.. "N(.0123456789)]}tlaeudsqrhjcQRbXGJKM"u8, 0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
        0x8c, 0x93, 0x94, 0x95];

    [TestMethod]
    [TestCategory("mutations")]
    [DataRow(".pt")]
    [DataRow(".safetensors")]
    public void ADamagedFileIsReadOrRefused(string format)
    {
        PyTorchCase[] cases = [.. PyTorchCase.All.Where(one => one.File.EndsWith(format, StringComparison.Ordinal))];
        byte[][] files = [.. cases.Select(one => File.ReadAllBytes(one.FilePath))];
        var random = new Random(3);
        int read = 0;
        for (int i = 0; i < Acceptance.Count(300, 10_000); i++)
        {
            int which = random.Next(files.Length);
            bool isWithin = format == ".pt" && random.Next(3) > 0;
            byte[] damaged = isWithin ? MutateEntry(files[which], random) : Mutator.Mutate(files[which], format, random);
            string message = $"{cases[which].File}, damage {i}";
            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            try
            {
                SequenceModelParameters model = SequenceModelParameters.LoadPyTorch(new MemoryStream(damaged), cases[which].Options);
                Assert.IsTrue(model.Weights.Values.All(values => values.ToArray().All(float.IsFinite)), message);
                read++;
            }
            catch (Exception error) when (error is not AssertFailedException)
            {
                Assert.IsTrue(error is InvalidDataException or NotSupportedException, $"{message}: {error}");
            }
            Assert.IsLessThan(MaxTime, watch.Elapsed, message);
            Assert.IsLessThan(MaxAllocated + damaged.Length, GC.GetAllocatedBytesForCurrentThread() - before, message);
        }
        // Many a damage is to a weight.
        Assert.IsGreaterThan(0, read);
    }

    /// <summary>The archive with one of its entries damaged, most often the pickle.</summary>
    private static byte[] MutateEntry(byte[] file, Random random)
    {
        using var archive = new ZipArchive(new MemoryStream(file));
        ZipArchiveEntry chosen = random.Next(4) > 0
            ? archive.Entries.Single(entry => entry.Name == "data.pkl")
            : archive.Entries[random.Next(archive.Entries.Count)];
        var result = new MemoryStream();
        using (var written = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                using var content = new MemoryStream();
                using (Stream stream = entry.Open())
                    stream.CopyTo(content);
                byte[] bytes = entry == chosen ? Mutate(content.ToArray(), random) : content.ToArray();
                using Stream target = written.CreateEntry(entry.FullName,
                    random.Next(2) == 0 ? CompressionLevel.NoCompression : CompressionLevel.Fastest).Open();
                target.Write(bytes);
            }
        }
        return result.ToArray();
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        if (content.Length == 0 || random.Next(2) == 0)
            return Mutator.Mutate(content, ".pkl", random);
        byte[] result = [.. content];
        for (int i = random.Next(3); i >= 0; i--)
            result[random.Next(result.Length)] = Operations[random.Next(Operations.Length)];
        return result;
    }
}
