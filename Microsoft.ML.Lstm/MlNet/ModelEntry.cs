using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>
/// The entry of one of our transformers in a model.zip: ML.NET's header, streams of our own, and a list of their checksums.
/// </summary>
internal static class ModelEntry
{
    /// <summary>The stream with the checksums, in the form that sha256sum reads and writes.</summary>
    public const string ChecksumStream = "Checksum.sha256";

    /// <summary>The stream with the report of the training; entries of networks that were not trained here have none.</summary>
    public const string ReportStream = "Report.json";

    private const uint First = 0x00010000;
    private const uint Checksums = 0x00010001;

    /// <summary>
    /// The most bytes of JSON in an entry with <paramref name="numberBytes"/> bytes of numbers: enough for the names of classes and series,
    /// which have numbers too.
    /// </summary>
    public static long MaxJsonBytes(long numberBytes) => (2 << 20) + 64 * numberBytes;

    /// <summary>The version of an entry.</summary>
    /// <remarks>
    /// 1.0: written by version 0.1.0 of the package. 1.1: has a list of checksums. Version 0.1.0 would ignore that list, and settings that
    /// it doesn't know, so the header tells it not to read such entries.
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
    /// <param name="version">The version of the entry.</param>
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
    /// <param name="read">Reads all streams.</param>
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

    // The first line of the list of checksums: the loader and version in ML.NET's header, and the entry's place in the pipeline, which give
    // the streams their meaning.
    private static string Title(VersionInfo version, uint written, string? directory)
        => $"Microsoft.ML.Lstm {version.LoaderSignature} {written >> 16}.{written & 0xFFFF} {(directory ?? "").Replace('\\', '/')}";
}
