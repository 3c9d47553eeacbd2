using System.Globalization;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The options that all classification trainers of this package share. The values chosen for options that are <see langword="null"/> suit
/// texts and series of a few hundred to some ten thousand rows.
/// </summary>
public abstract class ClassificationTrainerOptions : SequenceTrainerOptions
{
    // Curves shorter than the usual filter have nothing for convolutions to find.
    private const int ShortestCurve = 8;

    // Steps of recurrent layers beside convolutions; longer curves are read in frames, to be done in time.
    private const int FramesOfCurve = 512;
    private const int UnitsBesideConvolutions = 8;
    private const int WordsOfAPhrase = 3;
    private const int UnitsBesidePhrases = 32;
    private const int EmbeddingOfPhrases = 96;
    private const int FewRows = 100;
    private const int ManyRows = 1000;
    private const int UpdatesOfConvolutions = 1500;

    // How often the tokens of a column occur in the mean where most of them occur seldom.
    private const int SeldomUses = 20;

    // Rows, or their numbers, of a ridge regression that takes a moment.
    private const int LargestRidge = 512;

    // With so many curves of each class convolutions need no help.
    private const int RowsOfAClass = 20;

    // Where the numbers of neighbouring steps have less in common there are no shapes to find, and there is much to learn by heart.
    private const double LeastCorrelation = 0.2;
    private const int ManyUnlikeRows = 2000;
    private const int UnitsOfUnlikeSteps = 8;

    // Of the variance of curves, where values at their places tell more than shapes.
    private const double LeastSharedCourse = 0.6;
    private const string SeveralNetworks = "several networks are averaged";
    private const string BesideConvolutions = "beside convolutions";

    private protected ClassificationTrainerOptions()
    {
    }

    /// <summary>
    /// The weight of a row by its class, each above 0: for a binary label two weights, for no and yes; for keys a weight for each key, in
    /// the order of the keys, which <c>MapValueToKey</c> takes from their first rows unless it is given another order. To give weights by
    /// name, use <see cref="ClassWeightsByLabel"/>. <see langword="null"/> for equal weights. Default: <see langword="null"/>.
    /// </summary>
    public float[]? ClassWeights;

    /// <summary>
    /// The weight of a row by its class, each above 0, by the label's value as a text in the invariant culture: <c>"true"</c> and
    /// <c>"false"</c> for a binary label; for keys the values that they stand for, such as <c>"spam"</c>, <c>"3"</c> or
    /// <c>"2026-01-31"</c>. A class that is not named has the weight 1, and a name that is no class is an error when training begins. Not
    /// together with <see cref="ClassWeights"/>. <see langword="null"/> for equal weights. Default: <see langword="null"/>.
    /// </summary>
    public Dictionary<string, float>? ClassWeightsByLabel;

    /// <summary>
    /// Whether rows are weighted so that all classes have the same total weight: n / (K·n_k) for a row of class k of K, which n_k of the n
    /// labels have, each counted by its <see cref="SequenceInputOptions.ExampleWeightColumnName"/>. Rare classes are then found more often,
    /// at the price of false alarms, and probabilities no longer follow how frequent the classes are. Not together with
    /// <see cref="ClassWeights"/> or <see cref="ClassWeightsByLabel"/>. Default: <see langword="false"/>.
    /// </summary>
    public bool BalanceClasses;

    /// <summary>
    /// The share of each label that is spread over all classes while training, from 0 to below 1, which keeps the network from becoming too
    /// sure of itself (Szegedy et al. 2016). <see langword="null"/>, the default: chosen from the data (at present 0; where many tokens
    /// occur seldom 0.1).
    /// </summary>
    public float? LabelSmoothing;

    /// <summary>
    /// How many steps at the end of a sequence the output layer reads directly, beside the encoding, from 0; their numbers times those of
    /// a step at most 4096. What a linear classifier can tell by the values at their places is then no matter of the network, which learns
    /// that slowly from few rows: the weights are those of a ridge regression of each class on them, as sure of itself as rows that were
    /// left out of it justify, and the network is trained by itself. Without effect on keys. <see langword="null"/>, the default: chosen
    /// from the data: all steps where below 1,000 rows, and below 20 a class, have as many numbers, their mean has most of the variance,
    /// and convolutions are chosen for them, or where all rows have as many numbers, which have little to do with those of the next steps,
    /// and no convolutions or encoding are asked for; else 0.
    /// </summary>
    public int? SkipSteps;

