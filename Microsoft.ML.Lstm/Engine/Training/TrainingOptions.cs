using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The network and its training: the options that all trainers of this package share. An option that is <see langword="null"/> is chosen
/// from the data.
/// </summary>
// A checkpoint compares the options by reflection.
[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)]
public abstract partial class TrainingOptions
{
    private const int UsualUpdates = 2500;
    private const int FewestEpochs = 8;

    // More threads help nobody, and each has memory of its own.
    private const int MostThreads = 1024;

    private protected TrainingOptions()
    {
    }

    /// <summary>How much time the training may take, as far as other options leave that open. Default:
    /// <see cref="TrainingEffort.Default"/>.</summary>
    public TrainingEffort Effort = TrainingEffort.Default;

    /// <summary>
    /// Networks that are trained one after the other, each from a seed of its own, 1 to 100 (1 for an autoencoder), and averaged as with
    /// <see cref="TrainingEffort.Best"/> (deep ensembles; Lakshminarayanan et al. 2017). An initial model that goes on as it is keeps the
    /// number of its networks. <see langword="null"/>, the default: 1; with <see cref="TrainingEffort.Best"/> several.
    /// </summary>
    public int? NumberOfNetworks;

    /// <summary>The recurrent cell. Default: <see cref="CellType.Lstm"/>.</summary>
    public CellType CellType = CellType.Lstm;

    /// <summary>
    /// Units in each direction of each recurrent layer, 1 to 65536. <see langword="null"/>, the default: chosen from the data (at present
    /// 32; for classification, sequence labelling and series 64).
    /// </summary>
    public int? HiddenSize;

    /// <summary>
    /// Recurrent layers, each reading the outputs of the one below it, 1 to 64. <see langword="null"/>, the default: chosen from the data
    /// (at present 1).
    /// </summary>
    public int? NumberOfLayers;

    /// <summary>
    /// Whether each layer reads the sequence from both ends. <see langword="null"/>, the default: chosen from the data (at present
    /// <see langword="false"/>; for classification and sequence labelling <see langword="true"/>).
    /// </summary>
    public bool? Bidirectional;

    /// <summary>
    /// The share of a layer's outputs that is dropped on the way to the next layer while training, from 0 to below 1.
    /// As in PyTorch it has no effect on a single layer. <see langword="null"/>, the default: chosen from the data (at present 0).
    /// </summary>
    public float? Dropout;

    /// <summary>
    /// The share of a step's features, of numbers and of embeddings, that is dropped while training, from 0 to below 1; the same features
    /// at all steps of a sequence, which is variational dropout (Gal and Ghahramani 2016). <see langword="null"/>, the default: chosen from
    /// the data (at present 0).
    /// </summary>
    public float? InputDropout;

    /// <summary>
    /// The share of a layer's outputs that is dropped on the way to its own next step while training, from 0 to below 1; the same outputs
    /// at all steps of a sequence (Gal and Ghahramani 2016). The memory of <see cref="CellType.Lstm"/>, and what <see cref="CellType.Gru"/>
    /// carries over unchanged, stay whole. <see langword="null"/>, the default: chosen from the data (at present 0).
    /// </summary>
    public float? RecurrentDropout;

    /// <summary>
    /// The share of the encoding that is dropped before the output layer while training, from 0 to below 1; where each step has outputs, of
    /// the encoding of each step. <see langword="null"/>, the default: chosen from the data (at present 0; for classification, sequence
    /// labelling and series 0.3).
    /// </summary>
    public float? OutputDropout;

    /// <summary>
    /// The initial bias of LSTM's forget gate, finite. The larger it is, the longer a new network remembers: a state keeps
    /// σ(bias) of itself a step, so 1 forgets within some ten steps and 4 within a hundred. The other cells do not use it.
    /// <see langword="null"/>, the default: chosen from the data (at present 1; Jozefowicz et al. 2015).
    /// </summary>
    public float? InitialForgetBias;

    /// <summary>The optimizer. Default: <see cref="OptimizerType.Adam"/>.</summary>
    public OptimizerType Optimizer = OptimizerType.Adam;

    /// <summary>
    /// The step size, above 0. <see langword="null"/>, the default: chosen from the data: 0.005; for a regression that begins with a
    /// linear one 0.0005; for classification, sequence labelling and series 0.003.
    /// </summary>
    public float? LearningRate;

    /// <summary>
    /// How the step size changes over the epochs. <see langword="null"/>, the default: chosen from the data: half a cosine down to zero,
    /// <see cref="LearningRateSchedule.Cosine"/>; where <see cref="EarlyStopping"/> is chosen too,
    /// <see cref="LearningRateSchedule.StableThenDecay"/>.
    /// </summary>
    public LearningRateSchedule? LearningRateSchedule;

