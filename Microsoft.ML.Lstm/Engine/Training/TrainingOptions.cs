using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm;

/// <summary>The network and its training: the options that all trainers of this package share.</summary>
public abstract class TrainingOptions
{
    private const int UsualUpdates = 2500;
    private const int FewestEpochs = 8;

    // More are no help to anyone, and each has memory of its own.
    private const int MostThreads = 1024;

    private protected TrainingOptions()
    {
    }

    /// <summary>The recurrent cell. Default: <see cref="CellType.Lstm"/>.</summary>
    public CellType CellType = CellType.Lstm;

    /// <summary>
    /// Units in each direction of each recurrent layer, 1 to 65536. Default: 32; for classification and sequence labelling 64.
    /// </summary>
    public int HiddenSize = 32;

    /// <summary>Recurrent layers, each reading the outputs of the one below it, 1 to 64. Default: 1.</summary>
    public int NumberOfLayers = 1;

    /// <summary>
    /// Whether each layer reads the sequence from both ends. Default: <see langword="false"/>; for classification and sequence labelling
    /// <see langword="true"/>.
    /// </summary>
    public bool Bidirectional;

    /// <summary>
    /// The share of a layer's outputs that is dropped on the way to the next layer while training, from 0 to below 1.
    /// As in PyTorch it has no effect on a single layer. Default: 0.
    /// </summary>
    public float Dropout;

    /// <summary>
    /// The share of a step's features, numbers and those of the vectors that stand for its tokens, that is dropped while training, from 0
    /// to below 1; the same ones at all steps of a sequence, which is variational dropout (Gal and Ghahramani 2016). Default: 0.
    /// </summary>
    public float InputDropout;

    /// <summary>
    /// The share of a layer's outputs that is dropped on the way to its own next step while training, from 0 to below 1; the same ones at
    /// all steps of a sequence (Gal and Ghahramani 2016). The memory of <see cref="CellType.Lstm"/>, and what <see cref="CellType.Gru"/>
    /// carries over as it is, stay whole. Default: 0.
    /// </summary>
    public float RecurrentDropout;

    /// <summary>
    /// The share of the encoding that is dropped before the output layer while training, from 0 to below 1; where each step has outputs, of
    /// each step's. Default: 0; for classification and sequence labelling 0.3.
    /// </summary>
    public float OutputDropout;

    /// <summary>
    /// The initial bias of LSTM's forget gate, finite. The larger it is, the longer a new network remembers: a state keeps
    /// σ(bias) of itself a step, so 1 forgets within some ten steps and 4 within a hundred. The other cells do not use it.
    /// Default: 1 (Jozefowicz et al. 2015).
    /// </summary>
    public float InitialForgetBias = 1f;

    /// <summary>The optimizer. Default: <see cref="OptimizerType.Adam"/>.</summary>
    public OptimizerType Optimizer = OptimizerType.Adam;

    /// <summary>The step size, above 0. Default: 0.005; for classification and sequence labelling 0.003.</summary>
    public float LearningRate = 0.005f;

    /// <summary>
    /// How the step size changes over the epochs. Default: half a cosine down to zero, <see cref="LearningRateSchedule.Cosine"/>.
    /// </summary>
    public LearningRateSchedule LearningRateSchedule = LearningRateSchedule.Cosine();

    /// <summary>The momentum of <see cref="OptimizerType.Sgd"/>, from 0 to below 1; the others do not use it. Default: 0.9.</summary>
    public float Momentum = 0.9f;

    /// <summary>The weight decay, 0 or more, on all parameters. Default: 0.</summary>
    public float WeightDecay;

    /// <summary>
    /// The largest Euclidean norm of the gradient of all parameters together; longer ones are shortened to it. 0 turns clipping off.
    /// Default: 1.
    /// </summary>
    public float GradientClipNorm = 1f;

    /// <summary>
    /// How often training goes over the data, at least 1. <see langword="null"/> for as often as it takes to make some 2,500 weight
    /// updates, but no fewer than 8 times and no more than 100 (forecasts: 1000): small data is gone over more often than large. Default:
    /// 100 for regression, <see langword="null"/> for the others.
    /// </summary>
    public int? NumberOfEpochs = 100;

    /// <summary>Sequences a weight update, at least 1. Default: 32.</summary>
    public int BatchSize = 32;

    /// <summary>
    /// When to stop before the last epoch; <see langword="null"/> to always go to the end. The schedule goes by
    /// <see cref="NumberOfEpochs"/>, so a training that stops early has seen only the beginning of it. Default: <see langword="null"/>.
    /// </summary>
    public EarlyStoppingOptions? EarlyStopping;

