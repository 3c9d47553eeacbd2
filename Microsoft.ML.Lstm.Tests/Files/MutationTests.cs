using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Files;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>
/// Files that are damaged or edited at random: none is loaded as another model than it was, unless its checksums are recomputed; each is
/// refused with one type of exception, quickly, and without allocating more memory than the file justifies.
/// </summary>
[TestClass]
public sealed class MutationTests
{
    private const long MaxAllocated = 64 << 20;

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    public static IEnumerable<object[]> Kinds => SavedKind.Names.Select(name => new object[] { name });

    [TestMethod]
    [TestCategory("mutations")]
    [DynamicData(nameof(Kinds))]
    public void ADamagedModelIsRefused(string name)
    {
        SavedKind kind = SavedKind.Of(name);
        var random = new Random(1);
        for (int i = 0; i < Acceptance.Count(15, 8000); i++)
        {
            (SavedZip zip, string what) = Damage(kind.Zip, random);
            Outcome outcome = Load(kind, zip);
            string message = $"{name}, damage {i}: {what}: {outcome.Error}";
            if (outcome.Scores is not null)
                Assert.AreEqual(kind.Scores, outcome.Scores, message);
            // Model.key belongs to ML.NET, which throws its own exceptions.
            if (!what.EndsWith("Model.key", StringComparison.Ordinal))
                AssertRefused(outcome.LoadError, message);
            AssertBounded(outcome, zip, message);
        }
    }

    [TestMethod]
    [TestCategory("mutations")]
    [DynamicData(nameof(Kinds))]
    public void ADamagedModelWithNewChecksumsIsLoadedOrRefused(string name)
    {
        SavedKind kind = SavedKind.Of(name);
        var random = new Random(2);
        for (int i = 0; i < Acceptance.Count(15, 2000); i++)
        {
            (SavedZip zip, string what) = Damage(kind.Zip, random);
            if (what.EndsWith("Model.key", StringComparison.Ordinal) || what.EndsWith("Checksum.sha256", StringComparison.Ordinal))
                continue;
            zip.RemakeChecksums();
            Outcome outcome = Load(kind, zip);
            string message = $"{name}, damage {i}: {what}: {outcome.Error}";
            if (outcome.LoadError is not null)
                AssertRefused(outcome.LoadError, message);
            // A column that was renamed or resized does not exist in the data.
            if (outcome.Error is { } error && outcome.LoadError is null)
                Assert.IsTrue(error.GetBaseException() is ArgumentException or InvalidDataException or FormatException
                    or InvalidOperationException, message);
            AssertBounded(outcome, zip, message);
        }
    }

    [TestMethod]
    [TestCategory("mutations")]
    [DataRow(false)]
    [DataRow(true)]
    public void ADamagedCheckpointIsRefused(bool hasNewChecksum)
    {
        SequenceModel[] models = [TestModels.Create(statics: 2), TestModels.CreateWithTokens(), TestModels.CreateAutoencoder(),
            TestModels.CreateEnsemble()];
        var beside = new SafeTensors(new Dictionary<string, string> { ["step"] = "12" },
            [new SafeTensor("moments", [2], new float[] { 1, 2 })]);
        byte[][] files = [.. models.Select(model =>
        {
            var stream = new MemoryStream();
            ModelFile.Write(stream, model, beside);
            return stream.ToArray();
        })];
        var random = new Random(3);
        for (int i = 0; i < Acceptance.Count(500, 5000); i++)
        {
            int which = random.Next(files.Length);
            byte[] damaged = Mutator.Mutate(files[which], ".safetensors", random);
            if (hasNewChecksum)
                SavedZip.RemakeChecksum(damaged);
            Stream stream = random.Next(2) == 0 ? new MemoryStream(damaged) : new OneWayStream(damaged, atMost: 100);
            string message = $"damage {i}";

            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            Exception? error = null;
            try
            {
                SequenceModelParameters.Load(stream);
            }
            catch (Exception e)
            {
                error = e;
            }
            Assert.IsLessThan(MaxTime, watch.Elapsed, message);
            Assert.IsLessThan(MaxAllocated + damaged.Length, GC.GetAllocatedBytesForCurrentThread() - before, message);

            bool isSame = damaged.AsSpan().SequenceEqual(files[which]);
            if (error is not null || (!hasNewChecksum && !isSame))
                AssertRefused(error, message);
        }
    }

    private static void AssertRefused(Exception? error, string message)
    {
        Assert.IsNotNull(error, message);
        Assert.IsTrue(error.GetBaseException() is InvalidDataException or FormatException, message);
    }

    private static void AssertBounded(Outcome outcome, SavedZip zip, string message)
    {
        Assert.IsLessThan(MaxTime, outcome.Time, message);
        Assert.IsLessThan(MaxAllocated + zip.ToStream().Length, outcome.Allocated, message);
    }

    /// <summary>Damages one of our streams, replaces it with another, or removes it.</summary>
    private static (SavedZip Zip, string What) Damage(SavedZip original, Random random)
    {
        string[] names = [.. original.OurStreams,
            .. original.OurFolders.Select(folder =>
            original.Names.Single(name => name.StartsWith(folder, StringComparison.Ordinal)
            && Path.GetFileName(name) == "Model.key"
            && name.Length == folder.Length + 10))];
        while (true)
        {
            SavedZip zip = original.Copy();
            string name = names[random.Next(names.Length)], other = names[random.Next(names.Length)];
            string what = $"{name} damaged";
            switch (random.Next(30))
            {
                case 0:
                    (zip[name], zip[other]) = (zip[other], zip[name]);
                    what = $"{name} exchanged with {other}";
                    break;
                case 1:
                    SavedZip another = SavedKind.Of(SavedKind.Names[random.Next(SavedKind.Names.Length)]).Zip;
                    if (another.Names.FirstOrDefault(candidate => Path.GetFileName(candidate) == Path.GetFileName(name)) is not { } from)
                        continue;
                    zip[name] = another[from];
                    what = $"another's {name}";
                    break;
                case 2:
                    zip.Remove(name);
                    what = $"no {name}";
                    break;
                default:
                    zip[name] = Mutator.Mutate(zip[name], name, random);
                    break;
            }
            if (names.Any(changed => !zip.Names.Contains(changed) || !zip[changed].AsSpan().SequenceEqual(original[changed])))
                return (zip, what.EndsWith("damaged", StringComparison.Ordinal) ? $"damaged {name}" : what);
        }
    }

    private static Outcome Load(SavedKind kind, SavedZip zip)
    {
        var ml = new MLContext(seed: 1);
        MemoryStream stream = zip.ToStream();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        ITransformer? model = null;
        string? scores = null;
        Exception? error = null;
        try
        {
            model = ml.Model.Load(stream, out _);
            scores = kind.Score(ml, model);
        }
        catch (Exception e)
        {
            error = e;
        }
        return new Outcome(model is null ? error : null, error, scores, GC.GetAllocatedBytesForCurrentThread() - before, watch.Elapsed);
    }

    private sealed record Outcome(Exception? LoadError, Exception? Error, string? Scores, long Allocated, TimeSpan Time);
}
