using System.Globalization;
using System.Text;

namespace LstmTool.Data;

/// <summary>CSV, TSV and their like.</summary>
internal static class DelimitedText
{
    private const int RowsLookedAt = 1000;
    private const int LongestName = 60;

    // The comma is last: it may be in the numbers that others part.
    private static readonly char[] Separators = ['\t', ';', '|', ','];

    /// <exception cref="InvalidDataException">Rows differ in their number of fields, a quote is not closed, or there is no row.</exception>
    public static TextTable Read(string path, string text, ReadOptions options)
    {
        bool isOneColumn = options.Separator is null && AreNumbers(text, options.DecimalComma);
        // Of one column no character parts fields; this one is in none.
        char separator = options.Separator ?? (isOneColumn ? ';' : InferSeparator(text, options.DecimalComma));
        bool quotes = options.AllowQuoting ?? (separator != '\t' || QuotesSurroundFields(text, separator));
        var rows = new List<string[]>();
        var lines = new List<int>();
        foreach ((string[] fields, int line) in Split(path, text, separator, quotes, int.MaxValue))
        {
            rows.Add(fields);
            lines.Add(line);
        }
        int title = LinesOfTitle(rows);
        int linesOfTitle = title == 0 ? 0 : lines[title] - 1;
        rows.RemoveRange(0, title);
        lines.RemoveRange(0, title);
        bool header = options.HasHeader ?? IsHeader(rows, options.Names);
        string[] names = Names(rows[0], header);
        if (header)
        {
            rows.RemoveAt(0);
            lines.RemoveAt(0);
        }
        if (rows.Count == 0)
            throw new InvalidDataException($"{path} has a header line and no rows below it.");
        RefuseRagged(path, names.Length, rows, lines, separator, header);
        List<Inference> inferred = [];
        if (options.Separator is null)
            inferred.Add(new Inference($"separator: {(isOneColumn ? "none, lines are numbers with a comma" : NameOf(separator))}",
                "--separator"));
        if (title > 0)
            inferred.Add(new Inference(string.Create(CultureInfo.InvariantCulture,
                $"title: the table begins in line {linesOfTitle + 1}, and what is above it is left out"), ""));
        if (options.HasHeader is null)
            inferred.Add(new Inference(
                header ? "header: the first line names the columns" : "header: none, columns are called Column0 and so on",
                "--has-header"));
        if (options.AllowQuoting is null && separator == '\t')
            inferred.Add(new Inference(quotes ? "quotes: around fields" : "quotes: characters like others", "--allow-quote"));
        string format = separator == '\t' ? "TSV" : isOneColumn ? "one column" : $"CSV with {NameOf(separator)}s";
        return new TextTable(path, format, names, rows, lines, inferred)
        {
            Layout = new FileLayout(FileKind.Delimited, separator, header, quotes, options.DecimalComma)
            {
                LinesOfTitle = linesOfTitle,
            },
        };
    }

