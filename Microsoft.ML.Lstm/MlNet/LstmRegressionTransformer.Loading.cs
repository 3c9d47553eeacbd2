using Microsoft.ML.Lstm;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmRegressionTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Regression", LstmRegressionTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

public sealed partial class LstmRegressionTransformer
{
    internal const string LoaderSignature = "LstmRegression";

    private protected override VersionInfo GetVersionInfo() => Version;

    // 1.0: the first.
    private static VersionInfo Version => new(
        modelSignature: "LSTMREGR",
        verWrittenCur: 0x00010000,
        verReadableCur: 0x00010000,
        verWeCanReadBack: 0x00010000,
        loaderAssemblyName: typeof(LstmRegressionTransformer).Assembly.FullName,
        loaderSignature: LoaderSignature);

    // ML.NET finds it by its name and parameters.
    internal static LstmRegressionTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (Network.SequenceModel network, Scoring.ScoringColumns columns) = Load(env, ctx, Version);
        return new LstmRegressionTransformer(env, new LstmRegressionModelParameters(network), columns);
    }
}
