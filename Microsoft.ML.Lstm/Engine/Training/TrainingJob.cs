using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>What to train on and how.</summary>
/// <param name="Training">The training sequences, at least one. Those in memory are scaled in place.</param>
/// <param name="Validation">Sequences to validate with after each epoch, scaled in place too; <see langword="null"/> for a split of the
/// training ones, or none.</param>
/// <param name="Settings">The network and its training.</param>
/// <param name="Task">What the network is to do.</param>
/// <param name="Seed">Decides all that is random.</param>
/// <param name="Monitor">Is told what happens.</param>
/// <param name="Initial">A model of the same shape to go on from, with its scaling; <see langword="null"/> to begin anew.</param>
/// <param name="SaveCheckpoint">Called after each epoch with the model to keep so far and how far training has come; both are in use and to
/// be read at once.</param>
/// <param name="Embeddings">For each token column, the vectors that are known before, null for none; they begin a new model's tables.
/// <see langword="null"/> for none at all.</param>
/// <param name="Resume">A training of the same data, settings and seed to go on with where it was left; <see langword="null"/> to begin with
/// the first epoch.</param>
/// <param name="EndAfter">The epoch to end after, though the schedule goes by all of them; <see langword="null"/> for the last.</param>
internal sealed record TrainingJob(TrainingData Training, SequenceSet? Validation, TrainingSettings Settings, TrainingTask Task,
    int Seed, ITrainingMonitor Monitor, SequenceModel? Initial = null, Action<SequenceModel, TrainingState>? SaveCheckpoint = null,
    IReadOnlyList<GivenEmbeddings?>? Embeddings = null, InterruptedTraining? Resume = null, int? EndAfter = null);

/// <summary>A training that was left after an epoch.</summary>
/// <param name="Kept">The model that was to be kept.</param>
/// <param name="State">How far it had come.</param>
internal sealed record InterruptedTraining(SequenceModel Kept, TrainingState State);

/// <summary>What came of a training.</summary>
/// <param name="Model">The model that was kept.</param>
/// <param name="KeptEpoch">The epoch it is of; 0 for the initial model, or one that was cancelled in its first epoch.</param>
/// <param name="NumberOfEpochs">The epochs that there would have been at the most, which the schedule goes by.</param>
/// <param name="WasStopped">Whether the user stopped it.</param>
internal sealed record TrainedNetwork(SequenceModel Model, int KeptEpoch, int NumberOfEpochs, bool WasStopped);
