using LstmTool.Data;
using LstmTool.Tasks;

namespace LstmTool.Projects;

/// <summary>The C# file that reads the rows of a file as this tool has read them.</summary>
internal sealed class RowReader(TrainedTask trained, ModelClasses classes)
{
    public string Code() => $$"""
        // Written by lstm-ml. Reads a file like the one that the model was made from.
        using System.Globalization;
        using System.Text;
        using System.Text.Json;

        public static partial class {{trained.Name}}
        {
            /// <summary>The rows of a file: {{Format}}.</summary>
            {{LabelParameter}}/// <exception cref="FormatException">A field is not what it has to be.</exception>
            public static IEnumerable<ModelInput> ReadRows(string dataPath{{(classes.Label is null ? "" : ", bool needsLabel = true")}})
            {
                foreach (Dictionary<string, string[]> row in {{Source}})
                {
                    yield return new ModelInput
                    {
        {{string.Join("\n", classes.Inputs.Select(one => $"                {one.Member} = {MemberOf(one)},"))}}
                    };
                }
            }

        {{Fields}}

            private static string Field(Dictionary<string, string[]> row, string name)
                => row.TryGetValue(name, out string[]? fields) ? fields[0] : throw new FormatException($"There is no column '{name}'.");

            private static float Number(string field)
            {
                string bare = field.Trim(Signs);
                if (bare.EndsWith('%'))
                    bare = bare[..^1].TrimEnd(Signs);
                var groups = System.Text.RegularExpressions.Regex.Match(bare, {{CSharp.Text(Data.Fields.GroupsPattern)}});
                if (groups.Success)
                    bare = bare.Replace(groups.Groups[1].Value, "");
                {{Styles}}
                return float.TryParse(bare, styles, {{Culture}}, out float number) && float.IsFinite(number) ? number
                    : bool.TryParse(field, out bool truth) ? (truth ? 1 : 0)
                    : Missing.Contains(field) ? float.NaN
                    : throw new FormatException($"'{field}' is no number.");
            }

            private static readonly char[] Signs = [{{Data.Fields.SignsCode}}];

            private static readonly HashSet<string> Missing =
                new(StringComparer.OrdinalIgnoreCase) { {{string.Join(", ", Data.Fields.MissingTexts.Select(CSharp.Text))}} };

            private static DateTime Time(string field) => {{TimeCode}};

            /// <summary>The items of a list: of rows below each other, of JSON, or between spaces, semicolons or bars.</summary>
            private static string[] Items(Dictionary<string, string[]> row, string name)
            {
                string[] fields = row.TryGetValue(name, out string[]? found) ? found
                    : throw new FormatException($"There is no column '{name}'.");
        {{(IsLists ? "        return fields;\n    }" : ItemsOfField)}}

            /// <summary>What several lists have at each step, step by step.</summary>
            private static float[] Steps(Dictionary<string, string[]> row, params string[] names)
            {
                string[][] lists = Array.ConvertAll(names, name => Items(row, name));
                if (lists.Length == 1)
                    return Array.ConvertAll(lists[0], Number);
                return [.. Enumerable.Range(0, lists[0].Length).SelectMany(step => lists.Select(list => Number(list[step])))];
            }

            /// <summary>Steps whose missing numbers are those of the step before, or behind where there is none.</summary>
            private static float[] Filled(float[] values, int featuresPerStep)
            {
                for (int i = featuresPerStep; i < values.Length; i++)
                    values[i] = float.IsNaN(values[i]) ? values[i - featuresPerStep] : values[i];
                for (int i = values.Length - featuresPerStep - 1; i >= 0; i--)
                    values[i] = float.IsNaN(values[i]) ? values[i + featuresPerStep] : values[i];
                return values;
            }
        }

        """;

    private bool IsLists => trained.Layout.Kind == FileKind.Conll || trained.Layout.Group is not null;

