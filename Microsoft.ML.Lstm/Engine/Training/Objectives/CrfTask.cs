using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Predicts a path of labels, one a step, with a linear-chain conditional random field.</summary>
/// <param name="classes">The number of labels.</param>
/// <param name="known">The labels that the network is to know; null for all of them.</param>
internal sealed class CrfTask(int classes, KeySubset? known = null) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = known?.Count ?? classes, Classes = known, StepOutputs = true, HasCrf = true };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new CrfObjective(model.Parameters,
            MeanWeight(training, stepOutputs: true, (sequence, step) => sequence.Labels[step] < 0 ? 0f : sequence.Weight));
}
