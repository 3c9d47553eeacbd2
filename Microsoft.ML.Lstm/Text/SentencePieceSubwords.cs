using System.Globalization;
using Google.Protobuf;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lstm.Text;

/// <summary>SentencePiece: byte pair encoding or unigram language model.</summary>
/// <remarks>
/// Microsoft.ML.Tokenizers 2.0.1 differs from SentencePiece in some models. Those that it would cut wrongly are refused, except that it
/// does not normalize texts for byte pair encoding (most models of that kind have no normalization).
/// </remarks>
internal sealed class SentencePieceSubwords : SubwordTokenizer
{
    // Stands for a space in the pieces.
    private const char Escaped = '\u2581';

    private readonly SentencePieceTokenizer _tokenizer;

    public SentencePieceSubwords(SubwordSettings settings, byte[] vocabulary)
        : base(settings, vocabulary, merges: null)
    {
        SentencePieceModel model;
        try
        {
            model = SentencePieceModel.Parser.ParseFrom(vocabulary);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException($"The file is no model of SentencePiece: {error.Message}");
        }
        SentencePieceTrainer trainer = model.TrainerSpec ?? new();
        SentencePieceNormalizer normalizer = model.NormalizerSpec ?? new();
        CheckThatItIsCutRight(trainer, model.Pieces.Count);
        if (settings.AddSpecialTokens && (trainer.BosId < 0 || trainer.EosId < 0))
            throw new InvalidDataException("The model has no token for the begin or for the end of a text, so none can be added.");

        EndId = settings.AddSpecialTokens ? trainer.EosId : null;
        bool isEscaped = normalizer.EscapeWhitespaces;
        AddsLeadingSpace = normalizer.AddDummyPrefix;
        Pieces = SubwordPiece.InOrder([.. model.Pieces.Select((piece, id) => (id, PieceOf(piece)))]);
        bool isBytePair = trainer.ModelType == SentencePieceTrainer.Types.Algorithm.Bpe;
        // Symbols that the user defined are never cut; in byte pair encoding the package keeps them whole only if it is told of them.
        Dictionary<string, int> whole = isBytePair
            ? model.Pieces.Index().Where(entry => entry.Item.Type == SentencePiece.Types.Kind.UserDefined)
                .ToDictionary(entry => entry.Item.Piece, entry => entry.Index)
            : [];
        using var stream = new MemoryStream(vocabulary);
        _tokenizer = SentencePieceTokenizer.Create(stream, settings.AddSpecialTokens, settings.AddSpecialTokens,
            whole.Count > 0 ? whole : null);

        SubwordPiece PieceOf(SentencePiece piece) => piece.Type switch
        {
            SentencePiece.Types.Kind.Control => SubwordPiece.Control(piece.Piece),
            SentencePiece.Types.Kind.Unknown => SubwordPiece.OfText(piece.Piece, trainer.UnkSurface),
            SentencePiece.Types.Kind.Byte => new SubwordPiece(piece.Piece, PieceRole.Text, [ByteOf(piece.Piece)]),
            _ => SubwordPiece.OfText(piece.Piece, isEscaped ? piece.Piece.Replace(Escaped, ' ') : piece.Piece),
        };
    }

    public override SubwordPiece[] Pieces { get; }

    public override bool AddsLeadingSpace { get; }

    public override int? EndId { get; }

    protected override IReadOnlyList<int> Cut(string text) => _tokenizer.EncodeToIds(text);

    private static void CheckThatItIsCutRight(SentencePieceTrainer trainer, int pieces)
    {
        if (trainer.ModelType is not (SentencePieceTrainer.Types.Algorithm.Bpe or SentencePieceTrainer.Types.Algorithm.Unigram))
            throw new NotSupportedException("SentencePiece: models of words or of characters are not supported, only BPE and UNIGRAM.");
        if (trainer.TreatWhitespaceAsSuffix)
            throw new NotSupportedException("SentencePiece: models with white space behind words (treat_whitespace_as_suffix) are not "
                + "supported.");
        if (trainer.UnkId >= pieces || trainer.BosId >= pieces || trainer.EosId >= pieces)
            throw new InvalidDataException("SentencePiece: the model has no piece of the ids that it gives to unknown, begin and end.");
        if (trainer.ModelType == SentencePieceTrainer.Types.Algorithm.Bpe)
            return;
        if (trainer.ByteFallback)
            throw new NotSupportedException("SentencePiece: a unigram model with byte_fallback is refused, since Microsoft.ML.Tokenizers "
                + "2.0.1 gives its bytes ids that are 255 too high.");
        if (trainer.BosId < 0 || trainer.EosId < 0 || trainer.UnkId < 0)
            throw new NotSupportedException("SentencePiece: a unigram model without a token for begin, end or unknown (T5's layout) is "
                + "refused, since Microsoft.ML.Tokenizers 2.0.1 can't load it.");
    }

    private static byte ByteOf(string piece)
        => piece.Length == 6 && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte value)
            ? value
            : throw new InvalidDataException($"SentencePiece: a byte is written as <0x0A>, but one is '{piece}'.");
}