    private const string ItemsOfField = """
                return !fields[0].StartsWith('[')
                    ? fields[0].Split([' ', ';', '|'], StringSplitOptions.RemoveEmptyEntries)
                    : [.. Flatten(JsonSerializer.Deserialize<JsonElement>(fields[0])).Select(item =>
                        item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())];
            }

            private static IEnumerable<JsonElement> Flatten(JsonElement json)
                => json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().SelectMany(Flatten) : [json];
        """;

    // As DelimitedText names them, which the model's columns are called by.
    private const string NamesOf = """


                /// <summary>The names of the columns: one without has its place, and one that is there already a number.</summary>
                private static string[] NamesOf(string[] header)
                {
                    string[] names = [.. header.Select((name, i) => name == "" ? $"Column{i}" : name)];
                    for (int i = 1; i < names.Length; i++)
                    {
                        string name = names[i];
                        for (int copy = 1; names[..i].Contains(names[i]); copy++)
                            names[i] = $"{name}.{copy}";
                    }
                    return names;
                }
        """;

    private string Format => trained.Layout.Kind switch
    {
        FileKind.JsonLines => "an object in JSON a line",
        FileKind.Conll => "a word a line, a blank line behind each sentence",
        _ => $"fields with {CSharp.Text(trained.Layout.Separator.ToString()).Trim('"')} between"
            + (trained.Layout.HasHeader ? ", a first line of names" : ""),
    };

    private string Source => trained.Layout switch
    {
        { Group: { } group } => $"Groups(FieldRows(dataPath), {CSharp.Text(group)})",
        { Order: { } order } => $"InOrder([.. FieldRows(dataPath)], {CSharp.Text(order.Column)})",
        _ => "FieldRows(dataPath)",
    };

    private string Styles => trained.Layout.DecimalComma is null ? "NumberStyles styles = NumberStyles.Float;"
        : "// The parser would take separators of thousands anywhere.\n        bool hasThousands = System.Text.RegularExpressions.Regex"
            + $".IsMatch(bare,\n            {CSharp.Text(Data.Fields.ThousandsPattern)});\n        NumberStyles styles = "
            + "hasThousands ? NumberStyles.Float | NumberStyles.AllowThousands : NumberStyles.Float;";

    private string Culture => trained.Layout.DecimalComma == true
        ? "new NumberFormatInfo { NumberDecimalSeparator = \",\", NumberGroupSeparator = \".\" }" : "CultureInfo.InvariantCulture";

    private string SkipTitle => trained.Layout.LinesOfTitle is 0 ? ""
        : $"\n            // Below the title.\n            .SkipWhile(row => row.Line <= {trained.Layout.LinesOfTitle})";

    private string TimeCode => classes.Inputs.FirstOrDefault(one => one.Column.Kind == ColumnKind.Time).Column?.TimeFormat.Code
        ?? (trained.Layout.Order?.Format ?? TimeFormat.Usual).Code;

    private string LabelParameter => classes.Label is null ? "" : """
        /// <param name="dataPath">The file.</param>
            /// <param name="needsLabel">Whether a file without the label is refused, as for training.</param>
            
        """;

    /// <summary>The value of a member; what is to be predicted need not be there.</summary>
    private string MemberOf((TableColumn Column, string Member) one)
    {
        if (one.Column != classes.Label)
            return ValueOf(one.Column);
        string missing = one.Column.Kind switch
        {
            ColumnKind.Number => "float.NaN",
            ColumnKind.Text => "\"\"",
            _ => "[]",
        };
        IEnumerable<string> isThere = one.Column.Sources.Select(name => $"row.ContainsKey({CSharp.Text(name)})");
        return $"needsLabel || {string.Join(" || ", isThere)} ? {ValueOf(one.Column)} : {missing}";
    }

    // A day and a time of day, as the tool joins them.
    private const string And = " + \" \" + ";

    private static string ClockOf(RowOrder order) => order.Clock is null ? "" : $"{And}row[{CSharp.Text(order.Clock)}][0]";

