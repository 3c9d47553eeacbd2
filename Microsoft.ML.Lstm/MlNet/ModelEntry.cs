namespace Microsoft.ML.Lstm;

/// <summary>What the entries of all our transformers in a model.zip have in common.</summary>
internal static class ModelEntry
{
    // Enough for the names of some million classes or series.
    private const long MaxJsonBytes = 1 << 27;

    /// <summary>Version 1.0, the first.</summary>
    public static VersionInfo FirstVersion(string modelSignature, string loaderSignature) => new(
        modelSignature,
        verWrittenCur: 0x00010000,
        verReadableCur: 0x00010000,
        verWeCanReadBack: 0x00010000,
        loaderAssemblyName: typeof(ModelEntry).Assembly.FullName,
        loaderSignature: loaderSignature);

    /// <summary>Reads a stream of the entry.</summary>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public static T Read<T>(ModelLoadContext ctx, string name, Func<Stream, T> read)
    {
        T? result = default;
        if (!ctx.TryLoadBinaryStream(name, reader => result = read(reader.BaseStream)))
            throw new InvalidDataException($"A saved LSTM model has no '{name}' in '{ctx.Directory}'.");
        return result!;
    }

    /// <summary>The bytes of a stream of JSON.</summary>
    /// <exception cref="InvalidDataException">They are too many.</exception>
    public static byte[] ReadJson(Stream stream)
    {
        if (stream.Length > MaxJsonBytes)
            throw new InvalidDataException($"The JSON of a saved LSTM model can't be read: expected at most {MaxJsonBytes} bytes, found {stream.Length}.");
        byte[] json = new byte[stream.Length];
        stream.ReadExactly(json);
        return json;
    }
}
