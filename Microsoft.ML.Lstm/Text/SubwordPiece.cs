using System.Text;

namespace Microsoft.ML.Lstm.Text;

/// <summary>What a piece stands for when pieces are joined to a text.</summary>
internal enum PieceRole
{
    /// <summary>No token has this id.</summary>
    None,

    /// <summary>The piece's bytes, as they are.</summary>
    Text,

    /// <summary>The piece's bytes, behind a space unless the text begins with them.</summary>
    Word,

    /// <summary>No text: where a text begins or ends, and the like.</summary>
    Control,
}

/// <summary>A piece of a vocabulary.</summary>
/// <param name="Name">As the vocabulary's file has it; the value of its key.</param>
/// <param name="Role">What it stands for in a text.</param>
/// <param name="Bytes">Its part of the text, in UTF-8; a character may be shared by several pieces.</param>
internal readonly record struct SubwordPiece(string Name, PieceRole Role, byte[] Bytes)
{
    /// <summary>An id that no token has.</summary>
    public static SubwordPiece None { get; } = new("", PieceRole.None, []);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static SubwordPiece OfText(string name, string text) => new(name, PieceRole.Text, Encoding.UTF8.GetBytes(text));

    public static SubwordPiece Control(string name) => new(name, PieceRole.Control, []);

    /// <summary>Bytes by their text or, where they are not whole characters, in the form of SentencePiece's bytes: &lt;0xE2&gt;.</summary>
    public static string NameOf(byte[] bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return string.Concat(bytes.Select(value => $"<0x{value:X2}>"));
        }
    }

    /// <summary>The pieces of a vocabulary in the order of their ids, with <see cref="None"/> for ids between them.</summary>
    /// <exception cref="InvalidDataException">There is no piece, two pieces have one id, or an id is negative or far above the number of
    /// pieces.</exception>
    public static SubwordPiece[] InOrder(IReadOnlyCollection<(int Id, SubwordPiece Piece)> pieces)
    {
        if (pieces.Count == 0)
            throw new InvalidDataException("A vocabulary has to have pieces; this one has none.");
        // Files leave some ids out, but what is allocated has to stay within what the file accounts for.
        int limit = 2 * pieces.Count + 1000;
        var ordered = new SubwordPiece[Math.Clamp(pieces.Max(piece => piece.Id), 0, limit - 1) + 1];
        Array.Fill(ordered, None);
        foreach ((int id, SubwordPiece piece) in pieces)
        {
            if (id < 0 || id >= limit)
                throw new InvalidDataException(
                    $"The ids of a vocabulary with {pieces.Count} pieces are expected from 0 to {limit - 1}, but '{piece.Name}' has {id}.");
            if (ordered[id].Role != PieceRole.None)
                throw new InvalidDataException($"Two pieces of the vocabulary have the id {id}: '{ordered[id].Name}' and '{piece.Name}'.");
            ordered[id] = piece;
        }
        return ordered;
    }
}
