using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The program that scores a stream of lines, as a .NET program and, in build/accept.sh edge, compiled ahead of time.</summary>
[TestClass]
public sealed class EdgeTests
{
    private const long MaxFolderBytes = 8 << 20;

    private static readonly string Host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
    private static readonly string Model = Path.Combine(PyTorchCase.Folder, "lstm_3.pt");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void LinesAreScoredAsByThePredictor()
    {
        string[] dll = ["exec", Path.Combine(AppContext.BaseDirectory, "Edge.dll")];
        (int code, string output, string errors) = Run(Host, [.. dll, Model], "1,2,3,4\n1,2\nx,2\n");
        Assert.AreEqual(0, code, errors);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(3, lines);
        var predictor = SequencePredictor.Load(Model);
        CollectionAssert.AreEqual(predictor.Score([1, 2, 3, 4]).ToArray(), Numbers(lines[0]));
        CollectionAssert.AreEqual(predictor.Score([1, 2]).ToArray(), Numbers(lines[1]));
        Assert.IsTrue(Array.TrueForAll(Numbers(lines[2]), float.IsNaN));

        (_, output, _) = Run(Host, [.. dll, Model, "--stream"], "1,2\n3,4\n");
        CollectionAssert.AreEqual(Numbers(lines[0]), Numbers(output.Split('\n')[1]));
        (code, _, errors) = Run(Host, [.. dll, Model], "1,2,3\n");
        Assert.AreEqual(1, code);
        StringAssert.Contains(errors, "line 1: ");
        (code, _, errors) = Run(Host, [.. dll, dll[1]], "");
        Assert.AreEqual(1, code, errors);
        Assert.AreEqual(2, Run(Host, dll, "").Code);
    }

    [TestMethod]
    [TestCategory("edge")]
    public void ItIsSmallAndStartsAtOnceWhenCompiledAheadOfTime()
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("build/accept.sh edge compiles the sample ahead of time, where a linker is installed.");
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            string project = Path.Combine(House.SourceTests.Root, "samples", "Edge");
            string runtime = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;
            (int code, string output, string errors) = Run(Host,
                ["publish", project, "-c", "Release", "-r", runtime, "-p:EdgeInstructionSet=native", "-o", folder], "");
            Assert.AreEqual(0, code, output + errors);
            Assert.DoesNotContain("warning", output);
            string[] files = Directory.GetFiles(folder);
            Assert.HasCount(1, files, string.Join(", ", files));
            long bytes = files.Sum(file => new FileInfo(file).Length);
            TestContext.WriteLine($"{bytes / 1048576.0:F1} MB");
            Assert.IsLessThan(MaxFolderBytes, bytes);

            // From the start of the process to its end, which is no sooner than the first score.
            double[] milliseconds = new double[21];
            for (int i = 0; i < milliseconds.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                (code, output, errors) = Run(files[0], [Model], "1,2,3,4\n");
                milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                Assert.AreEqual(0, code, errors);
            }
            double median = milliseconds.Order().ElementAt(milliseconds.Length / 2);
            TestContext.WriteLine($"first score, with the process around it: {median:F1} ms");
            Assert.IsLessThan(30, median);
            CollectionAssert.AreEqual(SequencePredictor.Load(Model).Score([1, 2, 3, 4]).ToArray(), Numbers(output));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static float[] Numbers(string line)
        => [.. line.Trim().Split(',').Select(number => float.Parse(number, CultureInfo.InvariantCulture))];

    private static (int Code, string Output, string Errors) Run(string program, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
