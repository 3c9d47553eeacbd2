using Microsoft.ML;

namespace OnnxRoundTrip;

/// <summary>A network from an ONNX file, which is not trained any more, reads each sequence, and a trainer goes on from there.</summary>
internal static class FrozenNetwork
{
    private const double ShareOfFew = 0.2;

    /// <summary>How often it is right, beside the same trainer without a network in front.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="roads">The names of roads.</param>
    /// <param name="many">Journeys of which it is known on which legs there was a jam.</param>
    /// <param name="others">Journeys of which the first fifth is known to have got into two jams in a row, or not.</param>
    /// <param name="path">The ONNX file to write the network to, and read it from.</param>
    public static (double With, double Without) Try(MLContext ml, string[] roads, Journey[] many, Journey[] others, string path)
    {
        IDataView names = ml.Data.LoadFromEnumerable(roads.Select(name => new { Name = name }));
        WriteNetwork(ml, names, ml.Data.LoadFromEnumerable(many), path);

        Journey[] few = others[..(int)(ShareOfFew * others.Length)];
        IDataView train = ml.Data.LoadFromEnumerable(few), test = ml.Data.LoadFromEnumerable(others[few.Length..]);
        IEstimator<ITransformer> keys = ml.Transforms.Conversion.MapValueToKey("RoadKeys", nameof(Journey.Roads), keyData: names);
        double without = Accuracy(keys.Append(Trainer([nameof(Journey.Legs), "RoadKeys"])));
        // Legs and keys are vectors of variable size, so that each journey has its own number of steps in the network too; so has what
        // comes out, two numbers a step. A known size would need a shape dictionary, see Scorer.
        double with = Accuracy(keys
            .Append(ml.Transforms.ApplyOnnxModel(["Score"], [nameof(Journey.Legs), "RoadKeys"], path))
            .Append(ml.Transforms.CopyColumns("TrafficOfLegs", "Score"))
            .Append(Trainer(["TrafficOfLegs"])));
        Console.WriteLine($"Two jams in a row, learned from {few.Length} journeys: accuracy {without:0.000} from what is known of each "
            + $"leg, {with:0.000} from what a network of an ONNX file makes of it.");
        return (with, without);

        double Accuracy(IEstimator<ITransformer> pipeline) => ml.BinaryClassification.Evaluate(
            pipeline.Fit(train).Transform(test), labelColumnName: nameof(Journey.Annoying)).Accuracy;

        IEstimator<ITransformer> Trainer(string[] features) => ml.BinaryClassification.Trainers.Lstm(new()
        {
            LabelColumnName = nameof(Journey.Annoying),
            FeatureColumnNames = features,
            FeaturesPerStep = 2,
            NumberOfEpochs = 30,
        });
    }

    // Of many journeys it is known on which legs there was a jam. The network could as well be PyTorch's, if its axes are [batch, time,
    // features]: of a network that takes time first, ApplyOnnxModel would make sequences of one step.
    private static void WriteNetwork(MLContext ml, IDataView roads, IDataView journeys, string path)
    {
        var model = ml.Transforms.Conversion.MapValueToKey("RoadKeys", nameof(Journey.Roads), keyData: roads)
            .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Journey.Traffic)))
            .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new()
            {
                FeatureColumnNames = [nameof(Journey.Legs), "RoadKeys"],
                FeaturesPerStep = 2,
                UseConditionalRandomField = false,
                NumberOfEpochs = 10,
            }))
            .Fit(journeys);
        using FileStream file = File.Create(path);
        model.LastTransformer.ExportToOnnx(file);
    }
}
