using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Classes of series of numbers.</summary>
internal static class SeriesTasks
{
    public static AccuracyTask JapaneseVowels { get; } = new("JapaneseVowels", "accuracy", (95.95, "1-NN"), 97.5, "bidirectional LSTM of 64 units, mean of the steps, 60 epochs",
        (ml, data) => Measure(ml, Archive(data, "JapaneseVowels"), new()
        {
            HiddenSize = 64,
            Bidirectional = true,
            Pooling = Pooling.Mean,
            NumberOfEpochs = 60,
        }));

    public static AccuracyTask SyntheticControl { get; } = new("SyntheticControl", "accuracy", (88.0, "1-NN"), 98.0, "bidirectional LSTM of 32 units, mean of the steps, 60 epochs",
        (ml, data) => Measure(ml, Archive(data, "SyntheticControl"), new()
        {
            Bidirectional = true,
            Pooling = Pooling.Mean,
            NumberOfEpochs = 60,
        }));

    public static AccuracyTask Mnist { get; } = new("MNIST", "accuracy", (98.0, "LSTM, commonly"), 98.8, "28 rows of 28 pixels, bidirectional LSTM of 96 units, maximum over the steps, 6 epochs of batches of 64",
        (ml, data) => Measure(ml, (new Split<Series>(
            IdxFile.Read(Path.Combine(data, "mnist", "train-images-idx3-ubyte.gz"), Path.Combine(data, "mnist", "train-labels-idx1-ubyte.gz")),
            IdxFile.Read(Path.Combine(data, "mnist", "t10k-images-idx3-ubyte.gz"), Path.Combine(data, "mnist", "t10k-labels-idx1-ubyte.gz"))), 28), new()
            {
                HiddenSize = 96,
                Bidirectional = true,
                Pooling = Pooling.Max,
                NumberOfEpochs = 6,
                BatchSize = 64,
                NormalizeFeatures = false,
            }));

    /// <summary>Trains on series and gives the accuracy in percent.</summary>
    public static double Measure(MLContext ml, (Split<Series> Split, int Dimensions) data, LstmMulticlassTrainer.Options options)
    {
        options.FeaturesPerStep = data.Dimensions;
        var pipeline = ml.Transforms.Conversion.MapValueToKey(nameof(Series.Label))
            .Append(ml.MulticlassClassification.Trainers.Lstm(options));
        var model = pipeline.Fit(ml.Data.LoadFromEnumerable(data.Split.Train));
        return 100 * ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(data.Split.Test))).MicroAccuracy;
    }

    private static (Split<Series>, int) Archive(string data, string name)
    {
        (List<Series> train, int dimensions) = TimeSeriesFile.Read(Path.Combine(data, "ucr_uea", name, $"{name}_TRAIN.ts"));
        (List<Series> test, _) = TimeSeriesFile.Read(Path.Combine(data, "ucr_uea", name, $"{name}_TEST.ts"));
        return (new Split<Series>(train, test), dimensions);
    }
}
