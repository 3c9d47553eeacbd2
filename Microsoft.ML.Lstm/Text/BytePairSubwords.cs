using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lstm.Text;

/// <summary>Byte pair encoding of bytes, written as GPT-2 writes them, or of characters.</summary>
internal sealed class BytePairSubwords : SubwordTokenizer
{
    /// <summary>
    /// The expression of GPT-2: words and numbers with the space in front of them, other characters, white space. Each character is in a
    /// match. (Without an expression, Microsoft.ML.Tokenizers 2.0.1 cuts by words and drops white space.)
    /// </summary>
    public const string Gpt2Pattern = @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // The characters that stand for the bytes 0 to 255 in a vocabulary of bytes: themselves where they are visible, others from U+0100 on.
    private static readonly char[] ByteCharacters = MakeByteCharacters();
    private static readonly string[] UnknownTokens = ["<unk>", "[UNK]"];

    private readonly BpeTokenizer _tokenizer;

    public BytePairSubwords(SubwordSettings settings, byte[] vocabulary, byte[] merges)
        : base(settings, vocabulary, merges)
    {
        Dictionary<string, int> ids = SavedJson.Read(vocabulary, pieces => pieces.Entries(id => id.Int32()),
            "The vocabulary of a byte pair encoding");
        bool isOfBytes = ids.ContainsKey(ByteCharacters[' '].ToString());
        settings.UnknownToken ??= Array.Find(UnknownTokens, ids.ContainsKey);
        settings.Pattern ??= Gpt2Pattern;
        if (settings.UnknownToken is { } unknown)
        {
            if (!ids.ContainsKey(unknown))
                throw new InvalidDataException($"The vocabulary has no piece '{unknown}' for unknown characters.");
        }
        else if (!isOfBytes || Array.Exists(ByteCharacters, character => !ids.ContainsKey(character.ToString())))
            throw new InvalidDataException(
                $"The vocabulary has not a piece for each byte and no token for unknown characters ({string.Join(", ", UnknownTokens)}, or "
                + "UnknownToken), so parts of texts would vanish.");
        foreach ((string token, int id) in settings.SpecialTokens ?? [])
        {
            if (ids.TryGetValue(token, out int present) && present != id)
                throw new InvalidDataException($"The special token '{token}' has the id {id}, but in the vocabulary it has {present}.");
            ids[token] = id;
        }
        Pieces = SubwordPiece.InOrder([.. ids.Select(pair => (pair.Value, PieceOf(pair.Key)))]);
        _tokenizer = BpeTokenizer.Create(new BpeOptions(ids)
        {
            Merges = [.. Encoding.UTF8.GetString(merges).Split('\n').Select(line => line.TrimEnd('\r'))
                .Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal))],
            ByteLevel = isOfBytes,
            PreTokenizer = new RegexPreTokenizer(new Regex(settings.Pattern, RegexOptions.CultureInvariant, LongestMatch),
                settings.SpecialTokens),
            UnknownToken = settings.UnknownToken,
            SpecialTokens = settings.SpecialTokens,
        });

        SubwordPiece PieceOf(string token)
        {
            bool isText = !isOfBytes || token == settings.UnknownToken || settings.SpecialTokens?.ContainsKey(token) == true
                || token.Any(character => Array.IndexOf(ByteCharacters, character) < 0);
            return isText
                ? SubwordPiece.OfText(token, token)
                : new SubwordPiece(token, PieceRole.Text, [.. token.Select(character => (byte)Array.IndexOf(ByteCharacters, character))]);
        }
    }

    public override SubwordPiece[] Pieces { get; }

    protected override IReadOnlyList<int> Cut(string text) => _tokenizer.EncodeToIds(text);

    private static char[] MakeByteCharacters()
    {
        var characters = new char[256];
        int others = 0;
        for (int value = 0; value < characters.Length; value++)
        {
            bool isVisible = value is >= '!' and <= '~' or >= '\u00A1' and <= '\u00AC' or >= '\u00AE' and <= '\u00FF';
            characters[value] = (char)(isVisible ? value : 256 + others++);
        }
        return characters;
    }
}
