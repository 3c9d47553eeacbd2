using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lstm.Text;

/// <summary>OpenAI's tiktoken.</summary>
internal sealed class TiktokenSubwords : SubwordTokenizer
{
    // The expressions of cl100k_base (GPT-4) and o200k_base (GPT-4o); smaller vocabularies have GPT-2's.
    private const string Cl100kPattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        + @"|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string O200kPattern = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        + @"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        + @"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private readonly TiktokenTokenizer _tokenizer;

    public TiktokenSubwords(SubwordSettings settings, byte[] vocabulary)
        : base(settings, vocabulary, merges: null)
    {
        var pieces = new List<(int Id, SubwordPiece Piece)>();
        var bytes = new HashSet<byte>();
        foreach (string line in Encoding.UTF8.GetString(vocabulary).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            string[] parts = line.Split(' ');
            if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int rank))
                throw new InvalidDataException($"A line of a .tiktoken file has a piece in base64 and its rank, but one is '{line}'.");
            byte[] piece = Convert.FromBase64String(parts[0]);
            if (piece.Length == 1)
                bytes.Add(piece[0]);
            pieces.Add((rank, new SubwordPiece(SubwordPiece.NameOf(piece), PieceRole.Text, piece)));
        }
        if (bytes.Count < 256)
            throw new InvalidDataException($"The vocabulary has pieces for {bytes.Count} of 256 bytes, so some texts can't be cut.");
        settings.Pattern ??= pieces.Count > 150_000 ? O200kPattern : pieces.Count > 60_000 ? Cl100kPattern : BytePairSubwords.Gpt2Pattern;
        pieces.AddRange((settings.SpecialTokens ?? []).Select(token => (token.Value, SubwordPiece.OfText(token.Key, token.Key))));
        Pieces = SubwordPiece.InOrder(pieces);
        using var stream = new MemoryStream(vocabulary);
        _tokenizer = TiktokenTokenizer.Create(stream,
            new RegexPreTokenizer(new Regex(settings.Pattern, RegexOptions.CultureInvariant, LongestMatch), settings.SpecialTokens),
            normalizer: null, settings.SpecialTokens);
    }

    public override SubwordPiece[] Pieces { get; }

    protected override IReadOnlyList<int> Cut(string text) => _tokenizer.EncodeToIds(text);
}
