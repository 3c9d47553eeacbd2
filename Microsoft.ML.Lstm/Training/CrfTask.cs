using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>Predicts a path of labels, one a step, with a linear-chain conditional random field.</summary>
/// <param name="classes">The number of labels.</param>
internal sealed class CrfTask(int classes) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data) => shape with { OutputSize = classes, StepOutputs = true, HasCrf = true };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new CrfObjective(model.Parameters, MeanWeight(training, stepOutputs: true, (sequence, step) => sequence.Labels[step] < 0 ? 0f : sequence.Weight));
}
