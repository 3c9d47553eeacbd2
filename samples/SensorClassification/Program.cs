// What is somebody doing with a phone in the pocket? A network reads two and a half seconds of the accelerometer as they are. It is tried
// on people whom it has never seen: windows of one person are much alike, so that a random split would flatter it.
using Microsoft.ML;
using Microsoft.ML.Data;
using SensorClassification;
using Shared;

return Sample.Run(args, "Train an LSTM to tell activities by motion signals.", MadeUpPeople.Make, Go);

static void Go(Sample sample, Reading[] readings)
{
    MLContext ml = sample.ML;
    Motion[] motions = [.. Motion.Cut(readings)];
    // The last quarter of the people: ML.NET's TrainTestSplit draws for each of them, and of a few may leave none to test with.
    string[] people = [.. motions.Select(motion => motion.Person).Distinct()];
    sample.Require(people.Length, 4, $"people with {Motion.Steps} readings of an activity");
    HashSet<string> known = [.. people[..^(people.Length / 4)]];
    IDataView train = ml.Data.LoadFromEnumerable(motions.Where(motion => known.Contains(motion.Person)));
    IDataView test = ml.Data.LoadFromEnumerable(motions.Where(motion => !known.Contains(motion.Person)));

    var keys = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Motion.Activity));
    var network = keys
        .Append(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: nameof(Motion.Readings)))
        .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    MulticlassClassificationMetrics metrics = Try(network);
    Console.WriteLine($"{people.Length} people; of windows of people whom it has not seen:");
    Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());

    var linear = keys
        .Append(ml.Transforms.NormalizeMeanVariance(nameof(Motion.Statistics)))
        .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: nameof(Motion.Statistics)));
    Sample.End(new Figure("accuracy", metrics.MicroAccuracy, Try(linear).MicroAccuracy, "a linear model of means and deviations"),
        "readings of your own phone, with --data; model.Explain says which moments of a step it goes by (docs/explaining.md)");

    MulticlassClassificationMetrics Try(IEstimator<ITransformer> pipeline) =>
        ml.MulticlassClassification.Evaluate(pipeline.Fit(train).Transform(test));
}
