// Is a review good or bad? A text goes through ML.NET's own featurization into an LSTM that reads it word by word and tells, beside its
// opinion, which words it went by.
using Microsoft.ML;
using Microsoft.ML.Data;
using SentimentAnalysis;
using Shared;

return Sample.Run(args, "Train an LSTM to tell good reviews from bad ones.", () => MadeUpReviews.Make(1500, new Random(1)), Go);

static void Go(Sample sample, Review[] reviews)
{
    MLContext ml = sample.ML;
    Review[] whole = [.. reviews.Where(review => review.Text.Length > 0)];
    sample.Require(whole.Length, 50, "rows with a text");
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(whole), testFraction: 0.2, seed: 1);

    var words = ml.Transforms.Text.NormalizeText("Words", nameof(Review.Text), keepPunctuations: false)
        .Append(ml.Transforms.Text.TokenizeIntoWords("Words"))
        .Append(ml.Transforms.Conversion.MapValueToKey("Keys", "Words"));
    var network = words.Append(ml.BinaryClassification.Trainers.Lstm(new()
    {
        FeatureColumnName = "Keys",
        Bidirectional = true,
        NumberOfEpochs = 10,
    }));
    var model = network.Fit(split.TrainSet);
    IDataView scored = model.Transform(split.TestSet);
    CalibratedBinaryClassificationMetrics metrics = ml.BinaryClassification.Evaluate(scored);
    Console.WriteLine($"Of reviews that it has not seen: accuracy {metrics.Accuracy:0.000}, area under the ROC curve "
        + $"{metrics.AreaUnderRocCurve:0.000}, F1 {metrics.F1Score:0.000}");
    Console.WriteLine();

    // What the opinion on some of them comes from, word by word.
    IDataView explained = model.LastTransformer.Explain(ml, ml.Data.TakeRows(scored, 4));
    foreach (ExplainedReview review in ml.Data.CreateEnumerable<ExplainedReview>(explained, reuseRowObject: false))
        Print(review);

    // How often each word is there, whatever its place.
    var counts = words.Append(ml.Transforms.Text.ProduceNgrams("Features", "Keys", ngramLength: 1))
        .Append(ml.BinaryClassification.Trainers.SdcaLogisticRegression());
    double simple = ml.BinaryClassification.Evaluate(counts.Fit(split.TrainSet).Transform(split.TestSet)).Accuracy;
    Sample.End(new Figure("accuracy", metrics.Accuracy, simple, "a linear model of the counts of words"),
        "texts of your own, with --data; words read by their letters, and subwords: docs/tasks/classification.md");
}

// Marks the words that speak most for it or against it.
static void Print(ExplainedReview review)
{
    float much = review.StepAttribution.Max(MathF.Abs) / 2;
    Console.WriteLine($"{(review.PredictedLabel ? "good" : "bad"),-5}{string.Join(' ', review.Words)}");
    Console.WriteLine("     " + string.Join(' ', review.Words.Zip(review.StepAttribution, (word, weight)
        => new string(weight >= much ? '+' : weight <= -much ? '-' : ' ', word.Length))).TrimEnd());
}
