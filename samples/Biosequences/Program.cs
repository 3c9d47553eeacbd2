// DNA: is there a gene in a sequence (a label for the whole), and which bases are it (a label for each)? Both need the order of what is far
// apart: a start counts behind its box only, and a stop only a multiple of three bases behind the start.
using Biosequences;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

return Sample.Run(args, "Train LSTMs to label DNA, as a whole and base by base.", Genome.Make, Go);

static void Go(Sample sample, Strand[] strands)
{
    MLContext ml = sample.ML;
    Strand[] whole = Sample.Whole(strands,
        strand => strand.Kind.Length > 0 && strand.Bases.Length > 0 && strand.Bases.Length == strand.Parts.Length,
        "rows without a Kind, or with more or fewer Parts than Bases,");
    sample.Require(whole.Length, 50, "rows with a Kind and a part for each base");
    DataOperationsCatalog.TrainTestData split =
        ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(whole.Select(LetteredStrand.Of).ToArray()), testFraction: 0.25);

    // The whole: a class. Beside it the counts of all words of three bases, and a linear classifier.
    var kinds = ml.Transforms.Conversion.MapValueToKey("Label", nameof(LetteredStrand.Kind));
    var bases = ml.Transforms.Conversion.MapValueToKey("Features", nameof(LetteredStrand.Bases));
    double right = Accuracy(kinds.Append(bases).Append(
        ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options { Effort = TrainingEffort.Quick })));
    double simple = Accuracy(kinds
        .Append(ml.Transforms.Text.TokenizeIntoWords("Words", nameof(LetteredStrand.Text)))
        .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
        .Append(ml.Transforms.Text.ProduceNgrams("Features", "Words", ngramLength: 3, useAllLengths: true))
        .Append(ml.Transforms.NormalizeMinMax("Features"))
        .AppendCacheCheckpoint(ml)
        .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy()));
    Console.WriteLine($"What it is as a whole: {right:P1} right; by the counts of words of three bases {simple:P1}.");

    // Each base: a label.
    var labels = ml.Transforms.Conversion.MapValueToKey("Label", nameof(LetteredStrand.Parts))
        .Append(bases)
        .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new LstmSequenceLabelingTrainer.Options
        {
            Effort = TrainingEffort.Quick,
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Parted.Found), "PredictedLabel"))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Parted.Bases), "Features"));
    IDataView labelled = labels.Fit(split.TrainSet).Transform(split.TestSet);
    var usual = new Usual<string>(Rows(split.TrainSet).SelectMany(strand => Windows(strand.Bases).Zip(strand.Parts)));
    LetteredStrand[] test = Rows(split.TestSet);
    double table = test.Sum(strand => Windows(strand.Bases).Zip(strand.Parts).Count(pair => usual.Of(pair.First) == pair.Second))
        / (double)test.Sum(strand => strand.Bases.Length);
    foreach (Parted one in ml.Data.CreateEnumerable<Parted>(labelled, reuseRowObject: false)
        .Where(one => one.Found.Distinct().Count() > 1).Take(2))
        Console.WriteLine($"  {string.Concat(one.Bases)}\n  {string.Concat(one.Parts)}\n  {string.Concat(one.Found)} found");
    double parts = ml.MulticlassClassification.EvaluateSequenceLabeling(labelled).TokenAccuracy;
    Console.WriteLine($"What each base is part of: {parts:P1} right; by what bases with the same four on each side mostly are "
        + $"{table:P1}.");
    Sample.End(new Figure("sequences right", right, simple, "a linear model of words of three bases"),
        "sequences of your own, with --data, of proteins too; without Effort = Quick, training takes three times as long");

    double Accuracy(IEstimator<ITransformer> pipeline)
        => ml.MulticlassClassification.Evaluate(pipeline.Fit(split.TrainSet).Transform(split.TestSet)).MicroAccuracy;

    LetteredStrand[] Rows(IDataView rows) => [.. ml.Data.CreateEnumerable<LetteredStrand>(rows, reuseRowObject: false)];
}

// Each base with the four on each side of it.
static IEnumerable<string> Windows(string[] bases)
{
    const int reach = 4;
    return bases.Select((_, i) => string.Concat(bases[Math.Max(0, i - reach)..Math.Min(bases.Length, i + reach + 1)]));
}
