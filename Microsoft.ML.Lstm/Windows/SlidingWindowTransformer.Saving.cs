using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Windows;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(SlidingWindowTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "Sliding Window",
    SlidingWindowTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

// An entry of a model.zip: ML.NET's header, which names our loader and this assembly, checksums, and beside them the settings as JSON.
public sealed partial class SlidingWindowTransformer
{
    internal const string LoaderSignature = "LstmSlidingWindow";

    private const string SettingsStream = "Window.json";

    private static VersionInfo Version => ModelEntry.Version("LSTMWIND", LoaderSignature);

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        ModelEntry.Save(ctx, Version, entry => entry.WriteJson(SettingsStream, _settings.ToJson()));

    // ML.NET finds it by its name and parameters.
    internal static SlidingWindowTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version,
            entry => new SlidingWindowTransformer(env, entry.ReadJson(SettingsStream, json => SlidingWindowSettings.FromJson(json))));
}
