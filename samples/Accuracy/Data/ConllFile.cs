using System.IO.Compression;

namespace Accuracy.Data;

/// <summary>
/// One word a line, in columns separated by a space or a tab, the last of which is the label; an empty line ends a sentence. The file may
/// be compressed (.gz).
/// </summary>
internal static class ConllFile
{
    public static List<Sentence> Read(string path)
    {
        var sentences = new List<Sentence>();
        var words = new List<string[]>();
        int number = 0;
        using StreamReader reader = Open(path);
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Trim() == "")
            {
                Add();
                continue;
            }
            string[] columns = line.Split(line.Contains('\t') ? '\t' : ' ', StringSplitOptions.TrimEntries);
            if (columns.Length < 2 || (words.Count > 0 && columns.Length != words[0].Length))
                throw new FormatException(
                    $"{path}({number}): expected {(words.Count > 0 ? words[0].Length : "2 or more")} columns, found {columns.Length}.");
            words.Add(columns);
        }
        Add();
        return sentences;

        void Add()
        {
            if (words.Count > 0)
                sentences.Add(new Sentence([.. Enumerable.Range(0, words[0].Length)
                    .Select(column => words.Select(word => word[column]).ToArray())]));
            words.Clear();
        }
    }

    private static StreamReader Open(string path)
    {
        FileStream file = File.OpenRead(path);
        return new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
    }
}
