using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The options that the trainers of a value at every step share. There is no encoding of the sequence, so
/// <see cref="SequenceTrainerOptions.Pooling"/> has no effect and <see cref="SequenceInputOptions.EncodingColumnName"/> must be null.
/// </summary>
public abstract class PerStepTrainerOptions : SequenceTrainerOptions
{
    private const int FewestRowsToHoldOutOf = 100;
    private const float HeldOutShare = 0.15f;

    private protected PerStepTrainerOptions()
    {
    }

    /// <summary>
    /// L: values of a step in the label, at least 1. A label of T x L values belongs to a sequence of T steps, the first L values to the
    /// first step. It takes precedence over the dimensions of the column. <see langword="null"/> takes L from the dimensions where there
    /// are two (<c>Vector&lt;Single, T, L&gt;</c>), else 1. Default: <see langword="null"/>.
    /// </summary>
    public int? LabelsPerStep;

    internal sealed override int? LabelsOfStep => LabelsPerStep;

    private protected override float ShareToHoldOut(DataFacts facts) => facts.Rows >= FewestRowsToHoldOutOf ? HeldOutShare : 0;

    private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        HiddenSize ??= 64;
        LearningRate ??= 0.003f;
        base.ChooseDefaults(facts, choices);
    }

    internal override void Validate()
    {
        base.Validate();
        Require(LabelsPerStep is null or >= 1, LabelsPerStep, nameof(LabelsPerStep), "1 or more, or null");
        Require(EncodingColumnName is null, EncodingColumnName, nameof(EncodingColumnName), "null: each step has outputs of its own");
        Require(AttentionColumnName is null, AttentionColumnName, nameof(AttentionColumnName), "null: each step has outputs of its own");
        RequireEachStep("each step has outputs of its own");
    }
}
