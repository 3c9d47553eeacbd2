using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Classes of series of numbers.</summary>
internal static class SeriesTasks
{
    private const string Karim = "LSTM-FCN, Karim et al. 2018", Wang = "Wang et al. 2017";

    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        Archive("JapaneseVowels", untouched: 98.0, best: 98.9) with
        {
            Tuned = "bidirectional LSTM of 64 units, mean of the steps, 60 epochs",
            Run = run => Measure(run, Archive(run, "JapaneseVowels"), () => new()
            {
                HiddenSize = 64,
                Bidirectional = true,
                Pooling = Pooling.Mean,
                NumberOfEpochs = 60,
            }),
            Published = [new($"FCN, {Wang}", 99.3)],
        },
        Archive("SyntheticControl", untouched: 98.5, best: 99.3) with { Published = [new($"ResNet, {Wang}", 99.7)] },
        Archive("ArrowHead", untouched: 72, best: 86) with { Published = [new(Karim, 89.7)] },
        Archive("GunPoint", untouched: 97, best: 99.3) with { Published = [new(Karim, 100)] },
        Archive("OSULeaf", untouched: 80, best: 95) with { Published = [new(Karim, 98.3)] },
        new("MNIST", Metric.Accuracy, run => Measure(run, Images(run), () => new()
        {
            HiddenSize = 96,
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 6,
            BatchSize = 64,
            NormalizeFeatures = false,
        }))
        {
            Tuned = "28 rows of 28 pixels, bidirectional LSTM of 96 units, maximum over the steps, 6 epochs of batches of 64",
            Aims = new(Tuned: 98.8),
            Published = [new("LSTM, commonly", 98.0)],
        },
    ];

    /// <summary>Trains on series and gives the accuracy in percent.</summary>
    public static Measurement Measure(TaskRun run, Split<Series> data, Func<LstmMulticlassTrainer.Options>? tuned = null)
    {
        MLContext ml = run.Context;
        Split<Series> split = run.Choose(data);
        LstmMulticlassTrainer.Options options = run.Options(tuned);
        options.FeaturesPerStep = data.Train[0].FeaturesPerStep;
        var pipeline = ml.Transforms.Conversion.MapValueToKey(nameof(Series.Label))
            .Append(ml.MulticlassClassification.Trainers.Lstm(options));
        var model = run.Rounded(pipeline.Fit(ml.Data.LoadFromEnumerable(split.Train)));
        double accuracy = ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(split.Test))).MicroAccuracy;
        return new(100 * accuracy)
        {
            Report = model.LastTransformer.TrainingReport,
            // As if the two erred independently of each other.
            StandardErrorsBehind = bar => (bar.Figure / 100 - accuracy)
                / Math.Sqrt((Variance(accuracy) + Variance(bar.Figure / 100)) / split.Test.Count),
        };

        static double Variance(double share) => Math.Max(share * (1 - share), 1e-9);
    }

    private static AccuracyTask Archive(string name, double untouched, double best)
        => new(name, Metric.Accuracy, run => Measure(run, Archive(run, name)))
        {
            Family = "curves",
            Aims = new(untouched, best),
            MeasureBars = run => NearestNeighbor.Bars(run.Choose(Archive(run, name)), warps: true),
        };

    private static Split<Series> Archive(TaskRun run, string name)
        => new(TimeSeriesFile.Read(run.PathOf("ucr_uea", name, $"{name}_TRAIN.ts")),
            TimeSeriesFile.Read(run.PathOf("ucr_uea", name, $"{name}_TEST.ts")));

    private static Split<Series> Images(TaskRun run)
    {
        return new Split<Series>(Read("train"), Read("t10k"));

        List<Series> Read(string part) =>
            IdxFile.Read(run.PathOf("mnist", $"{part}-images-idx3-ubyte.gz"), run.PathOf("mnist", $"{part}-labels-idx1-ubyte.gz"));
    }
}
