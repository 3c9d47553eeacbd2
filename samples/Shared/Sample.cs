using System.CommandLine;
using System.Globalization;
using Microsoft.ML;

namespace Shared;

/// <summary>A run of a sample: what its command line says, its rows, and how it ends.</summary>
/// <remarks>
/// A sample's rows are of one type, whose properties are the columns of a user's file. So a sample knows no difference between what it
/// makes up and a file of the user's own, and <c>--example FILE</c> shows how such a file looks.
/// </remarks>
internal sealed class Sample
{
    private readonly ParseResult _arguments;

    private Sample(ParseResult arguments, FileSystemInfo? data, string folder)
    {
        (_arguments, DataFile, Folder) = (arguments, data?.FullName, folder);
        Warnings.Print(ML);
    }

    public MLContext ML { get; } = new(seed: 1);

    /// <summary>The user's file; null if there is none and data is made up.</summary>
    public string? DataFile { get; }

    /// <summary>The folder for what the sample writes.</summary>
    public string Folder { get; }

    /// <summary>Runs a sample on the rows of the user's file, or on those that it makes up.</summary>
    /// <typeparam name="TRow">A row; its properties are the columns: see <see cref="CsvFile.Rows{TRow}"/>.</typeparam>
    /// <param name="args">The arguments of the command line.</param>
    /// <param name="description">What the sample does, for <c>--help</c>.</param>
    /// <param name="makeUp">Makes up rows.</param>
    /// <param name="program">The sample.</param>
    /// <param name="options">Options of this sample alone.</param>
    /// <returns>The exit code: 1 if something is wrong with the user's file, and a line has said what.</returns>
    public static int Run<TRow>(string[] args, string description, Func<IEnumerable<TRow>> makeUp, Action<Sample, TRow[]> program,
        params Option[] options) where TRow : new()
    {
        return Run(args, description, CsvRow<TRow>.Description, path => CsvRow<TRow>.Write(path, makeUp()), sample =>
        {
            // A context of its own: the trainer draws its seed from the sample's, so that loading a file with it would change the result.
            var reader = new MLContext();
            Warnings.Print(reader);
            program(sample, sample.DataFile is { } path ? new CsvFile(reader, path).Rows<TRow>() : [.. makeUp()]);
        }, options);
    }

    /// <summary>Runs a sample that reads the user's file itself, from <see cref="DataFile"/>.</summary>
    /// <param name="args">The arguments of the command line.</param>
    /// <param name="description">What the sample does, for <c>--help</c>.</param>
    /// <param name="file">What the user's file is to have, for <c>--help</c>; of a folder, with "a folder" in front.</param>
    /// <param name="writeExample">Writes an example of such a file to a path.</param>
    /// <param name="program">The sample.</param>
    /// <param name="options">Options of this sample alone.</param>
    /// <returns>The exit code: 1 if something is wrong with the user's file or options, and a line has said what.</returns>
    public static int Run(string[] args, string description, string file, Action<string> writeExample, Action<Sample> program,
        params Option[] options)
    {
        bool isFolder = file.StartsWith("a folder", StringComparison.Ordinal);
        string helpName = isFolder ? "FOLDER" : "FILE", noun = isFolder ? "folder" : "file";
        Option<FileSystemInfo> data = new Option<FileSystemInfo>("--data")
        {
            Description = $"A {noun} of your own instead of what is made up: {file}.",
            HelpName = helpName
        }.AcceptExistingOnly();
        var example = new Option<FileInfo?>("--example")
        {
            Description = $"Writes what is made up to a {noun}, in the form that --data reads, and no more.",
            HelpName = helpName
        };
        var folder = new Option<string>("--out")
        {
            Description = "The folder for charts and models.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => "."
        };
        var root = new RootCommand(description) { data, example, folder };
        foreach (Option option in options)
            root.Add(option);
        root.SetAction(parsed =>
        {
            if (parsed.GetValue(example) is { } path)
            {
                writeExample(path.FullName);
                return 0;
            }
            FileSystemInfo? own = parsed.GetValue(data);
            try
            {
                program(new Sample(parsed, own, Directory.CreateDirectory(parsed.GetValue(folder)!).FullName));
                return 0;
            }
            // The innermost message of the reader, the loader or the trainer tells what is wrong with the file or an option.
            catch (Exception error) when (error is InvalidDataException
                || (own is not null && error is FormatException or InvalidOperationException or ArgumentException))
            {
                Console.Error.WriteLine(error.GetBaseException().Message);
                return 1;
            }
        });
        return root.Parse(args).Invoke();
    }

    /// <summary>The value of an option of this sample.</summary>
    public T Value<T>(Option<T> option) => _arguments.GetValue(option)!;

    /// <summary>The rows that can be used; says how many can't, and are left out.</summary>
    /// <param name="rows">The rows of the user's file.</param>
    /// <param name="isWhole">Whether a row can be used.</param>
    /// <param name="others">What the others are, such as "pictures without a caption".</param>
    public static TRow[] Whole<TRow>(TRow[] rows, Func<TRow, bool> isWhole, string others)
    {
        TRow[] whole = [.. rows.Where(isWhole)];
        if (whole.Length < rows.Length)
            Console.WriteLine($"{rows.Length - whole.Length:N0} {others} are left out.");
        return whole;
    }

    /// <summary>Sees that there are as many as are needed.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="least">How many there have to be at least.</param>
    /// <param name="what">What is counted, in the plural.</param>
    /// <exception cref="InvalidDataException">There are less.</exception>
    public void Require(int count, int least, string what)
    {
        if (count < least)
            throw new InvalidDataException($"{DataFile} has {count} {what}; at least {least} are needed.");
    }

    /// <summary>Writes a chart, and says where.</summary>
    public void WriteChart(string name, Charts.Chart chart)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, chart.ToSvg());
        Console.WriteLine($"Chart: {path}");
    }

    /// <summary>Saves a model for <c>ml.Model.Load</c>, and says where.</summary>
    public void Save(ITransformer model, DataViewSchema inputs, string name)
    {
        string path = Path.Combine(Folder, name);
        ML.Model.Save(model, inputs, path);
        Console.WriteLine($"Model: {path}");
    }

    /// <summary>Prints the last two lines: the figure that the sample is about beside something simple, and what to try next.</summary>
    /// <remarks>A test of all samples reads these lines.</remarks>
    public static void End(Figure figure, string next)
    {
        Console.WriteLine();
        Console.WriteLine($"figure: {figure}");
        Console.WriteLine($"next: {next}");
    }
}

/// <summary>What a sample is about: how good it is, beside something simple that does the same.</summary>
/// <param name="Name">What is measured, such as accuracy.</param>
/// <param name="Value">How good the sample is.</param>
/// <param name="Simple">How good something simple is.</param>
/// <param name="SimpleName">What that is, such as the last value.</param>
/// <param name="LessIsBetter">Whether it is an error.</param>
internal sealed record Figure(string Name, double Value, double Simple, string SimpleName, bool LessIsBetter = false)
{
    public bool IsBetter => LessIsBetter ? Value < Simple : Value > Simple;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name} {Shown(Value)}, {(IsBetter ? "better" : "no better")} than {Shown(Simple)} of {SimpleName}");

    private static string Shown(double value) => value.ToString(Math.Abs(value) < 1000 ? "G4" : "0", CultureInfo.InvariantCulture);
}
