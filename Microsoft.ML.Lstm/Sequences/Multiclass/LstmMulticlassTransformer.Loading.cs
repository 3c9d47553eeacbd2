using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmMulticlassTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Multiclass Classification", LstmMulticlassTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

public sealed partial class LstmMulticlassTransformer
{
    internal const string LoaderSignature = "LstmMulticlass";

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMMULT", LoaderSignature);

    // ML.NET finds it by its name and parameters.
    internal static LstmMulticlassTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (SequenceModelParameters model, ScoringColumns columns) = Load(
            env, ctx, Version, Head.Pooled, hasClasses: true,
            (shape, columns) => columns.LabelValues?.Check(shape.ClassCount));
        return new LstmMulticlassTransformer(env, model, columns);
    }
}
