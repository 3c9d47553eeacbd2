using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmBinaryTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Binary Classification", LstmBinaryTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

public sealed partial class LstmBinaryTransformer
{
    internal const string LoaderSignature = "LstmBinary";

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMBINA", LoaderSignature);

    // ML.NET finds it by its name and parameters.
    internal static LstmBinaryTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (SequenceModelParameters model, ScoringColumns columns) = Load(
            env, ctx, Version, Head.Pooled, hasClasses: false, (shape, columns) =>
        {
            if (shape.OutputSize != 1 || !IsThreshold(columns.Threshold))
                throw new InvalidDataException(
                    $"A saved LSTM model for binary classification has {shape.OutputSize} outputs and the threshold {columns.Threshold}; "
                    + "expected 1 output and a threshold from 0 to 1.");
        });
        return new LstmBinaryTransformer(env, model, columns);
    }
}
