using System.Globalization;
using System.Text;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// Reads the word vectors of a vocabulary from a text file in UTF-8 with a word and its numbers on each line, separated by spaces or tabs.
/// This is the format of GloVe; the text format of word2vec and fastText has a first line with the number of vectors and their size.
/// </summary>
/// <remarks>
/// The vector is the last numbers of a line, as many as the first line has, so a word may contain spaces, as some words of GloVe do; but it
/// may not end in a number, since that is a line with one number too many. A word of the vocabulary gets the vector of the same word in the
/// file or, if there is none, of the word in lower case; if a word occurs twice, the first counts. The file is read line by line and
/// checked to its end; only the vectors that the vocabulary needs are kept. Blank lines are skipped.
/// </remarks>
internal sealed class WordVectorReader
{
    private const int MaxSize = 65536;

    private static readonly char[] Separators = [' ', '\t'];

    private readonly TextReader _reader;
    private readonly string _name;
    private readonly IReadOnlyList<string> _vocabulary;
    private readonly Dictionary<string, List<(int Token, Match Match)>> _wanted = [];
    private readonly Match[] _matches;
    private long _line;

    private WordVectorReader(TextReader reader, string name, IReadOnlyList<string> vocabulary)
    {
        _reader = reader;
        _name = name;
        _vocabulary = vocabulary;
        _matches = new Match[vocabulary.Count + 1];
        for (int i = 0; i < vocabulary.Count; i++)
        {
            string lowerCase = vocabulary[i].ToLowerInvariant();
            Want(vocabulary[i], i + 1, Match.Exact);
            if (lowerCase != vocabulary[i])
                Want(lowerCase, i + 1, Match.LowerCase);
        }
    }

    /// <summary>How a word of the vocabulary was found so far, from worst to best.</summary>
    private enum Match : byte
    {
        None,
        LowerCase,
        Exact,
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabulary">The words: token i + 1 is word i.</param>
    /// <param name="cancellationToken">Cancels with an exception.</param>
    /// <exception cref="InvalidDataException">The file is empty or malformed. The message names the file and the line.</exception>
    public static PretrainedEmbeddings Read(string path, IReadOnlyList<string> vocabulary, CancellationToken cancellationToken = default)
    {
        using var reader = new StreamReader(path, Encoding.UTF8);
        return Read(reader, path, vocabulary, cancellationToken);
    }

    /// <summary>Reads a text that messages call <paramref name="name"/>.</summary>
    public static PretrainedEmbeddings Read(TextReader reader, string name, IReadOnlyList<string> vocabulary,
        CancellationToken cancellationToken = default)
        => new WordVectorReader(reader, name, vocabulary).Read(cancellationToken);

    private PretrainedEmbeddings Read(CancellationToken cancellationToken)
    {
        string line = NextLine() ?? throw new InvalidDataException($"{_name}: expected words and their vectors, found nothing.");
        long? count = null;
        int size;
        if (TryReadHeader(line, out long headerCount, out long headerSize))
        {
            if (headerCount < 1 || headerSize is < 1 or > MaxSize)
                throw Invalid($"the number of vectors, at least 1, and their size, from 1 to {MaxSize}", $"'{line}'");
            (count, size) = (headerCount, (int)headerSize);
            line = NextLine() ?? throw Invalid($"{count} vectors, as the first line says", "none");
        }
        else
        {
            size = line.Split(Separators, StringSplitOptions.RemoveEmptyEntries).Length - 1;
            if (size is < 1 or > MaxSize)
                throw Invalid($"a word and from 1 to {MaxSize} numbers", $"{size + 1} fields");
        }

        var pretrained = new PretrainedEmbeddings(_vocabulary.Count, size);
        float[] vector = new float[size];
        long read = 0;
        for (string? next = line; next is not null; next = NextLine(), read++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (read == count)
                throw Invalid($"{count} vectors, as the first line says", "more");
            Take(ReadLine(next, vector), vector, pretrained);
        }
        if (count is not null && read != count)
            throw Invalid($"{count} vectors, as the first line says", $"{read} at the end");
        return pretrained;
    }

    /// <summary>The next line that is not blank.</summary>
    private string? NextLine()
    {
        while (_reader.ReadLine() is { } line)
        {
            _line++;
            if (line.AsSpan().ContainsAnyExcept(Separators))
                return line;
        }
        return null;
    }

    private static bool TryReadHeader(string line, out long count, out long size)
    {
        count = size = 0;
        return line.Split(Separators, StringSplitOptions.RemoveEmptyEntries) is [string first, string second]
            && long.TryParse(first, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out count)
            && long.TryParse(second, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out size);
    }

    /// <summary>Reads a line: returns the word and fills in its numbers.</summary>
    private ReadOnlySpan<char> ReadLine(ReadOnlySpan<char> rest, Span<float> vector)
    {
        for (int i = vector.Length - 1; i >= 0; i--)
        {
            ReadOnlySpan<char> field = TakeLastField(ref rest);
            if (rest.IsEmpty)
                throw Invalid($"a word and {vector.Length} numbers", $"{vector.Length - i} fields");
            if (!TryParse(field, out vector[i]))
                throw Invalid($"a finite number in place {i + 1} after the word", $"'{(field.Length <= 64 ? field : field[..64])}'");
        }
        ReadOnlySpan<char> head = rest;
        if (TryParse(TakeLastField(ref head), out _) && !head.IsEmpty)
            throw Invalid($"a word and {vector.Length} numbers", "more numbers");
        return rest;
    }

    /// <summary>Removes the last field from the rest of a line and returns it.</summary>
    private static ReadOnlySpan<char> TakeLastField(ref ReadOnlySpan<char> rest)
    {
        rest = rest.TrimEnd(Separators);
        int start = rest.LastIndexOfAny(Separators) + 1;
        ReadOnlySpan<char> field = rest[start..];
        rest = rest[..start].TrimEnd(Separators);
        return field;
    }

    private static bool TryParse(ReadOnlySpan<char> field, out float value)
        => float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);

    private void Take(ReadOnlySpan<char> word, float[] vector, PretrainedEmbeddings pretrained)
    {
        if (!_wanted.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out List<(int Token, Match Match)>? tokens))
            return;
        foreach ((int token, Match match) in tokens)
        {
            if (match <= _matches[token])
                continue;
            pretrained[token] = [.. vector];
            _matches[token] = match;
        }
    }

    private void Want(string word, int token, Match match)
    {
        if (!_wanted.TryGetValue(word, out List<(int, Match)>? tokens))
            _wanted.Add(word, tokens = []);
        tokens.Add((token, match));
    }

    private InvalidDataException Invalid(string expected, string found)
        => new($"{_name}, line {_line}: expected {expected}, found {found}.");
}
