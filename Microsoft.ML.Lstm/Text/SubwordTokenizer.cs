using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Text;

/// <summary>
/// Cuts texts into the pieces of a vocabulary, by a tokenizer of Microsoft.ML.Tokenizers, and joins pieces to texts. It holds the files
/// that it was made of, for a model to be saved with.
/// </summary>
/// <remarks>
/// Texts are joined here, not by that package (2.0.1), whose tokenizers leave out ids that no token has without a word, write control
/// tokens into the text, and give U+FFFD for a piece that is only a part of a character.
/// </remarks>
internal abstract class SubwordTokenizer(SubwordSettings settings, byte[] vocabulary, byte[]? merges)
{
    private SubwordSettings _settings = settings;

    // Streams of an entry in a model.zip, beside ML.NET's header and the checksums.
    private const string SettingsStream = "Subwords.json";
    private const string VocabularyStream = "Vocabulary";
    private const string MergesStream = "Merges";

    // Loading has to end, whatever the file.
    private protected static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(10);

    /// <summary>The settings, none of which is left open.</summary>
    public SubwordSettings Settings => _settings;

    /// <summary>The pieces by their ids.</summary>
    public abstract SubwordPiece[] Pieces { get; }

    /// <summary>Whether a space in front of a text belongs to its first piece, and not to the text.</summary>
    public virtual bool AddsLeadingSpace => false;

    /// <summary>The id of the piece that the tokenizer ends each text with; null where it adds none.</summary>
    public virtual int? EndId => null;

    /// <summary>The same tokenizer for other columns.</summary>
    public SubwordTokenizer WithColumns(string outputColumnName, string inputColumnName)
    {
        var other = (SubwordTokenizer)MemberwiseClone();
        other._settings = _settings with { OutputColumnName = outputColumnName, InputColumnName = inputColumnName };
        return other;
    }

    /// <summary>Makes the tokenizer that settings and files describe.</summary>
    /// <param name="settings">The settings; those left open get their values.</param>
    /// <param name="vocabulary">The file of the vocabulary.</param>
    /// <param name="merges">The file of merges, for byte pair encoding.</param>
    /// <exception cref="InvalidDataException">A file is not what its kind of tokenizer is made of.</exception>
    /// <exception cref="NotSupportedException">Microsoft.ML.Tokenizers would cut texts otherwise than the file says.</exception>
    public static SubwordTokenizer Create(SubwordSettings settings, byte[] vocabulary, byte[]? merges)
    {
        try
        {
            return settings.TokenizerType switch
            {
                nameof(SubwordTokenizerType.BytePairEncoding) => new BytePairSubwords(settings, vocabulary,
                    merges ?? throw new InvalidDataException("Byte pair encoding needs its merges beside the vocabulary.")),
                nameof(SubwordTokenizerType.WordPiece) => new WordPieceSubwords(settings, vocabulary),
                nameof(SubwordTokenizerType.SentencePiece) => new SentencePieceSubwords(settings, vocabulary),
                nameof(SubwordTokenizerType.Tiktoken) => new TiktokenSubwords(settings, vocabulary),
                _ => throw new InvalidDataException($"There is no {nameof(SubwordTokenizerType)} '{settings.TokenizerType}'."),
            };
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or FormatException or KeyNotFoundException
            or IndexOutOfRangeException or OverflowException)
        {
            // What Microsoft.ML.Tokenizers throws at files that are not what they should be.
            throw new InvalidDataException($"A {settings.TokenizerType} tokenizer can't be made of the vocabulary: {error.Message}");
        }
    }

    /// <summary>The ids of the pieces of a text; none for an empty text.</summary>
    /// <exception cref="InvalidOperationException">The tokenizer gives an id that the vocabulary doesn't have.</exception>
    public IReadOnlyList<int> Encode(string text)
    {
        if (text.Length == 0)
            return [];
        IReadOnlyList<int> ids = Cut(text);
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)Pieces.Length || Pieces[id].Role == PieceRole.None)
                throw new InvalidOperationException(
                    $"The tokenizer gives the id {id}, but the ids of its vocabulary are 0 to {Pieces.Length - 1}.");
        }
        return ids;
    }

    /// <summary>The text of pieces.</summary>
    public string Decode(IEnumerable<int> ids)
    {
        var text = new StringBuilder();
        var decoder = new SubwordDecoder(this);
        foreach (int id in ids)
            decoder.Append(id, text);
        decoder.Finish(text);
        return text.ToString();
    }

    public void Save(ModelEntryWriter entry)
    {
        entry.WriteJson(SettingsStream, _settings.ToJson());
        entry.WriteNumbers(VocabularyStream, stream => stream.Write(vocabulary));
        if (merges is not null)
            entry.WriteNumbers(MergesStream, stream => stream.Write(merges));
    }

    public static SubwordTokenizer Load(ModelEntryReader entry)
    {
        byte[] vocabulary = entry.Read(VocabularyStream, ReadAll);
        SubwordSettings settings = entry.ReadJson(SettingsStream, json => SubwordSettings.FromJson(json), VocabularyStream);
        byte[]? merges = settings.TokenizerType == nameof(SubwordTokenizerType.BytePairEncoding) ? entry.Read(MergesStream, ReadAll) : null;
        try
        {
            return Create(settings, vocabulary, merges);
        }
        catch (NotSupportedException error)
        {
            throw new InvalidDataException($"A saved tokenizer can't be read: {error.Message}");
        }
    }

    /// <summary>Cuts a text that is not empty.</summary>
    protected abstract IReadOnlyList<int> Cut(string text);

    private static byte[] ReadAll(Stream stream)
    {
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