    /// <summary>The momentum of <see cref="OptimizerType.Sgd"/>, from 0 to below 1; other optimizers do not use it. Default: 0.9.</summary>
    public float Momentum = 0.9f;

    /// <summary>
    /// The weight decay, 0 or more, on all parameters. <see langword="null"/>, the default: chosen from the data (at present 0).
    /// </summary>
    public float? WeightDecay;

    /// <summary>
    /// The largest Euclidean norm of the gradient of all parameters together; a longer gradient is scaled down to it. 0 turns clipping off.
    /// Default: 1.
    /// </summary>
    public float GradientClipNorm = 1f;

    /// <summary>
    /// How often training goes over the data, at least 1. <see langword="null"/>, the default: chosen from the data: for trainers on
    /// sequences that have validation rows until the validation loss stalls; else as often as it takes to make some 2,500 weight updates,
    /// for regression 1,200, but no fewer than 8 times and no more than 100, for classification 200, for series 1000: small data is gone
    /// over more often than large.
    /// </summary>
    public int? NumberOfEpochs;

    /// <summary>
    /// Sequences a weight update, at least 1. <see langword="null"/>, the default: chosen from the data: for trainers on
    /// sequences the power of two at or below the square root of the rows, from 8 to 32, for regression to 256; for series 8.
    /// </summary>
    public int? BatchSize;

    /// <summary>
    /// When to stop before the last epoch. The schedule goes by <see cref="NumberOfEpochs"/>, so a training that stops early has seen only
    /// the beginning of it. <see cref="EarlyStoppingOptions.Off"/>: never. <see langword="null"/>, the default: chosen from the data: for
    /// trainers on sequences that have validation rows, and whose <see cref="NumberOfEpochs"/> and <see cref="LearningRateSchedule"/> are
    /// open, the learning rate falls to zero over a third of the epochs so far once the validation loss has stalled; else never.
    /// </summary>
    public EarlyStoppingOptions? EarlyStopping;

    /// <summary>
    /// The share of the training rows that is held out and used for validation instead, from 0 to below 1; at least one row stays on either
    /// side. Rows are drawn at random; of windows that <c>SlidingWindow</c> made, which overlap, the last rows are taken, with as many rows
    /// left out before them as a window has, and so of series. Where <c>Fit</c> is given validation data this is not used.
    /// <see langword="null"/>, the default: chosen from the data (0; for series 0.2, for the autoencoder 0.1; for regression 0.15 of 250
    /// and more rows whose number of epochs is open, all of which are trained on then for as many epochs as were best; for sequence to
    /// sequence 0.1 of 500 and more).
    /// </summary>
    public float? ValidationFraction;

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
    /// <see langword="null"/>, the default: chosen from the data (at present <see langword="true"/>).
    /// </summary>
    public bool? NormalizeFeatures;

    /// <summary>Called after each epoch. Default: <see langword="null"/>.</summary>
    public Action<EpochCompletedEventArgs>? EpochCompleted;

    /// <summary>
    /// Stops training at once, even in the middle of a batch; <c>Fit</c> then returns the best model so far, with all that belongs to it,
    /// such as the widths of a forecast's intervals. An <see cref="OperationCanceledException"/> is thrown where there is no model, before
    /// the first weight update, and where the token is cancelled only after training, while these widths are computed. Default: none.
    /// </summary>
    public CancellationToken CancellationToken;

    /// <summary>
    /// A checkpoint file, in a folder that exists, that is written after each epoch; <see langword="null"/> for none. It holds the best
    /// model so far (<see cref="EpochCompletedEventArgs.IsBest"/>), which <see cref="SequenceModelParameters.Load(string)"/> reads, and
    /// the state that <see cref="ResumeFromCheckpoint"/> goes on from. It is replaced as a whole, so that a crash leaves the previous one.
    /// When it can't be written, a warning says so, and training goes on. One training at a time may write to it, and locks it by a file
    /// of the same name and <c>.lock</c>. Default: <see langword="null"/>.
    /// </summary>
    public string? CheckpointPath;

    /// <summary>
    /// Whether <c>Fit</c> goes on from the file at <see cref="CheckpointPath"/>, if there is one, after the last epoch that had ended when
    /// it was written. The model is then the same, to the last bit, as without the interruption, on processors with vectors of the same
    /// width. The data, the initial model and all options that decide the weights have to be the same, and so has <see cref="Seed"/>, where
    /// it is given; otherwise an <see cref="InvalidOperationException"/> says what differs. A training that had ended is not repeated.
    /// Default: <see langword="false"/>: an existing file is replaced.
    /// </summary>
    public bool ResumeFromCheckpoint;

