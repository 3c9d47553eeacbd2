using System.Text.Encodings.Web;
using System.Text.Json;
using LstmTool.Data;
using LstmTool.Tasks;

namespace LstmTool.Projects;

/// <summary>The project that uses a model, laid out as Model Builder lays it out.</summary>
internal static class ConsumptionProject
{
    public const string ModelFile = "model.zip";

    // What the class has, and what its code has of .NET and of ML.NET: beside a class of that name it would be something else.
    private static readonly HashSet<string> Taken =
    [
        "AppContext", "Array", "BuildPipeline", "Classes", "CodePagesEncodingProvider", "ColumnName", "Console", "ConvolutionOptions",
        "CultureInfo", "DateTime", "DateTimeKind", "DateTimeStyles", "Dictionary", "Encoding", "Engine", "Enumerable", "Exception",
        "Field", "FieldRows", "File", "Filled", "Flatten", "ForecastEngine", "FormatException", "GetSortedScoresWithLabels", "Groups",
        "HashSet", "IDataView", "IEnumerable", "IEstimator", "InOrder", "InvalidOperationException", "IOException", "IOrderedEnumerable",
        "IReadOnlyList", "Items", "ITransformer", "Joined", "JsonElement", "JsonSerializer", "JsonValueKind", "KeyValuePair", "Lazy",
        "List", "LiveEngine", "Load", "Microsoft", "Missing", "MLContext", "ModelInput", "ModelOutput", "ModelPath", "Names", "NamesOf",
        "Number", "NumberFormatInfo", "NumberStyles", "Path", "Pooling", "Predict", "PredictAllLabels", "PredictionEngine",
        "PredictSince", "Program", "ReadOnlyMemory", "ReadRows", "Retrain", "Signs", "Split", "Steps", "StringBuilder", "StringComparer",
        "StringSplitOptions", "System", "TextOf", "Time", "VBuffer", "VectorType",
    ];

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether a project can't have a name, since its code needs that for something else.</summary>
    public static bool IsTaken(string name) => Taken.Contains(name) || CSharp.IsKeyword(name);

    /// <summary>Writes all files into a folder.</summary>
    /// <param name="trained">What was trained.</param>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="mark">The name of the file that says what was trained.</param>
    /// <exception cref="IOException">A file can't be written.</exception>
    public static void Write(TrainedTask trained, string folder, string mark)
    {
        // Of ML.NET's own writing to a path a full disk would go unnoticed.
        using var memory = new MemoryStream();
        trained.Context.Model.Save(trained.Model, new Table(trained.Code.Inputs).View().Schema, memory);
        File.WriteAllBytes(Path.Combine(folder, ModelFile), memory.ToArray());

        string version = PackageFolder.Write(Path.Combine(folder, "packages"));
        var classes = new ModelClasses(trained);
        string name = trained.Name;
        foreach ((string file, string content) in new[]
        {
            ($"{name}.csproj", ProjectFile(version)),
            ("Directory.Build.props", Isolation),
            ("NuGet.config", Feed),
            ($"{name}.consumption.cs", classes.Consumption()),
            ($"{name}.training.cs", classes.Training()),
            ($"{name}.data.cs", new RowReader(trained, classes).Code()),
            ("Program.cs", classes.Program()),
            (mark, Description(trained, version)),
        })
            File.WriteAllText(Path.Combine(folder, file), content);
    }

    /// <summary>What was trained, as JSON.</summary>
    public static string Description(TrainedTask trained, string version) => JsonSerializer.Serialize(new
    {
        tool = "lstm-ml",
        task = trained.Task,
        dataset = Path.GetFileName(trained.Dataset.Path),
        rows = trained.Dataset.Rows,
        seed = trained.Seed,
        settings = trained.Chosen.Options.ToDictionary(option => option.Option, option => option.Code),
        chosenFromTheData = trained.SavedReport?.Choices.ToDictionary(choice => choice.Option, choice => choice.Value),
        trainedOn = trained.TrainedOn,
        unseen = trained.Comparison.Contenders.ToDictionary(one => one.Name, one => trained.Comparison.Metrics.Zip(one.Figures)
            .Where(pair => double.IsFinite(pair.Second)).ToDictionary(pair => pair.First.Name, pair => pair.Second)),
        chosen = trained.Comparison.Chosen,
        saved = trained.Saved,
        package = $"{PackageFolder.Id} {version}",
        seconds = Math.Round(trained.Elapsed.TotalSeconds, 1),
    }, Indented);

    private static string ProjectFile(string version) => $"""
        <Project Sdk="Microsoft.NET.Sdk">

          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
          </PropertyGroup>

          <ItemGroup>
            <!-- From the folder packages beside this file, as NuGet.config says. -->
            <PackageReference Include="{PackageFolder.Id}" Version="{version}" />
          </ItemGroup>

          <ItemGroup>
            <None Update="{ModelFile}" CopyToOutputDirectory="PreserveNewest" />
          </ItemGroup>

        </Project>

        """;

    // Whatever stands in the folders above is about other projects.
    private const string Isolation = """
        <Project>
          <PropertyGroup>
            <ImportDirectoryBuildTargets>false</ImportDirectoryBuildTargets>
            <ImportDirectoryPackagesProps>false</ImportDirectoryPackagesProps>
          </PropertyGroup>
        </Project>

        """;

    private const string Feed = """
        <?xml version="1.0" encoding="utf-8"?>
        <configuration>
          <packageSources>
            <add key="lstm-ml" value="packages" />
          </packageSources>
        </configuration>

        """;
}
