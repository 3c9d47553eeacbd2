using System.Text;

namespace Microsoft.ML.Lstm.Text;

/// <summary>
/// Joins pieces to a text, one after the other. Bytes are kept until they are whole characters, so that the text may be shown as it grows.
/// </summary>
/// <param name="tokenizer">The vocabulary.</param>
internal sealed class SubwordDecoder(SubwordTokenizer tokenizer)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _characters = [];
    private bool _isAtBegin = true;

    /// <summary>Adds the text that is complete with a piece.</summary>
    /// <param name="id">The piece's id.</param>
    /// <param name="text">Receives the text; nothing for a piece that is only a part of a character.</param>
    public void Append(int id, StringBuilder text)
    {
        SubwordPiece piece = tokenizer.Pieces[id];
        if (piece.Role is PieceRole.None or PieceRole.Control)
            return;
        ReadOnlySpan<byte> bytes = piece.Bytes;
        if (_isAtBegin && bytes.Length > 0)
        {
            _isAtBegin = false;
            if (tokenizer.AddsLeadingSpace && bytes[0] == ' ')
                bytes = bytes[1..];
        }
        else if (piece.Role == PieceRole.Word)
            Decode(" "u8, text, flush: false);
        Decode(bytes, text, flush: false);
    }

    /// <summary>Ends the text: bytes that are no whole character become U+FFFD. The next piece begins another text.</summary>
    public void Finish(StringBuilder text)
    {
        Decode([], text, flush: true);
        _isAtBegin = true;
    }

    private void Decode(ReadOnlySpan<byte> bytes, StringBuilder text, bool flush)
    {
        // One more for bytes that are waiting.
        int room = Encoding.UTF8.GetMaxCharCount(bytes.Length + 4);
        if (_characters.Length < room)
            _characters = new char[room];
        text.Append(_characters, 0, _decoder.GetChars(bytes, _characters, flush));
    }
}
