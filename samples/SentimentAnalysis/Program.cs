// Is a review good or bad? A text goes through ML.NET's own featurization into an LSTM that reads it word by word and tells, beside its
// opinion, which words it went by.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using SentimentAnalysis;
using Shared;

var dataOption = new Option<FileInfo>(
    "--data")
{
    Description = "Reviews of your own, one a line: 1 or 0, a tab, the text. Otherwise reviews are made up.",
    HelpName = "FILE"
}.AcceptExistingOnly();
var root = new RootCommand("Train an LSTM to tell good reviews from bad ones.") { dataOption };
root.SetAction(parsed =>
{
    try
    {
        return Run(parsed.GetValue(dataOption)?.FullName);
    }
    // The innermost exception of ML.NET's loader says what is wrong with the file.
    catch (Exception error) when (error is FormatException or InvalidOperationException)
    {
        Console.Error.WriteLine(error.GetBaseException().Message);
        return 1;
    }
});
return root.Parse(args).Invoke();

static int Run(string? file)
{
    var ml = new MLContext(seed: 1);
    Warnings.Print(ml);
    IDataView data = file is null
        ? ml.Data.LoadFromEnumerable<Review>([.. MadeUpReviews.Make(1500, new Random(1))])
        : ml.Data.LoadFromTextFile<Review>(file, separatorChar: '\t');
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(data, testFraction: 0.2, seed: 1);

    var pipeline = ml.Transforms.Text.NormalizeText("Words", nameof(Review.Text), keepPunctuations: false)
        .Append(ml.Transforms.Text.TokenizeIntoWords("Words"))
        .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
        .Append(ml.BinaryClassification.Trainers.Lstm(new()
        {
            FeatureColumnName = "Words",
            Bidirectional = true,
            Pooling = Pooling.Attention,
            AttentionColumnName = nameof(Opinion.Attention),
            NumberOfEpochs = 10,
            EpochCompleted = epoch =>
                Console.WriteLine($"  epoch {epoch.Epoch,2} of {epoch.NumberOfEpochs}: accuracy {epoch.Training.Accuracy:0.000}"),
        }));
    ITransformer model = pipeline.Fit(split.TrainSet);

    CalibratedBinaryClassificationMetrics metrics = ml.BinaryClassification.Evaluate(model.Transform(split.TestSet));
    Console.WriteLine($"Of reviews that it has not seen: accuracy {metrics.Accuracy:0.000}, area under the ROC curve "
        + $"{metrics.AreaUnderRocCurve:0.000}, F1 {metrics.F1Score:0.000}");
    Console.WriteLine();

    using PredictionEngine<Review, Opinion> engine = ml.Model.CreatePredictionEngine<Review, Opinion>(model);
    string[] texts = file is null
        ? ["the soup was not bad at all", "for once the film was simply dull", "the tour was anything but boring"]
        : [.. ml.Data.CreateEnumerable<Review>(split.TestSet, reuseRowObject: false).Take(3).Select(review => review.Text)];
    foreach (string text in texts)
        Explain(text, engine.Predict(new Review { Text = text }));
    return 0;
}

// Marks the words with the largest weights.
static void Explain(string text, Opinion opinion)
{
    Console.WriteLine($"{(opinion.PredictedLabel ? "good" : "bad"),-5}({opinion.Probability:0.00})  {text}");
    string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    if (words.Length == opinion.Attention.Length)
        Console.WriteLine("             "
            + string.Join(' ', words.Select((word, t) => new string(opinion.Attention[t] > 1.5f / words.Length ? '^' : ' ', word.Length))));
}
