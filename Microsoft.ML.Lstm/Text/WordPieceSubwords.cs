using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lstm.Text;

/// <summary>WordPiece, with BERT's rules for words if the vocabulary has BERT's special tokens.</summary>
internal sealed class WordPieceSubwords : SubwordTokenizer
{
    private const string Continuing = "##", Begin = "[CLS]", End = "[SEP]";

    private static readonly string[] SpecialTokens = ["[PAD]", Begin, End, "[MASK]"];

    private readonly WordPieceTokenizer _tokenizer;
    private readonly bool _addsSpecialTokens;

    public WordPieceSubwords(SubwordSettings settings, byte[] vocabulary)
        : base(settings, vocabulary, merges: null)
    {
        string[] lines = [.. Encoding.UTF8.GetString(vocabulary).TrimEnd('\n', '\r').Split('\n').Select(line => line.TrimEnd('\r'))];
        if (Array.IndexOf(lines, "") is var empty and >= 0)
            throw new InvalidDataException($"The vocabulary of WordPiece has a piece a line, but line {empty + 1} is empty.");
        if (lines.GroupBy(line => line).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new InvalidDataException($"The vocabulary has the piece '{twice.Key}' {twice.Count()} times.");
        settings.UnknownToken ??= "[UNK]";
        if (!lines.Contains(settings.UnknownToken))
            throw new InvalidDataException($"The vocabulary has no piece '{settings.UnknownToken}' for unknown words.");
        settings.LowerCase ??= !Array.Exists(lines, line => line[0] != '[' && line.Any(char.IsUpper));
        bool lowers = settings.LowerCase.Value, isBert = SpecialTokens.All(lines.Contains);
        _addsSpecialTokens = settings.AddSpecialTokens;
        if (_addsSpecialTokens && !isBert)
            throw new InvalidDataException($"The vocabulary lacks some of {string.Join(", ", SpecialTokens)}, so none can be added.");
        Pieces = SubwordPiece.InOrder([.. lines.Select((line, id) => (id, PieceOf(line)))]);
        EndId = _addsSpecialTokens ? Array.IndexOf(lines, End) : null;
        using var stream = new MemoryStream(vocabulary);
        // BERT's small letters are without accents; Microsoft.ML.Tokenizers 2.0.1 keeps them unless told not to.
        _tokenizer = isBert
            ? BertTokenizer.Create(stream, new BertOptions
            {
                UnknownToken = settings.UnknownToken,
                LowerCaseBeforeTokenization = lowers,
                RemoveNonSpacingMarks = lowers,
            })
            : WordPieceTokenizer.Create(stream, new WordPieceOptions
            {
                UnknownToken = settings.UnknownToken,
                Normalizer = lowers ? LowerCaseNormalizer.Instance : null,
                PreTokenizer = PreTokenizer.CreateWordOrPunctuation(),
            });
    }

    public override SubwordPiece[] Pieces { get; }

    public override int? EndId { get; }

    protected override IReadOnlyList<int> Cut(string text)
    {
        // Microsoft.ML.Tokenizers 2.0.1 drops line breaks and tabs, which joins the words around them.
        string words = text.Replace('\r', ' ').Replace('\n', ' ').Replace('\t', ' ');
        // Only the overload of BertTokenizer itself can leave out the special tokens, and only it adds them.
        return _tokenizer is BertTokenizer bert
            ? bert.EncodeToIds(words, addSpecialTokens: _addsSpecialTokens)
            : _tokenizer.EncodeToIds(words);
    }

    private static SubwordPiece PieceOf(string line)
    {
        if (SpecialTokens.Contains(line))
            return SubwordPiece.Control(line);
        return line.Length > Continuing.Length && line.StartsWith(Continuing, StringComparison.Ordinal)
            ? SubwordPiece.OfText(line, line[Continuing.Length..])
            : SubwordPiece.OfText(line, line) with { Role = PieceRole.Word };
    }
}
