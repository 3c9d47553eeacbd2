using Microsoft.ML;

namespace OnnxRoundTrip;

/// <summary>A network from an ONNX file, which is not trained any more, reads each sequence, and a trainer goes on from there.</summary>
internal static class FrozenNetwork
{
    private const string Network = "traffic.onnx";

    public static void Run(MLContext ml, Journey[] journeys)
    {
        WriteNetwork(ml, ml.Data.LoadFromEnumerable(journeys[..2000]));

        // Of a few journeys it is known whether the driver got into two jams in a row.
        IDataView train = ml.Data.LoadFromEnumerable(journeys[2000..2200]), test = ml.Data.LoadFromEnumerable(journeys[2200..]);
        Console.WriteLine("Two jams in a row, learned from 200 journeys:");
        IEstimator<ITransformer> keys = ml.Transforms.Conversion.MapValueToKey("RoadKeys", nameof(Journey.Roads), keyData: Roads(ml));
        Report("from what is known of each leg", keys.Append(Trainer([nameof(Journey.Legs), "RoadKeys"])));
        // Legs and keys are vectors of variable size, so that each journey has its own number of steps in the network too; so has what
        // comes out, two numbers a step. A known size would need a shape dictionary, see Scorer.
        Report("from what the network makes of it", keys
            .Append(ml.Transforms.ApplyOnnxModel(["Score"], [nameof(Journey.Legs), "RoadKeys"], Network))
            .Append(ml.Transforms.CopyColumns("TrafficOfLegs", "Score"))
            .Append(Trainer(["TrafficOfLegs"])));

        void Report(string what, IEstimator<ITransformer> pipeline)
        {
            IDataView scored = pipeline.Fit(train).Transform(test);
            double accuracy = ml.BinaryClassification.Evaluate(scored, labelColumnName: nameof(Journey.Annoying)).Accuracy;
            Console.WriteLine($"  {what,-35}accuracy {accuracy:0.000}");
        }

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
    private static void WriteNetwork(MLContext ml, IDataView journeys)
    {
        var model = ml.Transforms.Conversion.MapValueToKey("RoadKeys", nameof(Journey.Roads), keyData: Roads(ml))
            .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Journey.Traffic)))
            .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new()
            {
                FeatureColumnNames = [nameof(Journey.Legs), "RoadKeys"],
                FeaturesPerStep = 2,
                UseConditionalRandomField = false,
                NumberOfEpochs = 10,
            }))
            .Fit(journeys);
        using FileStream file = File.Create(Network);
        model.LastTransformer.ExportToOnnx(file);
    }

    private static IDataView Roads(MLContext ml) => ml.Data.LoadFromEnumerable(Journey.RoadNames.Select(name => new { Name = name }));
}
