using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Predicts yes or no.</summary>
/// <param name="classWeights">How much a row counts that is no and one that is yes; null for both the same.</param>
/// <param name="labelSmoothing">The share of a label that is spread over both, from 0 to below 1.</param>
internal sealed class BinaryTask(float[]? classWeights, float labelSmoothing) : TrainingTask
{
    private readonly ClassWeights _classWeights = new(classWeights);

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data) => shape with { OutputSize = 1 };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new BinaryObjective(_classWeights, labelSmoothing,
            MeanWeight(training, stepOutputs: false, (sequence, _) => sequence.Weight * _classWeights[sequence.Labels[0]]));
}
