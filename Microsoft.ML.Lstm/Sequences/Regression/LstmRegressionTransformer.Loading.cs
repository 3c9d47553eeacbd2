using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmRegressionTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Regression",
    LstmRegressionTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

public sealed partial class LstmRegressionTransformer
{
    internal const string LoaderSignature = "LstmRegression";

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMREGR", LoaderSignature);

    // ML.NET finds it by its name and parameters.
    internal static LstmRegressionTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (SequenceModelParameters model, ScoringColumns columns) = Load(
            env, ctx, Version, Head.Pooled, hasClasses: false, (shape, columns) =>
        {
            if (!columns.VectorScore && shape.OutputSize != 1)
                throw new InvalidDataException(
                    $"A saved LSTM model has {shape.OutputSize} outputs, but its score is to be a single value.");
        });
        return new LstmRegressionTransformer(env, model, columns);
    }
}
