using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(SlidingWindowTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "Sliding Window", SlidingWindowTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

// An entry of a model.zip: ML.NET's header, which names our loader and this assembly, and beside it the settings as JSON.
public sealed partial class SlidingWindowTransformer
{
    internal const string LoaderSignature = "LstmSlidingWindow";

    private const string SettingsStream = "Window.json";

    // Far more than any column names need.
    private const long MaxSettingsBytes = 1 << 20;

    // 1.0: the first.
    private static VersionInfo Version => new(
        modelSignature: "LSTMWIND",
        verWrittenCur: 0x00010000,
        verReadableCur: 0x00010000,
        verWeCanReadBack: 0x00010000,
        loaderAssemblyName: typeof(SlidingWindowTransformer).Assembly.FullName,
        loaderSignature: LoaderSignature);

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        ctx.SaveBinaryStream(SettingsStream, writer => writer.Write(_settings.ToJson()));
    }

    // ML.NET finds it by its name and parameters.
    internal static SlidingWindowTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        SlidingWindowSettings? settings = null;
        try
        {
            if (!ctx.TryLoadBinaryStream(SettingsStream, reader => settings = ReadSettings(reader.BaseStream)))
                throw new InvalidDataException($"A saved sliding window can't be read: expected '{SettingsStream}' in '{ctx.Directory}', found none.");
        }
        catch (InvalidDataException error)
        {
            throw env.Process(error);
        }
        return new SlidingWindowTransformer(env, settings!);
    }

    private static SlidingWindowSettings ReadSettings(Stream stream)
    {
        if (stream.Length > MaxSettingsBytes)
            throw new InvalidDataException($"A saved sliding window can't be read: expected at most {MaxSettingsBytes} bytes of settings, found {stream.Length}.");
        byte[] json = new byte[stream.Length];
        stream.ReadExactly(json);
        return SlidingWindowSettings.FromJson(json);
    }
}
