using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.ML.Lstm;

namespace LstmTool.Projects;

/// <summary>
/// The library that this tool runs on as a package in a folder, so that a project that was written on one machine builds wherever the
/// folder goes with it, whether or not the package is on nuget.org.
/// </summary>
internal static class PackageFolder
{
    public const string Id = "Microsoft.ML.Lstm";

    private static readonly XNamespace Nuspec = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";

    private static string LibraryPath => typeof(TrainingReport).Assembly.Location;

    /// <summary>Writes the package.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Its version, which names the library's content: no cache takes one build for another.</returns>
    public static string Write(string folder)
    {
        byte[] library = File.ReadAllBytes(LibraryPath);
        string release = typeof(TrainingReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
        string version = $"{release}-local.h{Convert.ToHexStringLower(SHA256.HashData(library))[..8]}";
        Directory.CreateDirectory(folder);
        using FileStream file = File.Create(Path.Combine(folder, $"{Id}.{version}.nupkg"));
        using var archive = new ZipArchive(file, ZipArchiveMode.Create);
        Add($"lib/net10.0/{Id}.dll", library);
        string documentation = Path.ChangeExtension(LibraryPath, ".xml");
        if (File.Exists(documentation))
            Add($"lib/net10.0/{Id}.xml", File.ReadAllBytes(documentation));
        using (Stream entry = archive.CreateEntry($"{Id}.nuspec").Open())
            Manifest(version).Save(entry);
        using (Stream entry = archive.CreateEntry("[Content_Types].xml").Open())
            ContentTypes().Save(entry);
        return version;

        void Add(string name, byte[] content)
        {
            using Stream entry = archive.CreateEntry(name).Open();
            entry.Write(content);
        }
    }

    private static XDocument Manifest(string version) => new(new XElement(Nuspec + "package", new XElement(Nuspec + "metadata",
        new XElement(Nuspec + "id", Id),
        new XElement(Nuspec + "version", version),
        new XElement(Nuspec + "authors", "The Microsoft.ML.Lstm developers"),
        new XElement(Nuspec + "license", new XAttribute("type", "expression"), "MIT"),
        new XElement(Nuspec + "description", "LSTM, GRU and RNN sequence models for ML.NET, as lstm-ml ran on them."),
        new XElement(Nuspec + "dependencies", new XElement(Nuspec + "group", new XAttribute("targetFramework", "net10.0"),
            Dependencies().Select(one => new XElement(Nuspec + "dependency", new XAttribute("id", one.Id),
                new XAttribute("version", one.Version))))))));

    private static XDocument ContentTypes()
    {
        XNamespace types = "http://schemas.openxmlformats.org/package/2006/content-types";
        return new XDocument(new XElement(types + "Types", ((string[])["dll", "xml", "nuspec"]).Select(extension =>
            new XElement(types + "Default", new XAttribute("Extension", extension),
                new XAttribute("ContentType", "application/octet-stream")))));
    }

    /// <summary>The packages that the library needs, with the versions that this program runs with.</summary>
    private static List<(string Id, string Version)> Dependencies()
    {
        string[] files = ((string?)AppContext.GetData("APP_CONTEXT_DEPS_FILES") ?? "").Split(';');
        foreach (string path in files.Where(File.Exists))
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonProperty target in json.RootElement.GetProperty("targets").EnumerateObject())
            {
                foreach (JsonProperty library in target.Value.EnumerateObject())
                {
                    if (library.Name.StartsWith(Id + "/", StringComparison.Ordinal)
                        && library.Value.TryGetProperty("dependencies", out JsonElement dependencies))
                        return [.. dependencies.EnumerateObject().Select(one => (one.Name, one.Value.GetString()!))];
                }
            }
        }
        throw new InvalidOperationException("This program's list of dependencies, the file .deps.json beside it, is missing.");
    }
}
