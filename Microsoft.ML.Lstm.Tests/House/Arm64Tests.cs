using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.House;

/// <summary>The kernels, and what PyTorch's figures are compared with, on an emulated Arm64 processor.</summary>
[TestClass]
public sealed partial class Arm64Tests
{
    private const string Emulator = "qemu-aarch64";

    // Debian's libc6-arm64-cross, libstdc++6-arm64-cross and libgcc-s1-arm64-cross. .NET takes the checksums of files from OpenSSL,
    // libssl3:arm64 (after dpkg --add-architecture arm64), which lies beside the machine's own libraries.
    private const string Libraries = "/usr/aarch64-linux-gnu";

    private const int FewestTests = 150;

    // Compiling in the background, and what makes memory writable and executable by turns, ends the emulator of Debian 12 (qemu 7.2).
    private static readonly (string Name, string Value)[] Settings =
    [
        ("DOTNET_TieredCompilation", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_EnableWriteXorExecute", "0"),
        ("DOTNET_GCHeapHardLimit", "0x40000000"), ("TESTINGPLATFORM_TELEMETRY_OPTOUT", "1"),
    ];

    private static readonly string[] Tests =
    [
        "Engine.Kernels.", "Engine.Golden.", "Engine.Network.GoldenTests", "Engine.Training.Golden", "Engine.Modules.LayerTests",
        "Engine.Files.PyTorch.PyTorchFileTests",
    ];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("arm64")]
    public void KernelsAndGoldenFiguresHoldOnArm64()
    {
        string? emulator = Acceptance.IsFull ? FindEmulator() : null;
        if (emulator is null || !Directory.Exists(Libraries))
            Assert.Inconclusive($"build/accept.sh arm64 runs tests under {Emulator} with the libraries in {Libraries}: Debian's packages "
                + "qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross, libgcc-s1-arm64-cross, and libssl3 of the architecture arm64.");
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            string project = Path.Combine(SourceTests.Root, "Microsoft.ML.Lstm.Tests", "Arm64Host");
            (int code, string output) = Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                "publish", project, "-c", "Release", "-r", "linux-arm64", "--self-contained", "-o", folder);
            Assert.AreEqual(0, code, output);
            (code, output) = Run(emulator, "-L", Libraries, Path.Combine(folder, "Arm64Host"), typeof(Arm64Tests).Assembly.Location,
                "--no-progress", "--filter", string.Join('|', Tests.Select(test => $"FullyQualifiedName~{test}")));
            TestContext.WriteLine(output);
            Assert.AreEqual(0, code, output);
            StringAssert.Contains(output, $"{Architecture.Arm64}, AdvSimd True");
            Match succeeded = Succeeded().Match(output);
            Assert.IsTrue(succeeded.Success, output);
            Assert.IsGreaterThan(FewestTests, int.Parse(succeeded.Value, CultureInfo.InvariantCulture));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? FindEmulator()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, Emulator)).FirstOrDefault(File.Exists);

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in Settings.Where(_ => program.EndsWith(Emulator, StringComparison.Ordinal)))
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    [GeneratedRegex(@"(?<=succeeded: )\d+")]
    private static partial Regex Succeeded();
}
