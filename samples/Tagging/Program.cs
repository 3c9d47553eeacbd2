// Slot filling: each word of a request gets a label, so that a program knows where somebody wants to go, from where and when. The words
// are ML.NET keys, a bidirectional LSTM reads them, and a conditional random field sees to it that the labels fit together.
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Tagging;

return Sample.Run(args, "Train an LSTM to label the words of sentences.",
    "a word a line, a space or tab and its label behind it (columns between are left out), an empty line between sentences",
    path => Request.Write(path, MadeUpRequests.Make(800, new Random(1))), Go);

static void Go(Sample sample)
{
    MLContext ml = sample.ML;
    Request[] requests = [.. (sample.DataFile is { } file ? ConllFile.Read(file) : MadeUpRequests.Make(800, new Random(1)))
        .Select(Request.From)];
    sample.Require(requests.Length, 50, "sentences");
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(requests), testFraction: 0.2, seed: 1);

    var pipeline = ml.Transforms.Conversion.MapValueToKey("WordKeys", nameof(Request.Words))
        .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Request.Labels)))
        .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new()
        {
            FeatureColumnName = "WordKeys",
            NumberOfEpochs = 10,
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(TaggedRequest.Tags), "PredictedLabel"));
    IDataView tagged = pipeline.Fit(split.TrainSet).Transform(split.TestSet);
    SequenceLabelingMetrics metrics = ml.MulticlassClassification.EvaluateSequenceLabeling(tagged);
    Console.WriteLine("Of sentences that it has not seen:");
    Console.WriteLine(metrics);
    foreach (TaggedRequest one in ml.Data.CreateEnumerable<TaggedRequest>(tagged, reuseRowObject: false).Take(3))
        Console.WriteLine(string.Join(' ', one.Words.Zip(one.Tags, (word, tag) => tag == "O" ? word : $"{word}/{tag}")));

    SequenceLabelingMetrics simple = ml.MulticlassClassification.EvaluateSequenceLabeling(
        ml.Data.LoadFromEnumerable(WithoutNetwork().ToArray()), nameof(Request.Labels), nameof(TaggedRequest.Tags));
    // Labels such as parts of speech are of words alone, and there are no spans to find.
    (string name, double network, double usual) = metrics.PerSpanType.Count > 0 ? ("F1", metrics.F1, simple.F1)
        : ("accuracy", metrics.TokenAccuracy, simple.TokenAccuracy);
    Sample.End(new Figure(name, network, usual, "the label that each word mostly has"),
        "sentences of your own, with --data; CharacterColumnName reads words by their letters too (docs/tasks/labeling.md)");

    // Each word has the label that it mostly had.
    IEnumerable<TaggedRequest> WithoutNetwork()
    {
        var usual = new Usual<string>(ml.Data.CreateEnumerable<Request>(split.TrainSet, reuseRowObject: false)
            .SelectMany(request => request.Words.Zip(request.Labels)));
        return ml.Data.CreateEnumerable<Request>(split.TestSet, reuseRowObject: false).Select(request => new TaggedRequest
        {
            Words = request.Words,
            Labels = request.Labels,
            Tags = Array.ConvertAll(request.Words, usual.Of),
        });
    }
}
