using System.Text;

namespace LstmTool.Data;

/// <summary>A file as fields of text, before anything is known of its columns.</summary>
/// <param name="Path">The file.</param>
/// <param name="Format">What it is in words, such as "CSV".</param>
/// <param name="Header">The names of the columns.</param>
/// <param name="Rows">The fields of each row.</param>
/// <param name="Lines">The line that each row begins in, from 1 on.</param>
/// <param name="Inferred">What was inferred.</param>
internal sealed record TextTable(string Path, string Format, string[] Header, IReadOnlyList<string[]> Rows, IReadOnlyList<int> Lines,
    IReadOnlyList<Inference> Inferred)
{
    /// <summary>What the reader of a consumption project has to know.</summary>
    public required FileLayout Layout { get; init; }

    /// <summary>Reads a file of any format.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is empty, or not as its format wants it.</exception>
    public static TextTable Read(string path, ReadOptions options)
    {
        (string text, bool isWindows1252) = ReadText(path);
        TextTable table = (JsonLines.IsJson(text) ? JsonLines.Read(path, text) : DelimitedText.Read(path, text, options)).Of(isWindows1252);
        int[] kept = [.. Enumerable.Range(0, table.Header.Length).Where(i => !options.Ignore.Contains(table.Header[i]))];
        foreach (string unknown in options.Ignore.Where(name => !table.Header.Contains(name)))
        {
            throw new InvalidDataException(
                $"--ignore-cols: there is no column '{unknown}' in {path}; {Nearest.Suggest(unknown, table.Header)}.");
        }

        return kept.Length == table.Header.Length ? table : table with
        {
            Header = [.. kept.Select(i => table.Header[i])],
            Rows = [.. table.Rows.Select(row => Array.ConvertAll(kept, i => row[i]))],
        };
    }

    /// <summary>A file's text, of UTF-8, of what its byte order mark says, or else of Windows-1252.</summary>
    public static (string Text, bool IsWindows1252) ReadText(string path)
    {
        if (Directory.Exists(path))
            throw new InvalidDataException($"{path} is a folder; --dataset wants a file.");
        if (!File.Exists(path))
        {
            string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? ".";
            string[] beside = Directory.Exists(folder)
                ? [.. Directory.GetFiles(folder).Select(file => System.IO.Path.GetFileName(file))]
                : [];
            throw new FileNotFoundException(beside.Length == 0
                ? $"There is no file {path}."
                : $"There is no file {path}; {Nearest.Suggest(System.IO.Path.GetFileName(path), beside)} in that folder.");
        }
        byte[] bytes = File.ReadAllBytes(path);
        (string text, bool isWindows1252) = Decode(bytes);
        return string.IsNullOrWhiteSpace(text) ? throw new InvalidDataException($"{path} is empty.")
            : JsonLines.IsArray(text) ? throw new InvalidDataException(
                $"{path} is one list of JSON; lstm-ml reads JSON lines, an object a line, as of jq -c '.[]' {path} > {path}l.")
            : text.Contains('\0') ? throw new InvalidDataException($"{path} is no text: it has bytes of zero in it.")
            : (text, isWindows1252);
    }

    /// <summary>The same, with what its bytes were.</summary>
    public TextTable Of(bool isWindows1252) => !isWindows1252 ? this : this with
    {
        Inferred = [new Inference("encoding: Windows-1252, since the file is not UTF-8", "save it as UTF-8"), .. Inferred],
        Layout = Layout with { IsWindows1252 = true },
    };

    private static (string Text, bool IsWindows1252) Decode(byte[] bytes)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(bytes),
                new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            return (reader.ReadToEnd(), false);
        }
        catch (DecoderFallbackException)
        {
            return (CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetString(bytes), true);
        }
    }

    /// <summary>Where a field is, for messages: the file, the line and the column.</summary>
    public string Place(int row, int column) => $"{Path}({Lines[row]}), column '{Header[column]}'";
}

/// <summary>How fields lie in a file.</summary>
/// <param name="Kind">The format.</param>
/// <param name="Separator">The character between fields.</param>
/// <param name="HasHeader">Whether the first line names the columns.</param>
/// <param name="AllowQuoting">Whether fields in quotes may hold separators.</param>
/// <param name="DecimalComma">Whether a comma in a number is decimal, as in 20,7; if not, it parts thousands; null: there are none.</param>
internal sealed record FileLayout(FileKind Kind, char Separator = ',', bool HasHeader = true, bool AllowQuoting = true,
    bool? DecimalComma = null)
{
    /// <summary>How many lines of a title there are above the header or the first row.</summary>
    public int LinesOfTitle { get; init; }

    /// <summary>Whether bytes are characters of Windows-1252, rather than those of UTF-8.</summary>
    public bool IsWindows1252 { get; init; }

    /// <summary>The column whose rows of one value are one sequence; null where each row is one.</summary>
    public string? Group { get; init; }

    /// <summary>What its rows are put in the order of though the model has no times; null for the order of the file.</summary>
    public RowOrder? Order { get; init; }
}

/// <summary>The order of rows in time.</summary>
/// <param name="Column">The column of times.</param>
/// <param name="Format">How they are written.</param>
internal sealed record RowOrder(string Column, TimeFormat Format)
{
    /// <summary>The column of the times of day, where the first one has days.</summary>
    public string? Clock { get; init; }
}

/// <summary>The format of a file.</summary>
internal enum FileKind
{
    /// <summary>CSV, TSV and their like.</summary>
    Delimited,

    /// <summary>An object a line.</summary>
    JsonLines,

    /// <summary>A word a line, a blank line behind each sentence.</summary>
    Conll,
}