    /// <summary>A copy in which every option that the data decide has a value.</summary>
    /// <param name="facts">What is known of the data.</param>
    /// <param name="choices">Receives the options that the data decided, with the reasons.</param>
    internal TrainingOptions Settle(DataFacts facts, OptionChoices choices)
    {
        TrainingOptions settled = Clone();
        settled.EarlyStopping = EarlyStopping?.Copy();
        settled.ChooseDefaults(facts, choices);
        return settled;
    }

    /// <summary>
    /// Gives each option that is null its value. A task's options set their own values first, then call the base. What depends on the data,
    /// and not on the task alone, is noted: <c>BatchSize ??= choices.Note(nameof(BatchSize), 8, "few rows")</c>. Only
    /// <see cref="NumberOfEpochs"/> may stay null, see <see cref="MostEpochs"/>.
    /// </summary>
    private protected virtual void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        HiddenSize ??= 32;
        NumberOfLayers ??= 1;
        Bidirectional ??= false;
        Dropout ??= 0;
        InputDropout ??= 0;
        RecurrentDropout ??= 0;
        OutputDropout ??= 0;
        InitialForgetBias ??= 1;
        LearningRate ??= 0.005f;
        LearningRateSchedule ??= LearningRateSchedule.Cosine();
        WeightDecay ??= 0;
        BatchSize ??= 32;
        ValidationFraction ??= 0;
        NormalizeFeatures ??= true;
        ChooseFineTuning(facts, choices);
        EarlyStopping?.Patience ??= 10;
    }

    /// <summary>The settings of a training by these options, which are settled: the engine knows no option that is open.</summary>
    internal TrainingSettings ToSettings() => new()
    {
        CellType = CellType,
        HiddenSize = HiddenSize!.Value,
        NumberOfLayers = NumberOfLayers!.Value,
        Bidirectional = Bidirectional!.Value,
        Pooling = EncodingPooling,
        Convolutions = Convolutions,
        PoolsConvolutionsByMax = PoolsByMax,
        StepsPerFrame = Frames.StepsPerFrame,
        InputConvolutions = Frames.Convolutions,
        Tokens = Tokens,
        Characters = Characters,
        InitialForgetBias = InitialForgetBias!.Value,
        NormalizeFeatures = NormalizeFeatures!.Value,
        Dropout = new Dropout
        {
            Tokens = DropoutOfTokens,
            RareTokens = DropoutOfRareTokens,
            Characters = DropoutOfCharacters,
            Inputs = InputDropout!.Value,
            States = RecurrentDropout!.Value,
            Layers = Dropout!.Value,
            Outputs = OutputDropout!.Value,
            Weights = DropoutOfWeights,
        },
        Optimizer = new OptimizerSettings(Optimizer, Momentum, WeightDecay!.Value),
        LearningRate = LearningRate!.Value,
        LearningRateSchedule = LearningRateSchedule!,
        GradientClipNorm = GradientClipNorm,
        Epochs = NumberOfEpochs is { } epochs ? EpochRule.Exactly(epochs)
            : Effort == TrainingEffort.Quick ? OpenEpochs.Third : OpenEpochs,
        BatchSize = BatchSize!.Value,
        EarlyStopping = EarlyStopping is null or { IsOff: true } ? null
            : new EarlyStoppingRule(EarlyStopping.Metric, EarlyStopping.Patience!.Value, EarlyStopping.MinimumDelta)
            {
                Decays = EarlyStopping.Decays,
                EndsAtThreefold = EarlyStopping.EndsAtThreefold,
                FewestUpdates = EarlyStopping.FewestUpdates,
            },
        ValidationFraction = ValidationFraction!.Value,
        SkipSteps = SkippedSteps,
        BackpropagationLength = LengthOfPieces,
        FineTuning = Tuning,
        NumberOfThreads = NumberOfThreads ?? Environment.ProcessorCount,
        Communicator = Communicator,
        EpochCompleted = EpochCompleted,
        CancellationToken = CancellationToken,
    };

    /// <summary>How many epochs training takes where <see cref="NumberOfEpochs"/> is null.</summary>
    private protected virtual EpochRule OpenEpochs => new(UsualUpdates, FewestEpochs, MostEpochs);

    /// <summary>Steps at the end of a sequence that the output layer reads too, for tasks that have such a thing.</summary>
    private protected virtual int SkippedSteps => 0;

    /// <summary>Steps of the pieces that long sequences are cut into, for tasks that cut them; 0 for whole sequences.</summary>
    private protected virtual int LengthOfPieces => 0;

    /// <summary>The share of the recurrent weights that is dropped for each update.</summary>
    private protected virtual float DropoutOfWeights => 0;

    /// <summary>The most epochs that training takes where <see cref="NumberOfEpochs"/> is null.</summary>
    internal virtual int MostEpochs => 100;

    /// <summary>The embeddings, for tasks that have any.</summary>
    private protected virtual TokenSettings Tokens => default;

    /// <summary>The share of tokens that are replaced by the unknown token while training.</summary>
    private protected virtual float DropoutOfTokens => 0;

    /// <summary>The encoder of words by their characters, for tasks that may have one.</summary>
    private protected virtual CharacterSettings Characters => default;

    /// <summary>The share of characters that are replaced by the unknown character while training.</summary>
    private protected virtual float DropoutOfCharacters => 0;

    /// <summary>How the steps' outputs become the encoding, where there is a choice.</summary>
    private protected virtual Pooling EncodingPooling => Pooling.Last;

    /// <summary>The convolutions beside the recurrent layers, for tasks that can have some.</summary>
    private protected virtual ValueList<ConvolutionShape> Convolutions => default;

    /// <summary>How many steps the recurrent layers read as one, or by which convolutions, for tasks that have a choice.</summary>
    private protected virtual (int StepsPerFrame, ValueList<InputConvolutionShape> Convolutions) Frames => (1, default);

    /// <summary>The metrics of the task, which early stopping can watch.</summary>
    internal virtual IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics => Enum.GetValues<EarlyStoppingMetric>();

    /// <summary>Throws for the first option that is out of range.</summary>
    internal virtual void Validate()
    {
        RequireDefined(Effort, nameof(Effort));
        Require(NumberOfNetworks is null or (>= 1 and <= 100), NumberOfNetworks, nameof(NumberOfNetworks), "from 1 to 100, or null");
        RequireDefined(CellType, nameof(CellType));
        RequireDefined(Optimizer, nameof(Optimizer));
        Require(HiddenSize is null or (>= 1 and <= 65536), HiddenSize, nameof(HiddenSize), "from 1 to 65536");
        Require(NumberOfLayers is null or (>= 1 and <= 64), NumberOfLayers, nameof(NumberOfLayers), "from 1 to 64");
        Require(Dropout is null or (>= 0 and < 1), Dropout, nameof(Dropout), "from 0 to below 1");
        Require(InputDropout is null or (>= 0 and < 1), InputDropout, nameof(InputDropout), "from 0 to below 1");
        Require(RecurrentDropout is null or (>= 0 and < 1), RecurrentDropout, nameof(RecurrentDropout), "from 0 to below 1");
        Require(OutputDropout is null or (>= 0 and < 1), OutputDropout, nameof(OutputDropout), "from 0 to below 1");
        Require(InitialForgetBias is not { } bias || float.IsFinite(bias), InitialForgetBias, nameof(InitialForgetBias), "finite");
        Require(LearningRate is null or (> 0 and < float.PositiveInfinity), LearningRate, nameof(LearningRate), "above 0 and finite");
        Require(Momentum is >= 0 and < 1, Momentum, nameof(Momentum), "from 0 to below 1");
        Require(WeightDecay is null or (>= 0 and < float.PositiveInfinity), WeightDecay, nameof(WeightDecay), "0 or more and finite");
        Require(GradientClipNorm >= 0, GradientClipNorm, nameof(GradientClipNorm), "0 or more");
        Require(NumberOfEpochs is null or >= 1, NumberOfEpochs, nameof(NumberOfEpochs), "1 or more, or null");
        Require(BatchSize is null or >= 1, BatchSize, nameof(BatchSize), "1 or more");
        Require(ValidationFraction is null or (>= 0 and < 1), ValidationFraction, nameof(ValidationFraction), "from 0 to below 1");
        ValidateFineTuning();
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
        EarlyStopping?.Validate(EarlyStoppingMetrics);
    }

    internal static void Require(bool holds, object? value, string option, string range)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(option, value is Array list ? $"[{string.Join(", ", list.Cast<object?>())}]" : value,
                $"{option} must be {range}.");
    }

    private protected static void RequireName(string? name, string option, bool optional)
        => Require(optional ? name != "" : !string.IsNullOrEmpty(name), name, option,
            optional ? "a column name, or null" : "a column name");

    private protected static void RequireDefined<T>(T? value, string option)
        where T : struct, Enum
    {
        if (value is { } chosen)
            RequireDefined(chosen, option);
    }

    private protected static void RequireDefined<T>(T value, string option)
        where T : struct, Enum
        => Require(Enum.IsDefined(value), value, option, "one of " + string.Join(", ", Enum.GetNames<T>()));
}

/// <summary>How much time a training may take for a better model, as far as options are chosen from the data.</summary>
public enum TrainingEffort
{
    /// <summary>A first impression: a third of the weight updates, where <see cref="TrainingOptions.NumberOfEpochs"/> is open.</summary>
    Quick,

    /// <summary>One network, trained until it gets no better.</summary>
    Default,

    /// <summary>The best that the data gives, in several times the usual time: several networks or settings, whose results are averaged or
    /// compared.</summary>
    Best,
}