    /// <summary>
    /// The share of the training rows, drawn at random, that is held out and used for validation instead, from 0 to below 1; at least one
    /// row stays on either side. Windows of one series overlap, so rows drawn at random are no fair test of them: give <c>Fit</c> a
    /// validation set of later rows instead, and this is not used. A forecast takes the last rows of each series. Default: 0; for forecasts
    /// 0.2, for the autoencoder 0.1.
    /// </summary>
    public float ValidationFraction;

    /// <summary>
    /// The seed of initial weights, shuffling, dropout and the validation split. With <see langword="null"/> each Fit draws one from the
    /// MLContext: a second Fit, or one behind other components of the context, gives another model, and a program that does the same again
    /// with an MLContext of the same seed gives the same ones. The same seed and data give the same bits, whatever the number of threads,
    /// on processors with vectors of the same width. Default: <see langword="null"/>.
    /// </summary>
    public int? Seed;

    /// <summary>Threads that train, 1 to 1024; <see langword="null"/> for one a processor. Default: <see langword="null"/>.</summary>
    public int? NumberOfThreads;

    /// <summary>
    /// Whether each feature of a step, and each static feature, is brought to mean 0 and variance 1 over the training
    /// data. The model keeps the scaling. Either way a feature that never varies there has no effect on a score, and a warning names it.
    /// Default: <see langword="true"/>.
    /// </summary>
    public bool NormalizeFeatures = true;

    /// <summary>Called after each epoch. Default: <see langword="null"/>.</summary>
    public Action<EpochCompletedEventArgs>? EpochCompleted;

    /// <summary>
    /// Stops training at once, in the middle of a batch too; <c>Fit</c> then returns the best model so far, after what it needs beside it,
    /// such as the widths of a forecast's intervals, was found. Before the first weight update there is none, and when it is cancelled only
    /// while those are found, nobody wants it: an <see cref="OperationCanceledException"/> is thrown then. Default: none.
    /// </summary>
    public CancellationToken CancellationToken;

    /// <summary>
    /// A file, in a folder that exists, that is written after each epoch; <see langword="null"/> for none. It holds the model to keep so
    /// far (<see cref="EpochCompletedEventArgs.IsBest"/>), which <see cref="SequenceModelParameters.Load(string)"/> reads, and what
    /// <see cref="ResumeFromCheckpoint"/> needs to go on with. It is replaced as a whole, so that a crash leaves the previous one. When it
    /// can't be written a warning says so, and training goes on. One training at a time may write to it; meanwhile there is a file with
    /// <c>.lock</c> behind its name beside it. Default: <see langword="null"/>.
    /// </summary>
    public string? CheckpointPath;

    /// <summary>
    /// Whether <c>Fit</c> goes on from the file at <see cref="CheckpointPath"/>, if there is one, after the last epoch that had ended when
    /// it was written; the model is then, to the last bit, that of a training which was never interrupted, on processors with vectors of
    /// the same width. The data, the initial model and all options that decide the weights have to be the same, and so has
    /// <see cref="Seed"/>, where it is given; otherwise an <see cref="InvalidOperationException"/> says what is not. A training that had
    /// come to its end is not gone through again. Default: <see langword="false"/>, and a file that is there is replaced.
    /// </summary>
    public bool ResumeFromCheckpoint;

    internal OptimizerSettings OptimizerSettings => new(Optimizer, Momentum, WeightDecay);

    /// <summary>A copy with the same values.</summary>
    internal TrainingOptions Clone() => (TrainingOptions)MemberwiseClone();

    /// <summary>
    /// <see cref="NumberOfEpochs"/> or, where there is no such number, that for epochs of <paramref name="batches"/> weight updates.
    /// </summary>
    internal int EpochsFor(int batches) => NumberOfEpochs ?? Math.Clamp((UsualUpdates + batches - 1) / batches, FewestEpochs, MostEpochs);

    /// <summary>The most epochs that are taken where there is no number.</summary>
    internal virtual int MostEpochs => 100;

    /// <summary>What is learned of tokens; of tasks without tokens nothing.</summary>
    internal virtual TokenTraining Tokens => default;

    /// <summary>How the steps' outputs become the encoding, where there is a choice.</summary>
    internal virtual Pooling EncodingPooling => Pooling.Last;

    /// <summary>The figures of the task, which early stopping can watch.</summary>
    internal virtual IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics => Enum.GetValues<EarlyStoppingMetric>();