    private static string ValueOf(TableColumn column)
    {
        string names = string.Join(", ", column.Sources.Select(CSharp.Text));
        return (column.Kind, column.Origin) switch
        {
            (ColumnKind.Number, _) => $"Number(Field(row, {names}))",
            (ColumnKind.Time, _) => $"Time({string.Join(And, column.Sources.Select(name => $"Field(row, {CSharp.Text(name)})"))})",
            (ColumnKind.Text, _) => $"Field(row, {names})",
            (ColumnKind.Texts, _) => $"Items(row, {names})",
            (_, ColumnOrigin.Fields) => $"Array.ConvertAll(new[] {{ {names} }}, name => Number(Field(row, name)))",
            _ => $"Filled(Steps(row, {names}), {column.FeaturesPerStep})",
        };
    }

    private string Encoding => trained.Layout.IsWindows1252 ? "CodePagesEncodingProvider.Instance.GetEncoding(1252)!" : "Encoding.UTF8";

    /// <summary>The keys that rows of JSON may be without, as some were that the model was made from.</summary>
    private string OptionalNames => string.Join(", ", classes.Inputs.Where(one => one.Column != classes.Label)
        .SelectMany(one => one.Column.Sources).Distinct()
        .Where(name => trained.Dataset.Columns.Any(column => column.Name == name && column.Missing > 0)).Select(CSharp.Text));

