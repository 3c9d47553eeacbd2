using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmAutoencoderTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Autoencoder",
    LstmAutoencoderTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

public sealed partial class LstmAutoencoderTransformer
{
    internal const string LoaderSignature = "LstmAutoencoder";

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMAUTO", LoaderSignature);

    // ML.NET finds it by its name and parameters.
    internal static LstmAutoencoderTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (SequenceModelParameters model, ScoringColumns columns) = Load(
            env, ctx, Version, Head.Autoencoder, hasClasses: false, (_, columns) =>
        {
            if (!IsThreshold(columns.Threshold))
                throw new InvalidDataException(
                    $"A saved LSTM autoencoder has the threshold {columns.Threshold}; expected one of 0 or more.");
        });
        return new LstmAutoencoderTransformer(env, model, columns);
    }
}
