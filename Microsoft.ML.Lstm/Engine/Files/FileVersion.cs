namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The format and version that our safetensors streams name in their metadata.</summary>
/// <remarks>
/// Version 1 is written by 0.1.0 and has no checksum; a stream that names no version is of version 1. Version 2 requires a checksum, and so
/// does version 3, which is version 2 with weights in another format than floats, named by <see cref="WeightsKey"/>.
/// </remarks>
internal static class FileVersion
{
    public const string FormatKey = "format";
    public const string Key = "version";
    public const string Current = "2";
    public const string OfSmallWeights = "3";

    /// <summary>The name of the format of the weights in a stream of version <see cref="OfSmallWeights"/>.</summary>
    public const string WeightsKey = "weights";

    private const string First = "1";

    /// <summary>Throws unless a header names the expected format and one of the versions.</summary>
    /// <param name="header">The header.</param>
    /// <param name="format">The format.</param>
    /// <param name="firstTexts">The names of the texts that a stream of version 1 has beside the format.</param>
    /// <exception cref="InvalidDataException">It is another format, a newer version, or the checksum is missing.</exception>
    public static void Check(SafeTensorsHeader header, string format, params string[] firstTexts)
    {
        string found = header.Metadata.GetValueOrDefault(FormatKey) ?? throw Invalid($"'{FormatKey}' in the metadata", "none");
        if (found != format)
            throw Invalid($"the format '{format}'", $"'{SafeTensorsHeader.Show(found)}'");
        string version = header.Metadata.GetValueOrDefault(Key)
            ?? (firstTexts.Contains(Key) ? throw Invalid($"'{Key}' in the metadata", "none") : First);
        if (version is not (First or Current or OfSmallWeights))
            throw Invalid($"version '{First}', '{Current}' or '{OfSmallWeights}'", $"'{SafeTensorsHeader.Show(version)}'");
        if (version != First && header.Checksum is null)
            throw Invalid($"a sha256 in the metadata of version '{version}'", "none");
        if ((version == OfSmallWeights) != header.Metadata.ContainsKey(WeightsKey))
            throw Invalid($"'{WeightsKey}' in the metadata of version '{OfSmallWeights}' and no other", "something else");
        // A damaged name must not turn a stream of version 2 into one of version 1, which has no checksum.
        if (version == First && (header.Checksum is not null || !header.Metadata.Keys.ToHashSet().SetEquals([FormatKey, .. firstTexts])))
            throw Invalid($"in the metadata of version '{First}' only {string.Join(", ", [FormatKey, .. firstTexts])}", "others");
    }

    private static InvalidDataException Invalid(string expected, string found) => new($"LSTM model: expected {expected}, found {found}.");
}
