using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.ML.Lstm.Tests.Documentation;
using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Packages;

/// <summary>The packages, as they would be published: what is in them, and that they do outside of this tree what they do in it.</summary>
[TestClass]
public sealed class PackageTests
{
    private const string Library = "Microsoft.ML.Lstm", Tool = "samples/LstmTool";
    private const string Assembly = "lib/net10.0/Microsoft.ML.Lstm.dll";

    // What compiling ahead of time needs is restored, and takes minutes: it is for the tests that have them.
    private const string WithoutPrecompiled = "-p:Precompile=false";

    private static readonly string[] Runtimes = ["linux-x64", "linux-arm64", "osx-arm64", "win-x64"];

    // Not that of a published package, and not that of another run of the tests: NuGet keeps what it has seen of a version.
    private static readonly string Version = $"0.0.1-test{Environment.ProcessId}";

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void TheLibrarysPackageHasWhatUsersNeedAndNothingOfMlNet()
    {
        Pack(Library, WithoutPrecompiled);
        using ZipArchive package = Open($"Microsoft.ML.Lstm.{Version}.nupkg");
        CollectionAssert.AreEquivalent(
            new[] { "Microsoft.ML.Lstm.nuspec", "README.md", "icon.png", Assembly, "lib/net10.0/Microsoft.ML.Lstm.xml" }, Files(package));
        XElement about = XDocument.Parse(Text(package, "Microsoft.ML.Lstm.nuspec")).Root!.Elements().Single();
        Assert.AreEqual("MIT", Value(about, "license"));
        Assert.AreEqual("README.md", Value(about, "readme"));
        Assert.AreEqual("icon.png", Value(about, "icon"));
        CollectionAssert.AreEquivalent(new[] { "Google.Protobuf", "Microsoft.ML", "Microsoft.ML.Tokenizers", "System.Numerics.Tensors" },
            about.Descendants().Where(element => element.Name.LocalName == "dependency")
                .Select(dependency => dependency.Attribute("id")!.Value).ToArray());
        StringAssert.Contains(Text(package, "lib/net10.0/Microsoft.ML.Lstm.xml"), "T:Microsoft.ML.Lstm.LstmRegressionTrainer");

        // The compiler says that the same sources give the same bits.
        using PEReader library = Read(package, Assembly);
        Assert.IsTrue(library.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.Reproducible));

