using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Classes of series of numbers.</summary>
internal static class SeriesTasks
{
    public static AccuracyTask JapaneseVowels { get; } = new("JapaneseVowels", "accuracy", (95.95, "1-NN"), 97.5,
        "bidirectional LSTM of 64 units, mean of the steps, 60 epochs",
        run => Measure(run, Archive(run, "JapaneseVowels"), new()
        {
            HiddenSize = 64,
            Bidirectional = true,
            Pooling = Pooling.Mean,
            NumberOfEpochs = 60,
        }));

    public static AccuracyTask SyntheticControl { get; } = new("SyntheticControl", "accuracy", (88.0, "1-NN"), 98.0,
        "the trainer's defaults",
        run => Measure(run, Archive(run, "SyntheticControl"), new()));

    public static AccuracyTask Mnist { get; } = new("MNIST", "accuracy", (98.0, "LSTM, commonly"), 98.8,
        "28 rows of 28 pixels, bidirectional LSTM of 96 units, maximum over the steps, 6 epochs of batches of 64",
        run => Measure(run, Images(run), new()
        {
            HiddenSize = 96,
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 6,
            BatchSize = 64,
            NormalizeFeatures = false,
        }));

    /// <summary>Trains on series and gives the accuracy in percent.</summary>
    public static double Measure(TaskRun run, Split<Series> data, LstmMulticlassTrainer.Options options)
    {
        MLContext ml = run.Context;
        Split<Series> split = run.Choose(data);
        options.FeaturesPerStep = data.Train[0].FeaturesPerStep;
        var pipeline = ml.Transforms.Conversion.MapValueToKey(nameof(Series.Label))
            .Append(ml.MulticlassClassification.Trainers.Lstm(run.Configure(options)));
        ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(split.Train));
        return 100 * ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(split.Test))).MicroAccuracy;
    }

    public static Split<Series> Archive(TaskRun run, string name)
        => new(TimeSeriesFile.Read(run.PathOf("ucr_uea", name, $"{name}_TRAIN.ts")),
            TimeSeriesFile.Read(run.PathOf("ucr_uea", name, $"{name}_TEST.ts")));

    public static Split<Series> Images(TaskRun run)
    {
        return new Split<Series>(Read("train"), Read("t10k"));

        List<Series> Read(string part) =>
            IdxFile.Read(run.PathOf("mnist", $"{part}-images-idx3-ubyte.gz"), run.PathOf("mnist", $"{part}-labels-idx1-ubyte.gz"));
    }
}
