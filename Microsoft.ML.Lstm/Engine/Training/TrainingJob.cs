using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>A training: the data, the network and the task.</summary>
/// <param name="Training">The training sequences, at least one. Sequences in memory are scaled in place.</param>
/// <param name="Validation">Sequences to validate with after each epoch, scaled in place too; null to hold out some of the training
/// sequences, or none.</param>
/// <param name="Settings">The network and its training.</param>
/// <param name="Task">The task of the network.</param>
/// <param name="Seed">The seed of all random numbers.</param>
/// <param name="Monitor">Receives progress and warnings.</param>
/// <param name="Initial">A model of the same shape to go on from, with its scaling; null to begin anew.</param>
/// <param name="SaveCheckpoint">Called after each epoch with the model to keep so far and the state of the training; both are in use, and
/// have to be read at once.</param>
/// <param name="Embeddings">For each token column its pretrained embeddings, which begin the tables of a new model, or null; null in place
/// of the list for none.</param>
/// <param name="Resume">An interrupted training of the same data, settings and seed to resume; null to begin with the first epoch.</param>
/// <param name="EndAfter">The epoch to end after, although the schedule counts on all epochs; null for the last.</param>
/// <param name="Scalers">The scaling that the sequences in memory have already; null to find it, or take that of the initial model, and
/// scale them.</param>
/// <param name="Member">Which member of an ensemble is trained, from 1.</param>
/// <param name="Members">How many members the ensemble has; 1 for a single network.</param>
/// <param name="Elapsed">The time that the members before have taken.</param>
internal sealed record TrainingJob(TrainingData Training, SequenceSet? Validation, TrainingSettings Settings, TrainingTask Task,
    int Seed, ITrainingMonitor Monitor, SequenceModel? Initial = null, Action<SequenceModel, TrainingState>? SaveCheckpoint = null,
    IReadOnlyList<PretrainedEmbeddings?>? Embeddings = null, InterruptedTraining? Resume = null, int? EndAfter = null,
    ModelScalers? Scalers = null, int Member = 1, int Members = 1, TimeSpan Elapsed = default)
{
    /// <summary>
    /// All sequences, with those that will be held out, to be trained on again once these have shown how long to train; null where none are
    /// held out, or these are not trained on.
    /// </summary>
    public SequenceSet? All { get; init; }

    /// <summary>The result of the training that held rows out, where the one on all rows is resumed; else null.</summary>
    public TrainedNetwork? First { get; init; }

    /// <summary>Of windows, the value of a step that the label will be; -1 for none.</summary>
    public int LastValue { get; init; } = -1;

    /// <summary>The ridges of <see cref="RidgeStart"/>; null to choose them.</summary>
    public double[]? Ridges { get; init; }

    /// <summary>
    /// A network whose layers under the output layer begin those of a new one, with their scaling of the features; null for random ones.
    /// Its embeddings of tokens are among <see cref="Embeddings"/>.
    /// </summary>
    public SequenceModel? Encoder { get; init; }

    /// <summary>Whether weights come from a network that was trained before.</summary>
    public bool BeginsTrained => Initial is not null || Encoder is not null;

    /// <summary>As <see cref="SaveCheckpoint"/>, for the training on all rows, with the result of the one that held rows out.</summary>
    public Action<SequenceModel, TrainingState, TrainedNetwork>? SaveSecond { get; init; }
}

/// <summary>A training that was interrupted after an epoch.</summary>
/// <param name="Kept">The model to keep so far.</param>
/// <param name="State">The state of the training.</param>
internal sealed record InterruptedTraining(SequenceModel Kept, TrainingState State);

/// <summary>The result of a training.</summary>
/// <param name="Model">The model that was kept.</param>
/// <param name="Course">The course of the epochs.</param>
/// <param name="NumberOfEpochs">The most epochs that training could have taken, which the schedule counts on.</param>
/// <param name="Ended">Why training ended before that; null where it did not.</param>
/// <param name="WasStopped">Whether the user stopped it.</param>
internal sealed record TrainedNetwork(SequenceModel Model, TrainingCourse Course, int NumberOfEpochs, string? Ended, bool WasStopped)
{
    /// <summary>The epoch of the kept model; 0 for the initial model, or where training was cancelled in the first epoch.</summary>
    public int KeptEpoch => Course.KeptEpoch;

    /// <summary>The rows held out, scaled; null for none.</summary>
    public SequenceSet? HeldOut { get; init; }

    /// <summary>The ridges that <see cref="RidgeStart"/> chose; null where there was nothing to choose.</summary>
    public double[]? Ridges { get; init; }

    /// <summary>How much of what the network adds to the linear model that it began with counts (<see cref="NetworkShare"/>).</summary>
    public double Share { get; init; } = 1;

    /// <summary>The kept model's metrics on them.</summary>
    public EpochMetrics? HeldOutMetrics { get; init; }
}

/// <summary>The checkpoint of a training, which may have two stages: a network can be trained again on all data.</summary>
internal interface ITrainingCheckpoint
{
    /// <summary>The training to resume; null to begin with the first epoch.</summary>
    InterruptedTraining? Resume { get; }

    /// <summary>The result of the first stage, where the training was interrupted in the second; else null.</summary>
    TrainedNetwork? First { get; }

    /// <summary>Saves the state of the training; a failure is warned of, not thrown.</summary>
    /// <param name="kept">The model to keep so far.</param>
    /// <param name="state">The state of the training.</param>
    /// <param name="first">The result of the first stage; null in the first stage.</param>
    void Save(SequenceModel kept, TrainingState state, TrainedNetwork? first);
}
