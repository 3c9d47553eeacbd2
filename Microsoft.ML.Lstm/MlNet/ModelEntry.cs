using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>
/// What the entries of all our transformers in a model.zip have in common: ML.NET's header, streams of our own, and a list of their
/// checksums.
/// </summary>
internal static class ModelEntry
{
    /// <summary>The stream with the checksums, in the form that sha256sum reads and writes.</summary>
    public const string ChecksumStream = "Checksum.sha256";

    private const uint First = 0x00010000;
    private const uint Checksums = 0x00010001;

    /// <summary>
    /// The most bytes of JSON in an entry whose numbers have so many bytes: names of classes and series of any usual length, each of which
    /// has numbers too.
    /// </summary>
    public static long MaxJsonBytes(long numberBytes) => (2 << 20) + 64 * numberBytes;

    /// <summary>The version of an entry.</summary>
    /// <remarks>
    /// 1.0: the first, of 0.1.0. 1.1: a list of checksums. 0.1.0 would read past it, and past what settings may say since then, so it is
    /// told not to read such entries.
    /// </remarks>
    public static VersionInfo Version(string modelSignature, string loaderSignature) => new(
        modelSignature,
        verWrittenCur: Checksums,
        verReadableCur: Checksums,
        verWeCanReadBack: First,
        loaderAssemblyName: typeof(ModelEntry).Assembly.FullName,
        loaderSignature: loaderSignature);

    /// <summary>Writes an entry.</summary>
    /// <param name="ctx">The entry.</param>
    /// <param name="version">Its version.</param>
    /// <param name="write">Writes the streams.</param>
    public static void Save(ModelSaveContext ctx, VersionInfo version, Action<ModelEntryWriter> write)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ctx.CheckAtModel();
        ctx.SetVersionInfo(version);
        var writer = new ModelEntryWriter(ctx, Title(version, version.VerWrittenCur, ctx.Directory));
        write(writer);
        writer.WriteChecksums();
    }

    /// <summary>Reads an entry.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="ctx">The entry.</param>
    /// <param name="version">The versions that can be read.</param>
    /// <param name="read">Reads the streams, all of them.</param>
    /// <exception cref="FormatException">The entry has another kind of header, or another version.</exception>
    /// <exception cref="InvalidDataException">A stream is missing or damaged.</exception>
    public static T Load<T>(IHostEnvironment environment, ModelLoadContext ctx, VersionInfo version, Func<ModelEntryReader, T> read)
    {
        ctx.CheckAtModel(version);
        try
        {
            uint written = ctx.Header.ModelVerWritten;
            var reader = new ModelEntryReader(ctx, Title(version, written, ctx.Directory), mustHaveChecksums: written >= Checksums);
            T result = read(reader);
            reader.CheckThatAllIsRead();
            return result;
        }
        catch (InvalidDataException error)
        {
            throw environment.Process(error);
        }
    }

    // Of ML.NET's header, and of the entry's place among those of the pipeline, what makes the streams mean what they mean.
    private static string Title(VersionInfo version, uint written, string? directory)
        => $"Microsoft.ML.Lstm {version.LoaderSignature} {written >> 16}.{written & 0xFFFF} {(directory ?? "").Replace('\\', '/')}";
}