    // A few dozen rows take many epochs for enough updates.
    internal override int MostEpochs => 200;

    internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.Accuracy];

    private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        if (Effort == TrainingEffort.Best && facts.Vocabularies.Count > 0)
            ChooseForTexts(choices);
        else if (facts.Initial is null && Convolution is null && EncodingColumnName is null
            && (SkipSteps ?? facts.LongestRow) >= facts.LongestRow && HasUnlikeSteps(facts))
            ChooseForUnlikeSteps(facts, choices);
        else if (facts.Initial is null
            && facts.Vocabularies.Count == 0
            && facts.MedianSteps >= ShortestCurve
            && Convolution is not { Filters.Length: 0 }
            && (Effort == TrainingEffort.Best || (facts.Rows < ManyRows && IsNetworkOpen)))
            ChooseForCurves(facts, choices);
        if (facts.Vocabularies.Count > 0 && facts.TotalSteps < SeldomUses * (long)facts.Vocabularies.Max())
            ChooseForRareTokens(facts, choices);
        SkipSteps ??= facts.Initial?.SkipSteps ?? 0;
        HiddenSize ??= 64;
        EmbeddingSize ??= 64;
        Bidirectional ??= true;
        Pooling ??= Lstm.Pooling.Max;
        OutputDropout ??= 0.3f;
        TokenDropout ??= 0.05f;
        LearningRate ??= 0.003f;
        LabelSmoothing ??= 0;
        base.ChooseDefaults(facts, choices);
    }

    /// <summary>
    /// With <see cref="TrainingEffort.Best"/> these options several times; texts are pooled in two ways in turn, unless Pooling is given.
    /// </summary>
    internal override IReadOnlyList<SequenceInputOptions> Candidates(DataFacts facts)
    {
        if (Effort != TrainingEffort.Best || facts.Vocabularies.Count == 0 || Pooling is not null)
            return base.Candidates(facts);
        var other = (ClassificationTrainerOptions)Copy();
        other.Pooling = Lstm.Pooling.Attention;
        return [.. base.Candidates(facts).Select((candidate, i) => i % 2 == 0 ? candidate : other)];
    }

    /// <summary>
    /// Filters that find short phrases, and whatever keeps the network from learning by heart which words a row has.
    /// </summary>
    private void ChooseForRareTokens(DataFacts facts, OptionChoices choices)
    {
        const string reason = "many tokens occur seldom";
        if (Effort != TrainingEffort.Best && facts.Initial is null && facts.MedianSteps >= WordsOfAPhrase
            && Pooling is null && EncodingColumnName is null && (IsNetworkOpen || facts.Encoder is not null))
        {
            Convolution ??= choices.Note(nameof(Convolution),
                new ConvolutionOptions { Filters = [96], KernelSizes = [WordsOfAPhrase], Pooling = Lstm.Pooling.Max },
                "phrases of a few tokens tell more than the order of all");
            if (Convolution.Filters.Length > 0)
            {
                HiddenSize ??= choices.Note(nameof(HiddenSize), UnitsBesidePhrases, BesideConvolutions);
                if (WordVectorFiles is null or { Count: 0 })
                    EmbeddingSize ??= choices.Note(nameof(EmbeddingSize), EmbeddingOfPhrases, "filters of phrases tell tokens apart by it");
            }
        }
        OutputDropout ??= choices.Note(nameof(OutputDropout), 0.5f, reason);
        InputDropout ??= choices.Note(nameof(InputDropout), 0.3f, reason);
        TokenDropout ??= choices.Note(nameof(TokenDropout), 0.05f, reason);
        if (Effort != TrainingEffort.Best)
            RareTokenDropout ??= choices.Note(nameof(RareTokenDropout), 0.25f, reason);
        LabelSmoothing ??= choices.Note(nameof(LabelSmoothing), 0.1f, reason);
        LearningRate ??= choices.Note(nameof(LearningRate), 0.002f, reason);
    }

    /// <summary>Convolutions, which know short phrases, and much dropout, which the mean of several networks makes up for.</summary>
    private void ChooseForTexts(OptionChoices choices)
    {
        Convolution ??= choices.Note(nameof(Convolution), new ConvolutionOptions(), "phrases of a few tokens");
        OutputDropout ??= choices.Note(nameof(OutputDropout), 0.5f, SeveralNetworks);
        InputDropout ??= choices.Note(nameof(InputDropout), 0.3f, SeveralNetworks);
        TokenDropout ??= choices.Note(nameof(TokenDropout), 0.1f, SeveralNetworks);
        LearningRate ??= choices.Note(nameof(LearningRate), 0.001f, BesideConvolutions);
    }

    /// <summary>
    /// Convolutions beside recurrent layers that are too small to learn the rows by heart before the convolutions have found what is in
    /// common.
    /// </summary>
    private void ChooseForCurves(DataFacts facts, OptionChoices choices)
    {
        bool isBest = Effort == TrainingEffort.Best;
        if (facts.ShareOfMeanCurve >= LeastSharedCourse && facts.Rows < RowsOfAClass * Math.Max(facts.Classes, 2)
            && facts.Initial is null && facts.Rows < ManyRows && IsNetworkOpen && IsRidgeQuick(facts))
            SkipSteps ??= choices.Note(nameof(SkipSteps), facts.LongestRow,
                string.Create(CultureInfo.InvariantCulture, $"the mean curve has {facts.ShareOfMeanCurve:0.00} of the variance"));
        Convolution ??= choices.Note(nameof(Convolution), new ConvolutionOptions { Filters = isBest ? [64, 128, 64] : [32, 64, 32] },
            "shapes tell curves apart, wherever they are");
        HiddenSize ??= choices.Note(nameof(HiddenSize), UnitsBesideConvolutions, BesideConvolutions);
        if (facts.LongestRow > FramesOfCurve && InputConvolution is null or { Filters.Length: 0 })
            StepsPerFrame ??= choices.Note(nameof(StepsPerFrame), (facts.LongestRow + FramesOfCurve - 1) / FramesOfCurve,
                $"{facts.LongestRow} steps");
        if (!isBest)
            return;
        BatchSize ??= choices.Note(nameof(BatchSize), facts.Rows < FewRows ? 8 : 16, $"{facts.Rows} rows");
        int batches = (facts.Rows + BatchSize.Value - 1) / BatchSize.Value;
        NumberOfEpochs ??= choices.Note(nameof(NumberOfEpochs), Math.Clamp(UpdatesOfConvolutions / batches, 10, 500),
            $"{UpdatesOfConvolutions} updates of convolutions");
    }

    /// <summary>Whether the rows are no curves: what a number says depends on its place, and not on those beside it.</summary>
    private static bool HasUnlikeSteps(DataFacts facts) => facts.CorrelationOfSteps < LeastCorrelation
        && !facts.HasCharacters && facts.MedianSteps >= ShortestCurve && IsRidgeQuick(facts);

    private static bool IsRidgeQuick(DataFacts facts)
        => facts.LongestRow * (long)facts.Features is var numbers and <= MostSkips && Math.Min(facts.Rows, numbers) <= LargestRidge;

    /// <summary>A linear classifier of all numbers at their places, beside a network too small to learn few rows by heart.</summary>
    private void ChooseForUnlikeSteps(DataFacts facts, OptionChoices choices)
    {
        string reason = string.Create(CultureInfo.InvariantCulture,
            $"the numbers of near steps have a correlation of {facts.CorrelationOfSteps:0.00}");
        SkipSteps ??= choices.Note(nameof(SkipSteps), facts.LongestRow, reason);
        if (facts.Rows < ManyUnlikeRows && IsNetworkOpen)
            HiddenSize ??= choices.Note(nameof(HiddenSize), UnitsOfUnlikeSteps, reason);
    }

    /// <summary>Whether nothing is said of the recurrent layers, and nothing read of what they give.</summary>
    private bool IsNetworkOpen => HiddenSize is null && NumberOfLayers is null && Bidirectional is null && Pooling is null
        && EncodingColumnName is null;

    private protected override int SkippedSteps => SkipSteps!.Value;

    internal override SequenceInputOptions Copy()
    {
        var copy = (ClassificationTrainerOptions)base.Copy();
        copy.ClassWeights = (float[]?)ClassWeights?.Clone();
        if (ClassWeightsByLabel is { } weights)
            copy.ClassWeightsByLabel = new Dictionary<string, float>(weights, weights.Comparer);
        return copy;
    }

    internal override void Validate()
    {
        base.Validate();
        Require(ClassWeights is null || ClassWeights.All(weight => weight > 0 && float.IsFinite(weight)), ClassWeights,
            nameof(ClassWeights), "above 0 and finite each, or null");
        foreach ((string name, float weight) in ClassWeightsByLabel ?? [])
            Require(weight > 0 && float.IsFinite(weight), weight, nameof(ClassWeightsByLabel), $"above 0 and finite for '{name}'");
        Require(ClassWeightsByLabel is null || ClassWeights is null, ClassWeights, nameof(ClassWeights),
            $"null when there are {nameof(ClassWeightsByLabel)}");
        Require(!BalanceClasses || ClassWeights is null, BalanceClasses, nameof(BalanceClasses),
            $"false when there are {nameof(ClassWeights)}");
        Require(!BalanceClasses || ClassWeightsByLabel is null, BalanceClasses, nameof(BalanceClasses),
            $"false when there are {nameof(ClassWeightsByLabel)}");
        Require(SkipSteps is null or (>= 0 and <= MostSkips), SkipSteps, nameof(SkipSteps), $"from 0 to {MostSkips}");
        Require(LabelSmoothing is null or (>= 0 and < 1), LabelSmoothing, nameof(LabelSmoothing), "from 0 to below 1");
    }

    /// <summary>The weights of the classes of the training data; null for equal weights.</summary>
    /// <exception cref="InvalidOperationException">There is only one class in the data, there are more or fewer weights than classes, or
    /// there is a weight for a name that is no class.</exception>
    internal float[]? WeightsFor(TrainingData training, LabelColumn label)
    {
        double[] counts = new double[label.Classes];
        foreach (TrainingSequence sequence in training.Sequences)
        {
            foreach (int known in sequence.Labels.Where(known => known >= 0))
                counts[known] += sequence.Weight;
        }
        int present = counts.Count(count => count > 0);
        if (present < 2)
            throw new InvalidOperationException(
                $"All labels of the training data in column '{LabelColumnName}' are the same, so there is nothing to tell apart.");
        if (ClassWeights is not null && ClassWeights.Length != label.Classes)
            throw new InvalidOperationException(
                $"There are {ClassWeights.Length} {nameof(ClassWeights)}, but column '{LabelColumnName}' has {label.Classes} classes.");
        if (ClassWeightsByLabel is not null)
            return WeightsByLabel(ClassWeightsByLabel, label);
        return BalanceClasses
            ? [.. counts.Select(count => count == 0 ? 1f : (float)(counts.Sum() / present / count))]
            : ClassWeights;
    }

    private float[] WeightsByLabel(Dictionary<string, float> weights, LabelColumn label)
    {
        if ((label.Kind == LabelKind.Boolean ? KeyValues.OfBoolean : label.Values) is not { } values)
            throw new InvalidOperationException(
                $"The keys of column '{LabelColumnName}' have no values that {nameof(ClassWeightsByLabel)} could name; give "
                + $"{nameof(ClassWeights)}, in the order of the keys.");
        float[] found = [.. Enumerable.Repeat(1f, label.Classes)];
        var names = new string?[label.Classes];
        foreach ((string name, float weight) in weights)
        {
            int index = values.IndexOf(name);
            if (index < 0)
                throw new InvalidOperationException(
                    $"{nameof(ClassWeightsByLabel)} names '{name}', which is no value of column '{LabelColumnName}'; "
                    + $"{DescribeNearest(name, values)}.");
            if (names[index] is { } other)
                throw new InvalidOperationException(
                    $"{nameof(ClassWeightsByLabel)} names a value of column '{LabelColumnName}' twice, as '{other}' and '{name}'.");
            (found[index], names[index]) = (weight, name);
        }
        return found;
    }

    private static string DescribeNearest(string name, KeyValues values)
    {
        const int shown = 5;
        IEnumerable<string> nearest = values.Values
            .OrderBy(value => EditDistance.Between<char>(name.ToUpperInvariant(), value.ToUpperInvariant()))
            .Take(shown);
        string names = string.Join(", ", nearest.Select(value => $"'{value}'"));
        return values.Values.Length <= shown
            ? $"its values are {names}"
            : $"the nearest of its {values.Values.Length} values are {names}";
    }
}
