using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The options that all trainers on columns of sequences share: these columns and others beside them, the network and its training.
/// </summary>
public abstract class SequenceInputOptions : TrainingOptions
{
    private protected const string AsInInitialModel = "as in the initial model";

    private protected SequenceInputOptions()
    {
    }

    /// <summary>
    /// The column of sequences: numbers, laid out as <see cref="FeaturesPerStep"/> says, or, for trainers that learn a label, keys, one per
    /// step, each with a learned embedding of <see cref="SequenceTrainerOptions.EmbeddingSize"/> features. The missing key, and every key
    /// that the training data does not have, is the unknown token, which has an embedding too. Not used where there are
    /// <see cref="FeatureColumnNames"/>. Default: <c>Features</c>.
    /// </summary>
    public string FeatureColumnName = DefaultColumnNames.Features;

    /// <summary>
    /// Several columns of sequences, of numbers or keys. Their features are joined at each step, so all columns have the same number of
    /// steps in a row. The features per step of a column of numbers come from its dimensions, or are <see cref="FeaturesPerStep"/> in each
    /// column. <c>PermutationFeatureImportance</c> looks at one column at a time, see
    /// <see cref="SequencePredictionTransformer.ForFeatureColumn"/>. <see langword="null"/> for <see cref="FeatureColumnName"/> alone.
    /// Default: <see langword="null"/>.
    /// </summary>
    public string[]? FeatureColumnNames;

    /// <summary>
    /// The weight of each row in the loss: a column of <see cref="float"/>, 0 or more. <see langword="null"/> for equal weights. Default:
    /// <see langword="null"/>.
    /// </summary>
    public string? ExampleWeightColumnName;

    /// <summary>
    /// Features of a sequence as a whole, joined to its encoding before the output layer: a column of <see cref="float"/>, or a known-size
    /// vector of it. <see langword="null"/> for none. Default: <see langword="null"/>.
    /// </summary>
    public string? StaticFeatureColumnName;

    /// <summary>
    /// A column for the encoding of the sequence, a vector with <see cref="TrainingOptions.HiddenSize"/> values (twice as many
    /// when bidirectional; of an autoencoder its code) that any other trainer can use as features. <see langword="null"/> for none.
    /// Default: <see langword="null"/>.
    /// </summary>
    public string? EncodingColumnName;

    /// <summary>
    /// F: features per step, at least 1. A vector of T x F values is a sequence of T steps, the first F values being the first step; T may
    /// differ from row to row. It takes precedence over the dimensions of the column. <see langword="null"/> takes F from the dimensions
    /// where there are two or more (<c>Vector&lt;Single, T, F&gt;</c>; leading axes of 1, mostly a batch, are skipped), else 1, with a
    /// warning where a transform seems to have dropped the dimensions. Without effect on keys, which are one per step. Default:
    /// <see langword="null"/>.
    /// </summary>
    public int? FeaturesPerStep;

    /// <summary>
    /// Steps after which the sequences of the training and validation data are cut, at least 1; scoring reads them whole. Where a text is
    /// cut, a language model does not learn that it ends. <see langword="null"/> for no limit. Default: <see langword="null"/>.
    /// </summary>
    public int? MaximumSequenceLength;

    /// <summary>
    /// For training data larger than memory: megabytes of sequences to have in memory at once, at least 1. The data is then read anew each
    /// epoch (and a few times before the first), in its own order, through a buffer of this size in which it is shuffled; data whose
    /// neighbours are alike should be shuffled before. Validation data is still read into memory, and nothing can be held out: where
    /// <see cref="TrainingOptions.ValidationFraction"/> is given it must be 0. <see langword="null"/> reads all training data into memory
    /// once. Default: <see langword="null"/>.
    /// </summary>
    public int? StreamingBufferMegabytes;

    /// <summary>What to do with rows that can't be trained on. Default: <see cref="BadRowHandling.Skip"/>.</summary>
    public BadRowHandling BadRows = BadRowHandling.Skip;

    /// <summary>The columns of sequences, one or more.</summary>
    internal IReadOnlyList<string> AllFeatureColumnNames => FeatureColumnNames ?? [FeatureColumnName];

    /// <summary>The column to learn; null for none.</summary>
    internal virtual string? LabelColumn => null;

    /// <summary>Numbers or truths to learn at each step; null for what the column says, and for other labels.</summary>
    internal virtual int? LabelsOfStep => null;

    /// <summary>The column of words that are read by their characters; null for none.</summary>
    internal virtual string? CharacterColumn => null;

    /// <summary>A column for the weights of the steps in the encoding; null for none.</summary>
    internal virtual string? AttentionColumn => null;

    /// <summary>Files with vectors of words, by the name of the column; null for none.</summary>
    internal virtual IReadOnlyDictionary<string, string>? WordVectors => null;

    /// <summary>
    /// The options of each network that is trained, with those left open that are chosen from the data: these options
    /// <see cref="TrainingOptions.NumberOfNetworks"/> times, or others for the members of an ensemble.
    /// </summary>
    internal virtual IReadOnlyList<SequenceInputOptions> Candidates(DataFacts facts)
        => [.. Enumerable.Repeat(this, NumberOfNetworks ?? (Effort == TrainingEffort.Best ? NetworksOfBest(facts) : 1))];

    /// <summary>How many networks <see cref="TrainingEffort.Best"/> trains.</summary>
    private protected virtual int NetworksOfBest(DataFacts facts) => 1;

