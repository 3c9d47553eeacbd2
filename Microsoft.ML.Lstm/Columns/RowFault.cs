namespace Microsoft.ML.Lstm.Columns;

/// <summary>Why a row can't be trained on or scored.</summary>
internal enum RowFault
{
    None,
    EmptySequence,
    PartialStep,
    UnequalSteps,
    NonFiniteFeature,
    NonFiniteStatic,
    MissingLabel,
    LabelLength,
    BadWeight,
}
