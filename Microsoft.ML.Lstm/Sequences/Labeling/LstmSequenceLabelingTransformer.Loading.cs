using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmSequenceLabelingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Sequence Labeling", LstmSequenceLabelingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

public sealed partial class LstmSequenceLabelingTransformer
{
    internal const string LoaderSignature = "LstmSequenceLabeling";

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMLABL", LoaderSignature);

    // ML.NET finds it by its name and parameters.
    internal static LstmSequenceLabelingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (SequenceModelParameters model, ScoringColumns columns) = Load(
            env, ctx, Version, Head.EveryStep, hasClasses: true,
            (shape, columns) => columns.LabelValues?.Check(shape.ClassCount));
        return new LstmSequenceLabelingTransformer(env, model, columns);
    }
}
