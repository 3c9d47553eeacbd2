// Slot filling: each word of a request gets a label, so that a program knows where somebody wants to go, from where and when. The words
// are ML.NET keys, a bidirectional LSTM reads them, and a conditional random field sees to it that the labels fit together.
using System.CommandLine;
using Accuracy.Data;
using Microsoft.ML;
using Shared;
using Tagging;

var dataOption = new Option<FileInfo>(
    "--data")
{
    Description =
    "Sentences of your own: a word a line, a space or tab and its label behind it, an empty line between sentences. Otherwise requests "
    + "are made up.",
    HelpName = "FILE"
}.AcceptExistingOnly();
var root = new RootCommand("Train an LSTM to label the words of sentences.") { dataOption };
root.SetAction(parsed =>
{
    try
    {
        return Run(parsed.GetValue(dataOption)?.FullName);
    }
    // The reader or the trainer says what is wrong with the file.
    catch (Exception error) when (error is FormatException or InvalidOperationException)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
});
return root.Parse(args).Invoke();

static int Run(string? file)
{
    var ml = new MLContext(seed: 1);
    Warnings.Print(ml);
    List<Sentence> sentences = file is null ? [.. MadeUpRequests.Make(800, new Random(1))] : ConllFile.Read(file);
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(sentences.Select(Request.From)),
        testFraction: 0.2, seed: 1);

    var pipeline = ml.Transforms.Conversion.MapValueToKey("WordKeys", nameof(Request.Words))
        .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Request.Labels)))
        .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new()
        {
            FeatureColumnName = "WordKeys",
            NumberOfEpochs = 10,
            EpochCompleted = epoch =>
                Console.WriteLine($"  epoch {epoch.Epoch,2} of {epoch.NumberOfEpochs}: {epoch.Training.Accuracy:0.000} of the labels are "
                + "right"),
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(TaggedRequest.Tags), "PredictedLabel"));
    ITransformer model = pipeline.Fit(split.TrainSet);

    Console.WriteLine("Of sentences that it has not seen:");
    Console.WriteLine(ml.MulticlassClassification.EvaluateSequenceLabeling(model.Transform(split.TestSet)));

    using PredictionEngine<Request, TaggedRequest> engine = ml.Model.CreatePredictionEngine<Request, TaggedRequest>(model);
    string[][] examples = file is null
        ? ["how do i get out of cape town early on sunday".Split(' '), "book me a ferry to new york for christmas eve please".Split(' ')]
        : [.. ml.Data.CreateEnumerable<Request>(split.TestSet, reuseRowObject: false).Take(3).Select(request => request.Words)];
    foreach (string[] words in examples)
        Console.WriteLine(string.Join(' ',
            words.Zip(engine.Predict(new Request { Words = words, Labels = new string[words.Length] }).Tags,
            (word, tag) => tag == "O" ? word : $"{word}/{tag}")));
    return 0;
}
