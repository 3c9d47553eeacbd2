namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>How texts are generated in a column, saved as <c>Generation.json</c>; named like the options of the generation.</summary>
internal sealed record SavedGeneration(
    string OutputColumnName,
    int MaximumLength,
    float Temperature,
    float RepetitionPenalty,
    int BeamWidth,
    float LengthPenalty,
    uint[] StopKeys,
    int Seed)
{
    public int? TopK { get; set; }

    public float? TopP { get; set; }

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.SavedGeneration);

    /// <exception cref="InvalidDataException">It isn't what <see cref="ToJson"/> makes of settings.</exception>
    public static SavedGeneration FromJson(ReadOnlyMemory<byte> json)
    {
        SavedGeneration saved = SavedJson.Read(json, value => value.Object(From), "Saved settings of a text generation");
        return saved.OutputColumnName != ""
            ? saved
            : throw new InvalidDataException(
                "Saved settings of a text generation can't be read: expected the name of a column, found none.");
    }

    private static SavedGeneration From(SavedValue json)
        => new(json["outputColumnName"].Text(), json["maximumLength"].Int32(), json["temperature"].Single(),
            json["repetitionPenalty"].Single(), json["beamWidth"].Int32(), json["lengthPenalty"].Single(),
            json["stopKeys"].Array(key => key.UInt32()), json["seed"].Int32())
        {
            TopK = json.Find("topK")?.Int32(),
            TopP = json.Find("topP")?.Single(),
        };
}
