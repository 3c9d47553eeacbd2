using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>A network and its training: the values of <see cref="TrainingOptions"/>, with none left open.</summary>
internal sealed record TrainingSettings
{
    public required CellType CellType { get; init; }

    public required int HiddenSize { get; init; }

    public required int NumberOfLayers { get; init; }

    public required bool Bidirectional { get; init; }

    /// <summary>How the steps' outputs become the encoding, where the task has one.</summary>
    public required Pooling Pooling { get; init; }

    /// <summary>The convolutions beside the recurrent layers.</summary>
    public ValueList<ConvolutionShape> Convolutions { get; init; }

    /// <summary>Whether the encoding has their largest outputs rather than the means.</summary>
    public bool PoolsConvolutionsByMax { get; init; }

    /// <summary>Steps that the recurrent layers read as one.</summary>
    public int StepsPerFrame { get; init; } = 1;

    /// <summary>The convolutions in front of the recurrent layers.</summary>
    public ValueList<InputConvolutionShape> InputConvolutions { get; init; }

    public required TokenSettings Tokens { get; init; }

    /// <summary>The encoder of words by their characters, for data that has them.</summary>
    public CharacterSettings Characters { get; init; }

    public required float InitialForgetBias { get; init; }

    public required bool NormalizeFeatures { get; init; }

    public required Dropout Dropout { get; init; }

    public required OptimizerSettings Optimizer { get; init; }

    public required float LearningRate { get; init; }

    public required LearningRateSchedule LearningRateSchedule { get; init; }

    public required float GradientClipNorm { get; init; }

    public required EpochRule Epochs { get; init; }

    public required int BatchSize { get; init; }

    /// <summary>When to stop early; null for never.</summary>
    public required EarlyStoppingRule? EarlyStopping { get; init; }

    public required float ValidationFraction { get; init; }

    /// <summary>
    /// Rows between those to train on and those held out, which are the last ones, since rows are in the order of time and overlap; null
    /// where they are drawn at random.
    /// </summary>
    public int? ValidationGap { get; init; }

    /// <summary>
    /// Steps of the pieces that long sequences are cut into, for tasks whose networks take their state from piece to piece; 0 for whole
    /// sequences.
    /// </summary>
    public int BackpropagationLength { get; init; }

    /// <summary>Steps at the end of a sequence that the head reads too, see <see cref="Parameters.NetworkShape.SkipSteps"/>.</summary>
    public int SkipSteps { get; init; }

    /// <summary>How layers that begin with those of another network learn; null for all alike.</summary>
    public FineTuning? FineTuning { get; init; }

    public required int NumberOfThreads { get; init; }

    /// <summary>The ranks that train together; null for this process alone.</summary>
    public Communicator? Communicator { get; init; }

    public required Action<EpochCompletedEventArgs>? EpochCompleted { get; init; }

    public required CancellationToken CancellationToken { get; init; }

    /// <summary>These settings for a network whose layers are those of <paramref name="shape"/>.</summary>
    public TrainingSettings WithLayersOf(NetworkShape shape) => this with
    {
        CellType = shape.Cell,
        HiddenSize = shape.HiddenSize,
        NumberOfLayers = shape.Layers,
        Bidirectional = shape.Bidirectional,
        Pooling = shape.Pooling,
        Convolutions = shape.Convolutions,
        PoolsConvolutionsByMax = shape.PoolsConvolutionsByMax,
        StepsPerFrame = shape.StepsPerFrame,
        InputConvolutions = shape.InputConvolutions,
    };
}

/// <summary>The embeddings of tokens.</summary>
/// <param name="EmbeddingSize">Features of an embedding.</param>
/// <param name="FreezePretrained">Whether pretrained embeddings keep their values.</param>
internal readonly record struct TokenSettings(int EmbeddingSize, bool FreezePretrained);

/// <summary>The encoder of words by their characters.</summary>
/// <param name="EmbeddingSize">Features of a character's embedding.</param>
/// <param name="Filters">Features of a word.</param>
/// <param name="KernelSize">Neighbouring characters that a filter reads.</param>
internal readonly record struct CharacterSettings(int EmbeddingSize, int Filters, int KernelSize);

/// <summary>How many epochs a training takes: as many as make a number of weight updates, within bounds.</summary>
/// <param name="Updates">The weight updates.</param>
/// <param name="Fewest">The fewest epochs.</param>
/// <param name="Most">The most epochs.</param>
internal readonly record struct EpochRule(int Updates, int Fewest, int Most)
{
    /// <summary>A fixed number of epochs.</summary>
    public static EpochRule Exactly(int epochs) => new(Updates: 0, epochs, epochs);

    /// <summary>A third of the updates, within a third of the epochs.</summary>
    public EpochRule Third => new(Math.Max(1, Updates / 3), Math.Max(1, Fewest / 3), Math.Max(1, Most / 3));

    /// <summary>The epochs of a training whose epochs have <paramref name="batches"/> weight updates each.</summary>
    public int EpochsFor(int batches) => Math.Clamp((Updates + batches - 1) / batches, Fewest, Most);
}

/// <summary>When training stops before its last epoch.</summary>
/// <param name="Metric">The metric to watch.</param>
/// <param name="Patience">Epochs in a row without improvement after which training stops.</param>
/// <param name="MinimumDelta">By how much the metric must become better to count as an improvement.</param>
internal sealed record EarlyStoppingRule(EarlyStoppingMetric Metric, int Patience, double MinimumDelta)
{
    // Weight updates between two epochs that are compared: fewer tell nothing.
    private const int UpdatesOfAStage = 250;

    /// <summary>
    /// Whether, instead of stopping at once, the schedule ends after a third more epochs, in which the learning rate falls to zero. Only
    /// each <see cref="StageOf"/> epochs are then compared, and the patience is a stage, or half of the best epoch: a training takes at
    /// most three times the epochs of its best one.
    /// </summary>
    public bool Decays { get; init; }

    /// <summary>Whether training stops at three times its best epoch at the latest, whatever the patience.</summary>
    public bool EndsAtThreefold { get; init; }

    /// <summary>Weight updates without improvement after which training has stalled at the earliest, where it decays.</summary>
    public int FewestUpdates { get; init; } = UpdatesOfAStage;

    /// <summary>Epochs from one that is compared to the next.</summary>
    /// <param name="batches">Weight updates an epoch.</param>
    public int StageOf(int batches) => Decays ? 1 + (UpdatesOfAStage - 1) / batches : 1;

    /// <summary>Epochs without improvement after which training has stalled.</summary>
    /// <param name="batches">Weight updates an epoch.</param>
    /// <param name="keptEpoch">The best epoch so far.</param>
    public int PatienceAfter(int batches, int keptEpoch)
        => Decays ? Math.Max(1 + (FewestUpdates - 1) / batches, (keptEpoch + 1) / 2)
            : EndsAtThreefold ? Math.Min(Patience, 2 * Math.Max(1, keptEpoch))
            : Patience;

    /// <summary>Whether no improvement can be large enough any more: a loss is 0 or more where one has to be.</summary>
    public bool IsPerfect(double metric) => Decays && Metric == EarlyStoppingMetric.Loss && metric < MinimumDelta;

    /// <summary>By how much an epoch has to be better to be kept.</summary>
    /// <param name="isEnding">Whether the learning rate falls to its end, when nothing more depends on it.</param>
    public double RequiredGain(bool isEnding) => Decays && isEnding ? 0 : MinimumDelta;

    /// <summary>The epochs of a training that has stalled: a third more than it has had.</summary>
    public static int EndAfterStall(int epochs) => epochs + Math.Max(1, epochs / 3);
}
