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
    IDataView motions = ml.Data.LoadFromEnumerable(Motion.Cut(readings).ToArray());
    int people = readings.Select(reading => reading.Person).Distinct().Count();
    sample.Require(people, 4, "people");
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(motions, testFraction: 0.25, nameof(Motion.Person));

    var keys = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Motion.Activity));
    var network = keys
        .Append(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: nameof(Motion.Readings)))
        .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    MulticlassClassificationMetrics metrics = Try(network, split);
    Console.WriteLine($"{people} people; of windows of people whom it has not seen:");
    Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());

    var linear = keys
        .Append(ml.Transforms.NormalizeMeanVariance(nameof(Motion.Statistics)))
        .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: nameof(Motion.Statistics)));
    Sample.End(new Figure("accuracy", metrics.MicroAccuracy, Try(linear, split).MicroAccuracy, "a linear model of means and deviations"),
        "readings of your own phone, with --data; model.Explain says which moments of a step it goes by (docs/explaining.md)");

    MulticlassClassificationMetrics Try(IEstimator<ITransformer> pipeline, DataOperationsCatalog.TrainTestData split) =>
        ml.MulticlassClassification.Evaluate(pipeline.Fit(split.TrainSet).Transform(split.TestSet));
}
