using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Predicts one of several classes, for a sequence or for each of its steps.</summary>
/// <param name="classes">The number of classes.</param>
/// <param name="stepOutputs">Whether each step has a class of its own.</param>
/// <param name="classWeights">How much a row of each class counts; null for all the same.</param>
/// <param name="labelSmoothing">The share of a label that is spread over all classes, from 0 to below 1.</param>
/// <param name="known">The classes that the network is to know; null for all of them.</param>
internal sealed class ClassificationTask(int classes, bool stepOutputs, float[]? classWeights, float labelSmoothing,
    KeySubset? known = null) : TrainingTask
{
    private readonly ClassWeights _classWeights = new(classWeights is null || known is null
        ? classWeights
        : [.. known.Keys.Select(key => classWeights[key - 1])]);

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = known?.Count ?? classes, Classes = known, StepOutputs = stepOutputs };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ClassificationObjective(stepOutputs, _classWeights, labelSmoothing,
            MeanWeight(training, stepOutputs, (sequence, step) => sequence.Weight * _classWeights[sequence.Labels[step]]));
}