        using ZipArchive symbols = Open($"Microsoft.ML.Lstm.{Version}.snupkg");
        CollectionAssert.Contains(Files(symbols), "lib/net10.0/Microsoft.ML.Lstm.pdb");
    }

    [TestMethod]
    [TestCategory("packages")]
    public void WhoeverPublishesMayGiveAnotherName()
    {
        RequireTime();
        Pack(Library, "-p:LstmPackageId=Another.Name", WithoutPrecompiled);
        using ZipArchive package = Open($"Another.Name.{Version}.nupkg");
        CollectionAssert.Contains(Files(package), Assembly);
    }

    [TestMethod]
    [TestCategory("packages")]
    public void TheToolsPackageHasWhatItNeedsAndRuns()
    {
        RequireTime();
        Pack(Tool);
        using ZipArchive package = Open($"Microsoft.ML.Lstm.Tool.{Version}.nupkg");
        string[] files = Files(package);
        foreach (string name in new[] { "LstmTool", "Microsoft.ML.Lstm", "ScottPlot", "Spectre.Console", "System.CommandLine" })
            CollectionAssert.Contains(files, $"tools/net10.0/any/{name}.dll");
        // The library is compiled against copies of these whose internal members are public; they must never get out.
        foreach (string name in new[] { "Microsoft.ML.Core", "Microsoft.ML.Data", "Microsoft.ML.DataView", "Microsoft.ML.Transforms" })
        {
            CollectionAssert.AreEqual(SHA256.HashData(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, name + ".dll"))),
                SHA256.HashData(Bytes(package, $"tools/net10.0/any/{name}.dll")), name);
        }

        WriteConfiguration();
        string tools = Path.Combine(_folder, "tools");
        DotNetCommand.Run(_folder, "tool", "install", "Microsoft.ML.Lstm.Tool", "--version", Version, "--tool-path", tools,
            "--configfile", Path.Combine(_folder, "nuget.config"));
        string command = Path.Combine(tools, OperatingSystem.IsWindows() ? "lstm-ml.exe" : "lstm-ml");
        StringAssert.Contains(DotNetCommand.RunProgram(command, _folder, "--help"), "forecasting");
    }

    [TestMethod]
    [TestCategory("packages")]
    public void AProjectOutsideTheTreeRunsReadmesPipelineWithThePackage()
    {
        RequireTime();
        Pack(Library);
        using (ZipArchive package = Open($"Microsoft.ML.Lstm.{Version}.nupkg"))
            AssertIsPrecompiled(package);
        WriteConfiguration();
        DocumentedProgram pipeline = DocumentedProgram.Read(MarkdownBlock.Read(SourceTests.Root, "README.md"))[0];
        string project = Path.Combine(_folder, "First");
        DotNetCommand.Run(_folder, "new", "console", "-o", project, "--no-restore");
        DotNetCommand.Run(project, "add", "package", "Microsoft.ML.Lstm", "--version", Version);
        File.WriteAllText(Path.Combine(project, "Program.cs"), pipeline.Source);
        File.WriteAllText(Path.Combine(project, "Loaded.cs"), """
            using System.Runtime.CompilerServices;

            static class Loaded
            {
                [ModuleInitializer]
                public static void Write()
                    => System.IO.File.WriteAllText("loaded.txt", typeof(Microsoft.ML.Lstm.SequencePredictor).Assembly.Location);
            }
            """);
        pipeline.AssertPrints(DotNetCommand.Run(project, "run", "-c", "Release"));
        // What comes along is ML.NET's own.
        string program = Path.Combine(project, "bin/Release/net10.0");
        Assert.IsTrue(File.Exists(Path.Combine(program, "Microsoft.ML.Core.dll")));
        string runtime = RuntimeInformation.RuntimeIdentifier;
        string loaded = Runtimes.Contains(runtime) ? Precompiled(runtime) : "Microsoft.ML.Lstm.dll";
        StringAssert.EndsWith(File.ReadAllText(Path.Combine(project, "loaded.txt")).Replace('\\', '/'), $"bin/Release/net10.0/{loaded}");
    }

    private static string Precompiled(string runtime) => $"runtimes/{runtime}/{Assembly}";

    /// <summary>The same code as the portable assembly's, with the same symbols, and native code of it beside it.</summary>
    private static void AssertIsPrecompiled(ZipArchive package)
    {
        CollectionAssert.AreEquivalent(Runtimes.Select(Precompiled).ToArray(),
            Files(package).Where(name => name.StartsWith("runtimes/", StringComparison.Ordinal)).ToArray());
        using PEReader portable = Read(package, Assembly);
        Assert.AreEqual(0, portable.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
        foreach (string runtime in Runtimes)
        {
            using PEReader precompiled = Read(package, Precompiled(runtime));
            Assert.AreNotEqual(0, precompiled.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size, runtime);
            Assert.AreEqual(ModuleVersion(portable), ModuleVersion(precompiled), runtime);
            Assert.AreEqual(Symbols(portable), Symbols(precompiled), runtime);
        }

        static Guid ModuleVersion(PEReader library)
        {
            MetadataReader metadata = library.GetMetadataReader();
            return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
        }

        static Guid Symbols(PEReader library) => library.ReadCodeViewDebugDirectoryData(
            library.ReadDebugDirectory().First(entry => entry.Type == DebugDirectoryEntryType.CodeView)).Guid;
    }

    private static void RequireTime()
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("It takes long: build/accept.sh packages.");
    }

    /// <summary>Packs a project that is built already.</summary>
    private void Pack(string project, params string[] properties)
    {
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        DotNetCommand.Run(SourceTests.Root, ["pack", project, "-c", configuration, "--no-build", "--nologo", "-o", _folder,
            $"-p:PackageVersion={Version}", .. properties]);
    }

    /// <summary>
    /// Makes the packed packages the only ones that can be had, beside those that the tests were restored with, and keeps the ones that are
    /// installed out of the user's folder.
    /// </summary>
    private void WriteConfiguration()
    {
        string restored = DotNetCommand.Run(_folder, "nuget", "locals", "global-packages", "--list").Split(": ", 2)[1].Trim();
        new XElement("configuration",
            new XElement("packageSources", new XElement("clear"), Add("packed", _folder)),
            new XElement("config", Add("globalPackagesFolder", Path.Combine(_folder, "installed"))),
            new XElement("fallbackPackageFolders", new XElement("clear"), Add("restored", restored)))
            .Save(Path.Combine(_folder, "nuget.config"));

        static XElement Add(string key, string value) => new("add", new XAttribute("key", key), new XAttribute("value", value));
    }

    private ZipArchive Open(string name) => ZipFile.OpenRead(Path.Combine(_folder, name));

    /// <summary>The files of a package without those that every package has.</summary>
    private static string[] Files(ZipArchive package)
        => [.. package.Entries.Select(entry => entry.FullName)
            .Where(name => name != "[Content_Types].xml" && !name.StartsWith("_rels/", StringComparison.Ordinal)
                && !name.StartsWith("package/", StringComparison.Ordinal))];

    private static byte[] Bytes(ZipArchive package, string name)
    {
        using Stream entry = package.GetEntry(name)!.Open();
        using var bytes = new MemoryStream();
        entry.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static PEReader Read(ZipArchive package, string name) => new(new MemoryStream(Bytes(package, name)));

    private static string Text(ZipArchive package, string name)
    {
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static string Value(XElement parent, string name) => parent.Elements().Single(element => element.Name.LocalName == name).Value;
}
