using LstmTool.Keras;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool.Keras;

/// <summary>
/// Files of Keras that were damaged at random: each is read as some network or refused, soon, and without taking more memory than the file
/// justifies. PureHDF by itself takes up to 6 GB for such a file of 17 KB.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class KerasMutationTests
{
    private const long MaxAllocated = 64 << 20;

    // Of the processor: other programs may have it meanwhile.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    [TestMethod]
    [TestCategory("mutations")]
    [DataRow(".h5")]
    [DataRow(".keras")]
    public void ADamagedFileIsReadOrRefused(string format)
    {
        KerasCase[] cases = [.. KerasCase.All.Where(one => one.File.EndsWith(format, StringComparison.Ordinal))];
        byte[][] files = [.. cases.Select(one => File.ReadAllBytes(one.FilePath))];
        var random = new Random(3);
        int read = 0;
        for (int i = 0; i < Acceptance.Count(100, 10_000); i++)
        {
            int which = random.Next(files.Length);
            byte[] damaged = Mutator.Mutate(files[which], format, random);
            string message = $"{cases[which].File}, damage {i}";
            // PureHDF runs on a thread of its own, so what all threads allocate is counted.
            long before = GC.GetTotalAllocatedBytes(precise: true);
            TimeSpan begin = Environment.CpuUsage.TotalTime;
            try
            {
                SequenceModelParameters network = KerasFile.Load(new MemoryStream(damaged)).Network;
                Assert.IsTrue(network.Weights.Values.All(values => values.ToArray().All(float.IsFinite)), message);
                read++;
            }
            catch (Exception error) when (error is not AssertFailedException)
            {
                Assert.IsTrue(error is InvalidDataException or NotSupportedException, $"{message}: {error}");
            }
            Assert.IsLessThan(MaxTime, Environment.CpuUsage.TotalTime - begin, message);
            Assert.IsLessThan(MaxAllocated + damaged.Length, GC.GetTotalAllocatedBytes(precise: true) - before, message);
        }
        // Many a damage is to a weight.
        Assert.IsGreaterThan(0, read);
    }
}
