namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// How texts are cut into subwords and joined again, saved as <c>Subwords.json</c> beside the files of the vocabulary. The settings are
/// named like the options of the estimators.
/// </summary>
internal sealed record SubwordSettings(string OutputColumnName, string InputColumnName, string TokenizerType)
{
    /// <summary>Whether letters are made small, and accents taken away, first; WordPiece.</summary>
    public bool? LowerCase { get; set; }

    /// <summary>Whether the tokens that begin and end a text are added.</summary>
    public bool AddSpecialTokens { get; set; }

    /// <summary>The token of characters that are not in the vocabulary; null for none.</summary>
    public string? UnknownToken { get; set; }

    /// <summary>The expression whose matches are cut one by one; null for a kind of tokenizer that has none.</summary>
    public string? Pattern { get; set; }

    /// <summary>Tokens that are no part of the vocabulary's file, with their ids.</summary>
    public Dictionary<string, int>? SpecialTokens { get; set; }

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.SubwordSettings);

    /// <exception cref="InvalidDataException">It isn't what <see cref="ToJson"/> makes of settings.</exception>
    public static SubwordSettings FromJson(ReadOnlyMemory<byte> json)
    {
        SubwordSettings settings = SavedJson.Read(json, value => value.Object(From), "A saved tokenizer");
        if (settings.OutputColumnName == "" || settings.InputColumnName == "")
            throw new InvalidDataException("A saved tokenizer can't be read: expected the names of its columns, found an empty one.");
        return settings;
    }

    private static SubwordSettings From(SavedValue json)
        => new(json["outputColumnName"].Text(), json["inputColumnName"].Text(), json["tokenizerType"].Text())
        {
            LowerCase = json.Find("lowerCase")?.Boolean(),
            AddSpecialTokens = json.Find("addSpecialTokens")?.Boolean() ?? false,
            UnknownToken = json.Find("unknownToken")?.Text(),
            Pattern = json.Find("pattern")?.Text(),
            SpecialTokens = json.Find("specialTokens")?.Entries(id => id.Int32()),
        };
}
