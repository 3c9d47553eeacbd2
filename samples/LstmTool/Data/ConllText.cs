using System.Globalization;
using System.Text.Json;

namespace LstmTool.Data;

/// <summary>Columns as of the CoNLL tasks: a word a line with its labels, and a blank line behind each sentence.</summary>
internal static class ConllText
{
    private const int LinesLookedAt = 2000;
    private const double Most = 0.9;

    /// <summary>Whether nearly all lines have a number of fields, two or more, and blank lines are between some.</summary>
    public static bool IsConll(string text)
    {
        string[] lines = [.. text.Split('\n', LinesLookedAt + 1).Take(LinesLookedAt).Select(line => line.TrimEnd('\r'))];
        int[] counts = [.. lines.Where(line => line.Trim() != "" && !line.StartsWith('#')).Select(line => Split(line).Length)];
        bool hasBlank = lines.SkipWhile(line => line.Trim() == "").Reverse().SkipWhile(line => line.Trim() == "")
            .Any(line => line.Trim() == "");
        return hasBlank && counts.Length > 1 && counts[0] > 1 && counts.Count(count => count == counts[0]) >= counts.Length * Most;
    }

    /// <exception cref="InvalidDataException">A line has another number of fields than the first one.</exception>
    public static TextTable Read(string path, string text)
    {
        var rows = new List<string[]>();
        var starts = new List<int>();
        var sentence = new List<string[]>();
        int start = 0, width = 0;
        foreach ((int index, string raw) in text.Split('\n').Index())
        {
            string line = raw.TrimEnd('\r');
            if (line.Trim() == "")
            {
                Flush();
                continue;
            }
            string[] fields = Split(line);
            // A comment, as CoNLL-U has them above a sentence.
            if (line.StartsWith('#') && sentence.Count == 0 && fields.Length != width)
                continue;
            if (width == 0)
                width = fields.Length;
            if (fields.Length != width)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{path}({index + 1}): the line has {fields.Length} fields, the first line {width}."));
            if (sentence.Count == 0)
                start = index + 1;
            sentence.Add(fields);
        }
        Flush();
        string[] names = [.. Enumerable.Range(0, width).Select(i => i == 0 ? "Word" : i == width - 1 ? "Label"
            : string.Create(CultureInfo.InvariantCulture, $"Column{i}"))];
        return new TextTable(path, "CoNLL columns", names, rows, starts,
            [new Inference($"sentences: blank lines are between them, {width} fields a word", "")])
        {
            Layout = new FileLayout(FileKind.Conll),
        };

        void Flush()
        {
            if (sentence.Count == 0)
                return;
            starts.Add(start);
            rows.Add([.. Enumerable.Range(0, width).Select(i => JsonSerializer.Serialize(sentence.Select(fields => fields[i])))]);
            sentence.Clear();
        }
    }

    private static string[] Split(string line)
        => line.Contains('\t') ? line.Split('\t') : line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