    /// <summary>Throws for the first option that is out of range.</summary>
    internal virtual void Validate()
    {
        RequireDefined(CellType, nameof(CellType));
        RequireDefined(Optimizer, nameof(Optimizer));
        Require(HiddenSize is >= 1 and <= 65536, HiddenSize, nameof(HiddenSize), "from 1 to 65536");
        Require(NumberOfLayers is >= 1 and <= 64, NumberOfLayers, nameof(NumberOfLayers), "from 1 to 64");
        Require(Dropout is >= 0 and < 1, Dropout, nameof(Dropout), "from 0 to below 1");
        Require(InputDropout is >= 0 and < 1, InputDropout, nameof(InputDropout), "from 0 to below 1");
        Require(RecurrentDropout is >= 0 and < 1, RecurrentDropout, nameof(RecurrentDropout), "from 0 to below 1");
        Require(OutputDropout is >= 0 and < 1, OutputDropout, nameof(OutputDropout), "from 0 to below 1");
        Require(float.IsFinite(InitialForgetBias), InitialForgetBias, nameof(InitialForgetBias), "finite");
        Require(LearningRate > 0 && float.IsFinite(LearningRate), LearningRate, nameof(LearningRate), "above 0 and finite");
        Require(LearningRateSchedule is not null, LearningRateSchedule, nameof(LearningRateSchedule), "a schedule, not null");
        Require(Momentum is >= 0 and < 1, Momentum, nameof(Momentum), "from 0 to below 1");
        Require(WeightDecay >= 0 && float.IsFinite(WeightDecay), WeightDecay, nameof(WeightDecay), "0 or more and finite");
        Require(GradientClipNorm >= 0, GradientClipNorm, nameof(GradientClipNorm), "0 or more");
        Require(NumberOfEpochs is null or >= 1, NumberOfEpochs, nameof(NumberOfEpochs), "1 or more, or null");
        Require(BatchSize >= 1, BatchSize, nameof(BatchSize), "1 or more");
        Require(ValidationFraction is >= 0 and < 1, ValidationFraction, nameof(ValidationFraction), "from 0 to below 1");
        Require(NumberOfThreads is null or (>= 1 and <= MostThreads), NumberOfThreads, nameof(NumberOfThreads),
            $"from 1 to {MostThreads}, or null");
        if (CheckpointPath is not null)
        {
            bool isPath = !string.IsNullOrWhiteSpace(CheckpointPath) && !CheckpointPath.Contains('\0');
            Require(isPath
                && Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(CheckpointPath)))
                && !Directory.Exists(CheckpointPath)
                && !Path.EndsInDirectorySeparator(CheckpointPath),
                CheckpointPath, nameof(CheckpointPath), "a file in a folder that exists, and no folder itself, or null");
        }
        Require(!ResumeFromCheckpoint || CheckpointPath is not null, ResumeFromCheckpoint, nameof(ResumeFromCheckpoint),
            $"false where there is no {nameof(CheckpointPath)}");
        if (EarlyStopping is { } stopping)
        {
            Require(EarlyStoppingMetrics.Contains(stopping.Metric), stopping.Metric, nameof(EarlyStopping) + "." + nameof(stopping.Metric),
                "one of " + string.Join(", ", EarlyStoppingMetrics));
            Require(stopping.Patience >= 1, stopping.Patience, nameof(EarlyStopping) + "." + nameof(stopping.Patience), "1 or more");
            Require(stopping.MinimumDelta >= 0 && double.IsFinite(stopping.MinimumDelta), stopping.MinimumDelta,
                nameof(EarlyStopping) + "." + nameof(stopping.MinimumDelta), "0 or more and finite");
        }
    }

    private protected static void Require(bool holds, object? value, string option, string range)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(option, value is Array list ? $"[{string.Join(", ", list.Cast<object?>())}]" : value,
                $"{option} must be {range}.");
    }

    private protected static void RequireName(string? name, string option, bool optional)
        => Require(optional ? name != "" : !string.IsNullOrEmpty(name), name, option,
            optional ? "a column name, or null" : "a column name");

    private protected static void RequireDefined<T>(T value, string option)
        where T : struct, Enum
        => Require(Enum.IsDefined(value), value, option, "one of " + string.Join(", ", Enum.GetNames<T>()));
}

/// <summary>What is learned of tokens.</summary>
/// <param name="EmbeddingSize">Features of the learned vector that stands for a token.</param>
/// <param name="Dropout">The share of tokens that are taken for the unknown one while training.</param>
/// <param name="FreezeGiven">Whether vectors that are given, rather than learned from the beginning, stay as they are.</param>
internal readonly record struct TokenTraining(int EmbeddingSize, float Dropout, bool FreezeGiven);
