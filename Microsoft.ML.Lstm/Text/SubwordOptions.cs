using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Text;

namespace Microsoft.ML.Lstm;

/// <summary>Options for estimators that cut texts into subwords, or join subwords to texts: the tokenizer.</summary>
public abstract class SubwordOptions
{
    private static readonly Dictionary<string, SubwordTokenizerType> Endings = new(StringComparer.OrdinalIgnoreCase)
    {
        [".json"] = SubwordTokenizerType.BytePairEncoding,
        [".txt"] = SubwordTokenizerType.WordPiece,
        [".model"] = SubwordTokenizerType.SentencePiece,
        [".tiktoken"] = SubwordTokenizerType.Tiktoken,
    };

    /// <summary>The column to add. There is no default.</summary>
    public string OutputColumnName = "";

    /// <summary>The column to read; <see langword="null"/>, the default, for one with the name of the output.</summary>
    public string? InputColumnName;

    /// <summary>The file of the vocabulary. There is no default. The model keeps a copy, and does not need the file any more.</summary>
    public string VocabularyFile = "";

    /// <summary>
    /// The file of merges, for byte pair encoding: two pieces a line, with a space between them. <see langword="null"/>, the default, for
    /// <c>merges.txt</c> beside the vocabulary.
    /// </summary>
    public string? MergesFile;

    /// <summary>
    /// The kind of tokenizer; <see langword="null"/>, the default, by the ending of <see cref="VocabularyFile"/>: <c>.json</c> byte pair
    /// encoding, <c>.txt</c> WordPiece, <c>.model</c> SentencePiece, <c>.tiktoken</c> Tiktoken.
    /// </summary>
    public SubwordTokenizerType? TokenizerType;

    /// <summary>
    /// For WordPiece: whether texts are cut in small letters and without accents. <see langword="null"/>, the default: if the vocabulary
    /// has no piece with a capital letter.
    /// </summary>
    public bool? LowerCase;

    /// <summary>
    /// Whether the tokens for the begin and the end of a text are added: BERT's <c>[CLS]</c> and <c>[SEP]</c>, SentencePiece's
    /// <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c>. They are no text when pieces are joined. Default: <see langword="false"/>.
    /// </summary>
    public bool AddSpecialTokens;

    /// <summary>
    /// For byte pair encoding and WordPiece: the piece of what the vocabulary does not have. <see langword="null"/>, the default, for
    /// <c>&lt;unk&gt;</c> or <c>[UNK]</c> if the vocabulary has it; WordPiece takes <c>[UNK]</c>.
    /// </summary>
    public string? UnknownToken;

    /// <summary>
    /// For byte pair encoding and Tiktoken: a regular expression whose matches are cut by themselves; what it does not match is lost.
    /// <see langword="null"/>, the default: that of GPT-2 or, for Tiktoken's files of more than 60,000 and 150,000 pieces, those of
    /// cl100k_base and o200k_base.
    /// </summary>
    public string? Pattern;

    /// <summary>
    /// For byte pair encoding and Tiktoken: texts that are one token each wherever they stand, with their ids, such as
    /// <c>&lt;|endoftext|&gt;</c>. Default: none.
    /// </summary>
    public Dictionary<string, int>? SpecialTokens;

    /// <summary>Reads the files.</summary>
    /// <exception cref="ArgumentException">A name is missing, or an option is out of range.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not what its kind of tokenizer is made of.</exception>
    /// <exception cref="NotSupportedException">Microsoft.ML.Tokenizers would cut texts otherwise than the file says.</exception>
    internal SubwordTokenizer Read()
    {
        ArgumentException.ThrowIfNullOrEmpty(OutputColumnName);
        ArgumentException.ThrowIfNullOrEmpty(VocabularyFile);
        if (InputColumnName is not null)
            ArgumentException.ThrowIfNullOrEmpty(InputColumnName);
        SubwordTokenizerType type = TokenizerType ?? TypeOf(VocabularyFile);
        if (!Enum.IsDefined(type))
            throw new ArgumentOutOfRangeException(nameof(TokenizerType), type, "There is no such tokenizer.");
        RequireOnlyFor(LowerCase is not null, nameof(LowerCase), SubwordTokenizerType.WordPiece);
        RequireOnlyFor(AddSpecialTokens, nameof(AddSpecialTokens), SubwordTokenizerType.WordPiece, SubwordTokenizerType.SentencePiece);
        RequireOnlyFor(UnknownToken is not null, nameof(UnknownToken), SubwordTokenizerType.BytePairEncoding,
            SubwordTokenizerType.WordPiece);
        RequireOnlyFor(Pattern is not null, nameof(Pattern), SubwordTokenizerType.BytePairEncoding, SubwordTokenizerType.Tiktoken);
        RequireOnlyFor(SpecialTokens is not null, nameof(SpecialTokens), SubwordTokenizerType.BytePairEncoding,
            SubwordTokenizerType.Tiktoken);
        RequireOnlyFor(MergesFile is not null, nameof(MergesFile), SubwordTokenizerType.BytePairEncoding);

        CheckPattern();

        byte[] vocabulary = File.ReadAllBytes(VocabularyFile);
        byte[]? merges = type == SubwordTokenizerType.BytePairEncoding
            ? File.ReadAllBytes(MergesFile ?? Path.Combine(Path.GetDirectoryName(VocabularyFile) ?? "", "merges.txt"))
            : null;
        return SubwordTokenizer.Create(new SubwordSettings(OutputColumnName, InputColumnName ?? OutputColumnName, type.ToString())
        {
            LowerCase = LowerCase,
            AddSpecialTokens = AddSpecialTokens,
            UnknownToken = UnknownToken,
            Pattern = Pattern,
            SpecialTokens = SpecialTokens is null ? null : new Dictionary<string, int>(SpecialTokens),
        }, vocabulary, merges);

        void RequireOnlyFor(bool isGiven, string option, params SubwordTokenizerType[] types)
        {
            if (isGiven && !types.Contains(type))
                throw new ArgumentOutOfRangeException(option, $"{option} is for {string.Join(" and ", types)}, not for {type}.");
        }
    }

    private void CheckPattern()
    {
        try
        {
            _ = Pattern is null ? null : new Regex(Pattern, RegexOptions.CultureInvariant);
        }
        catch (RegexParseException error)
        {
            throw new ArgumentException($"{nameof(Pattern)} is no regular expression: {error.Message}", nameof(Pattern), error);
        }
    }

    private static SubwordTokenizerType TypeOf(string file) => Endings.TryGetValue(Path.GetExtension(file), out SubwordTokenizerType type)
        ? type
        : throw new ArgumentOutOfRangeException(nameof(TokenizerType),
            $"The ending of '{Path.GetFileName(file)}' does not tell the kind of tokenizer (as {string.Join(", ", Endings.Keys)} do), so "
            + $"{nameof(TokenizerType)} has to.");
}