    private string Fields => (trained.Layout.Kind switch
    {
        FileKind.JsonLines => $$"""
                // A key that other rows have is an empty field where it is missing, and so is null.
                private static IEnumerable<Dictionary<string, string[]>> FieldRows(string dataPath)
                {
                    Dictionary<string, JsonElement>[] rows = [.. File.ReadLines(dataPath, {{Encoding}}).Where(line => line.Trim() != "")
                        .Select(line => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(line)!)];
                    HashSet<string> names = [.. rows.SelectMany(row => row.Keys){{(OptionalNames == "" ? "" : $", {OptionalNames}")}}];
                    foreach (Dictionary<string, JsonElement> row in rows)
                        yield return names.ToDictionary(name => name, name => new[] { TextOf(row.GetValueOrDefault(name)) });
                }

                private static string TextOf(JsonElement json) => json.ValueKind switch
                {
                    JsonValueKind.Undefined or JsonValueKind.Null => "",
                    JsonValueKind.String => json.GetString()!,
                    _ => json.GetRawText(),
                };
            """,
        FileKind.Conll => $$"""
                // Without the last one of the fields, which is the label, the others keep their names.
                private static IEnumerable<Dictionary<string, string[]>> FieldRows(string dataPath)
                {
                    var sentence = new List<string[]>();
                    int width = 0;
                    foreach (string line in File.ReadLines(dataPath, {{Encoding}}).Append(""))
                    {
                        if (line.Trim() != "")
                        {
                            string[] fields = line.Contains('\t') ? line.Split('\t')
                                : line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                            // A comment, as above a sentence.
                            if (line.StartsWith('#') && sentence.Count == 0 && fields.Length != width)
                                continue;
                            sentence.Add(fields);
                            width = fields.Length;
                        }
                        else if (sentence.Count > 0)
                        {
                            yield return Enumerable.Range(0, width).ToDictionary(
                                i => i == 0 ? "Word"
                                    : i == width - 1 && width != {{trained.Dataset.Columns.Count - 1}} ? "Label" : $"Column{i}",
                                i => sentence.Select(fields => fields[i]).ToArray());
                            sentence.Clear();
                        }
                    }
                }
            """,
        _ => $$"""
                private static IEnumerable<Dictionary<string, string[]>> FieldRows(string dataPath)
                {
                    string[]? names = null;
                    foreach ((string[] fields, int line) in Split(File.ReadAllText(dataPath, {{Encoding}})){{SkipTitle}})
                    {
                        if (names is null)
                        {
                            {{(trained.Layout.HasHeader ? "names = NamesOf(fields);\n                continue;"
                                : "names = [.. fields.Select((_, i) => $\"Column{i}\")];")}}
                        }
                        if (fields.Length != names.Length)
                            throw new FormatException($"Line {line} has {fields.Length} fields, not {names.Length}.");
                        yield return Enumerable.Range(0, names.Length).ToDictionary(i => names[i], i => new[] { fields[i] });
                    }
                }

                /// <summary>The fields of each row, and the line that it begins in; blank lines are none.</summary>
                private static IEnumerable<(string[] Fields, int Line)> Split(string text)
                {
                    char separator = {{CSharp.Text(trained.Layout.Separator.ToString())}}[0];
                    bool quotes = {{(trained.Layout.AllowQuoting ? "true" : "false")}};
                    int at = 0, line = 1;
                    while (at < text.Length)
                    {
                        int first = line;
                        var fields = new List<string>();
                        bool ended = false;
                        while (!ended)
                        {
                            while (quotes && at < text.Length && text[at] == ' ' && separator != ' ')
                                at++;
                            var field = new StringBuilder();
                            if (quotes && at < text.Length && text[at] == '"')
                            {
                                at++;
                                while (at >= text.Length || text[at] != '"' || at + 1 < text.Length && text[at + 1] == '"')
                                {
                                    if (at >= text.Length)
                                        throw new FormatException($"Line {first}: a quote that begins in this line is not closed.");
                                    if (text[at] == '"')
                                        at++;
                                    if (text[at] == '\n')
                                        line++;
                                    field.Append(text[at++]);
                                }
                                at++;
                                while (at < text.Length && (text[at] is ' ' or '\r') && separator != ' ')
                                    at++;
                                if (at < text.Length && text[at] != separator && text[at] != '\n')
                                    throw new FormatException($"Line {line}: after a closing quote there is '{text[at]}'.");
                            }
                            else
                            {
                                while (at < text.Length && text[at] != separator && text[at] != '\n')
                                    field.Append(text[at++]);
                            }
                            fields.Add(field.ToString().Trim());
                            ended = at >= text.Length || text[at] == '\n';
                            at++;
                        }
                        line++;
                        if (fields is not [""])
                            yield return ([.. fields], first);
                    }
                }{{(trained.Layout.HasHeader ? NamesOf : "")}}
            """,
    }) + (trained.Layout.Group is null ? "" : """


                /// <summary>The rows of one value of a column, one below the other, as one.</summary>
                private static IEnumerable<Dictionary<string, string[]>> Groups(IEnumerable<Dictionary<string, string[]>> rows, string name)
                {
                    var group = new List<Dictionary<string, string[]>>();
                    foreach (Dictionary<string, string[]> row in rows)
                    {
                        if (group.Count > 0 && group[0][name][0] != row[name][0])
                        {
                            yield return Joined();
                            group.Clear();
                        }
                        group.Add(row);
                    }
                    if (group.Count > 0)
                        yield return Joined();

                    Dictionary<string, string[]> Joined()
                        => group[0].Keys.ToDictionary(key => key, key => group.Select(row => row[key][0]).ToArray());
                }
            """) + (trained.Layout.Order is not { } order ? "" : $$"""


                /// <summary>The rows in the order of a column of times, which some have in common; without it, as they come.</summary>
                private static IEnumerable<Dictionary<string, string[]>> InOrder(Dictionary<string, string[]>[] rows, string name)
                {
                    if (!Array.TrueForAll(rows, row => row.ContainsKey(name)))
                        return rows;
                    var timed = Array.ConvertAll(rows, row => (row, time: Time(row[name][0]{{ClockOf(order)}})));
                    // Of two rows of one time the later one is above the other where the newest is the first.
                    if (timed.Zip(timed.Skip(1)).All(pair => pair.First.time >= pair.Second.time))
                        Array.Reverse(timed);
                    return timed.OrderBy(one => one.time).Select(one => one.row);
                }
            """);
}
