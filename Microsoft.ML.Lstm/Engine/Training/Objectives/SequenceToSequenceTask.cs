using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// A sequence of classes of any length, written by a decoder: cross-entropy of each of its tokens, and of its end, with the true tokens
/// before it.
/// </summary>
/// <param name="classes">The number of classes.</param>
/// <param name="known">The classes that the network knows; null for all classes.</param>
/// <param name="decoder">The decoder, but for its table, which has all of the known classes.</param>
/// <param name="embeddingSize">Features of a class's embedding.</param>
/// <param name="labelSmoothing">The share of a label that is spread over all outputs, from 0 to below 1.</param>
internal sealed class SequenceToSequenceTask(int classes, KeySubset? known, TargetShape decoder, int embeddingSize, float labelSmoothing)
    : TrainingTask
{
    private readonly EmbeddingShape _table = new(known?.Count ?? classes, embeddingSize) { Keys = known, HasBoundary = true };

    /// <summary>Classes of the longest label of the training data.</summary>
    public required int LongestLabel { get; init; }

    /// <summary>How often the decoder reads the true tokens.</summary>
    public TeacherForcingSchedule TeacherForcing { get; init; } = TeacherForcingSchedule.Always;

    public override float OwnTokensAt(double epoch, int numberOfEpochs)
    {
        double share = TeacherForcing.GetShare(epoch, numberOfEpochs);
        if (!(share is >= 0 and <= 1))
            throw new InvalidOperationException(
                $"{nameof(TeacherForcing)} gave the share {share} after {epoch:0.##} epochs; it must be from 0 to 1.");
        return (float)(1 - share);
    }

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
    {
        TargetShape target = decoder with { Table = _table, HiddenSize = shape.HiddenSize };
        return shape with
        {
            Head = Head.SequenceToSequence,
            Pooling = Pooling.Last,
            Target = target,
            OutputSize = shape.StateSizeOf(target),
        };
    }

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ClassificationObjective(stepOutputs: true, new ClassWeights(null), labelSmoothing, MeanWeightOf(training),
            end: _table.Vocabulary, unknown: decoder.WritesUnknown ? _table.Vocabulary + 1 : -1);

    /// <summary>The mean weight of the tokens that can be written and of the ends.</summary>
    private double MeanWeightOf(TrainingData training)
    {
        double sum = 0;
        long count = 0;
        foreach (TrainingSequence sequence in training.Sequences)
        {
            if (!(sequence.Weight > 0))
                continue;
            int tokens = 1 + sequence.Labels.Count(label => label >= 0 || decoder.WritesUnknown);
            sum += (double)sequence.Weight * tokens;
            count += tokens;
        }
        return count == 0 ? 1 : sum / count;
    }
}
