using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Where a training is kept while it goes on.</summary>
internal interface ITrainingCheckpoint
{
    /// <summary>What to go on from; null to begin with the first epoch.</summary>
    InterruptedTraining? Resume { get; }

    /// <summary>
    /// Where a network was being trained again on all data when it was left, what had come of the training before that; else null.
    /// </summary>
    TrainedNetwork? First { get; }

    /// <summary>Keeps how far training has come; never throws because that fails.</summary>
    /// <param name="kept">The model to keep so far.</param>
    /// <param name="state">How far training has come.</param>
    /// <param name="first">What has come of the training before this one; null where this is the first.</param>
    void Save(SequenceModel kept, TrainingState state, TrainedNetwork? first);
}