    /// <summary>A copy that later changes to these options do not affect.</summary>
    internal virtual SequenceInputOptions Copy()
    {
        var copy = (SequenceInputOptions)Clone();
        copy.FeatureColumnNames = [.. AllFeatureColumnNames];
        copy.EarlyStopping = EarlyStopping?.Copy();
        return copy;
    }

    /// <summary>These options, of which those that are open have the values of the network that training begins with, if there is one.
    /// </summary>
    internal SequenceInputOptions WithLayersOf(DataFacts facts, OptionChoices choices)
    {
        if ((facts.Initial ?? facts.Encoder) is not { } shape)
            return this;
        SequenceInputOptions copy = Copy();
        copy.TakeLayersOf(shape, isWhole: facts.Initial is not null, choices);
        return copy;
    }

    /// <summary>Gives options that are open the values of a network that training begins with.</summary>
    /// <param name="shape">The network.</param>
    /// <param name="isWhole">Whether the network goes on as it is, with its output layer.</param>
    /// <param name="choices">Receives what was chosen.</param>
    private protected virtual void TakeLayersOf(NetworkShape shape, bool isWhole, OptionChoices choices)
    {
        HiddenSize ??= choices.Note(nameof(HiddenSize), shape.HiddenSize, AsInInitialModel);
        NumberOfLayers ??= choices.Note(nameof(NumberOfLayers), shape.Layers, AsInInitialModel);
        Bidirectional ??= choices.Note(nameof(Bidirectional), shape.Bidirectional, AsInInitialModel);
    }

    /// <summary>Whether rows are held out to find out how long to train, and then trained on too.</summary>
    internal bool TrainsOnHeldOutRows { get; private set; }

    /// <summary>The share of rows to hold out where that is open; 0 for none.</summary>
    private protected virtual float ShareToHoldOut(DataFacts facts) => 0;

    /// <summary>Whether, where such rows say how long to train, all rows are trained on for that long.</summary>
    private protected virtual bool GoesOnWithAllRows => true;

    /// <summary>When the validation loss has stalled, where it says how long to train.</summary>
    private protected virtual StallRule Stall => StallRule.Usual;

    private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        bool isLengthOpen = NumberOfEpochs is null && LearningRateSchedule is null && EarlyStopping is null;
        if (isLengthOpen && ValidationFraction is null && !facts.HasValidation && !facts.IsStreamed
            && ShareToHoldOut(facts) is var share and > 0)
        {
            TrainsOnHeldOutRows = GoesOnWithAllRows;
            ValidationFraction = choices.Note(nameof(ValidationFraction), share, $"of {facts.Rows} rows, "
                + $"{(facts.WindowRows > 0 ? "the last" : "drawn at random")}, to find out how long to train"
                + (GoesOnWithAllRows ? " on all of them" : ""));
        }
        if (isLengthOpen && (facts.HasValidation || ValidationFraction > 0))
        {
            LearningRateSchedule = choices.Note(nameof(LearningRateSchedule), LearningRateSchedule.StableThenDecay(),
                "it falls once the validation loss stalls");
            EarlyStopping = EarlyStoppingOptions.ThenDecay(Stall);
        }
        BatchSize ??= choices.Note(nameof(BatchSize), BatchSizeFor(facts.Rows), $"{facts.Rows} rows");
        base.ChooseDefaults(facts, choices);
    }

    /// <summary>The largest batch that is chosen.</summary>
    private protected virtual int LargestBatch => 32;

    /// <summary>The power of two at or below the square root of the rows, from 8 on.</summary>
    private int BatchSizeFor(int rows)
    {
        int size = 8;
        while (size < LargestBatch && 4L * size * size <= rows)
            size *= 2;
        return size;
    }

    internal override void Validate()
    {
        base.Validate();
        RequireName(FeatureColumnName, nameof(FeatureColumnName), optional: false);
        Require(AllFeatureColumnNames.Count > 0
            && AllFeatureColumnNames.All(name => !string.IsNullOrEmpty(name))
            && AllFeatureColumnNames.Distinct().Count() == AllFeatureColumnNames.Count,
            FeatureColumnNames, nameof(FeatureColumnNames), "one or more different column names, or null");
        RequireName(ExampleWeightColumnName, nameof(ExampleWeightColumnName), optional: true);
        RequireName(StaticFeatureColumnName, nameof(StaticFeatureColumnName), optional: true);
        RequireOutputName(EncodingColumnName, nameof(EncodingColumnName));
        Require(FeaturesPerStep is null or >= 1, FeaturesPerStep, nameof(FeaturesPerStep), "1 or more, or null");
        Require(MaximumSequenceLength is null or >= 1, MaximumSequenceLength, nameof(MaximumSequenceLength), "1 or more, or null");
        Require(StreamingBufferMegabytes is null or >= 1, StreamingBufferMegabytes, nameof(StreamingBufferMegabytes), "1 or more, or null");
        Require(StreamingBufferMegabytes is null || ValidationFraction is null or 0, ValidationFraction, nameof(ValidationFraction),
            $"0 with {nameof(StreamingBufferMegabytes)}");
        RequireDefined(BadRows, nameof(BadRows));
    }

    /// <summary>Throws if the name of an optional column is empty, or is the name of a column of scores or predicted labels.</summary>
    private protected static void RequireOutputName(string? name, string option)
    {
        RequireName(name, option, optional: true);
        Require(name is not (DefaultColumnNames.Score or DefaultColumnNames.Probability or DefaultColumnNames.PredictedLabel), name, option,
            "another name than that of a column of scores or predicted labels");
    }
}