    /// <summary>The rows of a text, with the line that each begins in; blank lines are none.</summary>
    public static IEnumerable<(string[] Fields, int Line)> Split(string path, string text, char separator, bool quotes, int limit)
    {
        int at = 0, line = 1;
        var field = new StringBuilder();
        var fields = new List<string>();
        while (at < text.Length && limit > 0)
        {
            int first = line;
            fields.Clear();
            bool ended = false;
            while (!ended)
            {
                field.Clear();
                while (quotes && at < text.Length && text[at] == ' ' && separator != ' ')
                    at++;
                bool quoted = quotes && at < text.Length && text[at] == '"';
                if (quoted)
                {
                    at++;
                    while (true)
                    {
                        if (at >= text.Length)
                            throw new InvalidDataException($"{path}({first}): a quote that begins in this line is not closed; "
                                + "if quotes are characters like others, give --allow-quote false.");
                        if (text[at] == '"' && at + 1 < text.Length && text[at + 1] == '"')
                            at++;
                        else if (text[at] == '"')
                            break;
                        if (text[at] == '\n')
                            line++;
                        field.Append(text[at++]);
                    }
                    at++;
                    while (at < text.Length && text[at] is ' ' or '\r' && separator != ' ')
                        at++;
                    if (at < text.Length && text[at] != separator && text[at] != '\n')
                        throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                            $"{path}({line}): after a closing quote a {NameOf(separator)} is expected, not '{text[at]}'; ")
                            + "if quotes are characters like others, give --allow-quote false.");
                }
                else
                {
                    while (at < text.Length && text[at] != separator && text[at] != '\n')
                        field.Append(text[at++]);
                }
                // In quotes too, as files that pad all fields to one length have blanks there.
                fields.Add(field.ToString().Trim());
                ended = at >= text.Length || text[at] == '\n';
                at++;
            }
            line++;
            if (fields.Count == 1 && fields[0] == "")
                continue;
            limit--;
            yield return ([.. fields], first);
        }
    }

    /// <summary>How many rows at the beginning have at most half as many fields as nearly all others, as a title has.</summary>
    private static int LinesOfTitle(List<string[]> rows)
    {
        (int count, int share) = rows.Take(RowsLookedAt).CountBy(row => row.Length).MaxBy(pair => pair.Value);
        int first = rows.FindIndex(row => row.Length * 2 > count);
        return share > first + 1 ? first : 0;
    }

    private static string[] Names(string[] first, bool header)
    {
        string[] names = [.. first.Select((name, i) =>
            header && name != "" ? name : string.Create(CultureInfo.InvariantCulture, $"Column{i}"))];
        for (int i = 1; i < names.Length; i++)
        {
            // A second column of a name gets a number, as pandas does it.
            string name = names[i];
            for (int copy = 1; names.AsSpan(0, i).Contains(names[i]); copy++)
                names[i] = string.Create(CultureInfo.InvariantCulture, $"{name}.{copy}");
        }
        return names;
    }

    private static void RefuseRagged(string path, int count, List<string[]> rows, List<int> lines, char separator, bool header)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            if (rows[i].Length == count)
                continue;
            string hint = separator == ',' && rows[i].Length > count
                ? "; a field with a comma in it has to be in quotes, and a number with a decimal comma needs another --separator"
                : "";
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{path}({lines[i]}): the line has {Count(rows[i].Length)}, the {(header ? "header" : "first line")} {count}{hint}."));
        }

        static string Count(int fields) => fields == 1 ? "1 field" : string.Create(CultureInfo.InvariantCulture, $"{fields} fields");
    }

    /// <summary>
    /// The character that cuts the most lines into the same number of fields, two or more; a comma only if it does not cut numbers in two
    /// that another character has parted as well.
    /// </summary>
    private static char InferSeparator(string text, bool? decimalComma)
    {
        char best = ',';
        (double Share, int Count) most = (0, 1);
        string[][] fields = [];
        foreach (char separator in Separators)
        {
            try
            {
                string[][] rows = [.. Split("", text, separator, separator != '\t', RowsLookedAt).Select(row => row.Fields)];
                (int count, int lines) = rows.CountBy(row => row.Length).MaxBy(pair => pair.Value);
                (double Share, int Count) found = ((double)lines / rows.Length, count);
                bool isInNumbers = separator == ',' && fields.Length > 0 && found.Share <= most.Share
                    && (decimalComma == true || HaveCommasInNumbers(fields));
                int order = found.CompareTo(most);
                if (count > 1 && !isInNumbers && (order > 0 || order == 0 && separator == ','))
                    (best, most, fields) = (separator, found, rows);
            }
            // A file of another separator may have its quotes anywhere.
            catch (InvalidDataException)
            {
            }
        }
        return best;
    }

    /// <summary>
    /// Whether nearly all lines below the first are, as a whole, numbers with a comma: those of one column, if the first line has no comma
    /// either or the user says what a comma is.
    /// </summary>
    private static bool AreNumbers(string text, bool? decimalComma)
    {
        string[] lines = [.. text.Split('\n', RowsLookedAt + 1).Take(RowsLookedAt).Select(line => line.Trim().Trim('"'))
            .Where(line => line != "")];
        return lines.Length > 1 && (decimalComma is not null || !lines[0].Contains(','))
            && lines.Skip(1).Count(IsOne) >= (lines.Length - 1) * 0.9;

        bool IsOne(string line) => decimalComma is null ? Fields.HasComma(line)
            : line.Contains(',') && Fields.TryParseNumber(line, decimalComma, out _);
    }

    /// <summary>Whether the fields that have commas are numbers but for a few, as 20,7 is.</summary>
    private static bool HaveCommasInNumbers(string[][] rows)
    {
        string[] fields = [.. rows.SelectMany(row => row).Where(field => field.Contains(','))];
        return fields.Length > 0 && fields.Count(Fields.HasComma) > fields.Length * 0.9;
    }

    private static bool QuotesSurroundFields(string text, char separator)
    {
        string[] opening = [.. Split("", text, separator, quotes: false, RowsLookedAt).SelectMany(row => row.Fields)
            .Where(field => field.StartsWith('"'))];
        return opening.Length > 0 && Array.TrueForAll(opening, field => field.Length > 1 && field.EndsWith('"'));
    }

    /// <summary>
    /// Whether the first row names columns: it has a name that the user gave, or texts above numbers, or texts that do not come again.
    /// </summary>
    private static bool IsHeader(List<string[]> rows, IReadOnlyList<string> names)
    {
        string[] first = rows[0];
        if (first.Any(names.Contains))
            return true;
        string[][] below = [.. rows.Skip(1).Take(RowsLookedAt).Where(row => row.Length == first.Length)];
        // Numbers that count the columns, as data frames without names have them.
        if (below.Length == 0 || first.Index().All(field => field.Item == field.Index.ToString(CultureInfo.InvariantCulture)))
            return true;
        // 95% may be the name of a column of quantiles.
        if (first.Any(field => Fields.IsValue(field) && !field.EndsWith('%')))
            return false;
        bool aboveValues = Enumerable.Range(0, first.Length)
            .Any(i => below.Count(row => Fields.IsValue(row[i]) || Fields.IsMissing(row[i])) > below.Length * 0.9);
        return aboveValues || (first.All(field => field is not "" && field.Length <= LongestName)
            && first.Distinct().Count() == first.Length
            && !Enumerable.Range(0, first.Length).Any(i => below.Any(row => row[i] == first[i])));
    }

    private static string NameOf(char separator) => separator switch
    {
        ',' => "comma",
        '\t' => "tab",
        ';' => "semicolon",
        '|' => "bar",
        ' ' => "space",
        _ => $"'{separator}'",
    };
}
