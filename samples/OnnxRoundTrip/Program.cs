// Trains here, writes ONNX files, and leaves the scoring to a program that does not have this package: samples/OnnxRoundTrip/Scorer.
// Then the other direction: a network from an ONNX file stands in front of a trainer.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxRoundTrip;
using Shared;

return Sample.Run(args, "Train LSTMs, write them as ONNX files, and put one of them in front of a trainer.",
    () => Journey.Make(3000, new Random(1)), Go);

static void Go(Sample sample, Journey[] journeys)
{
    MLContext ml = sample.ML;
    journeys = [.. journeys.Where(journey => journey.IsWhole())];
    sample.Require(journeys.Length, 300, "journeys whose legs are all known");
    Journey[] before = journeys[..(journeys.Length * 2 / 3)], after = journeys[before.Length..];
    IDataView train = ml.Data.LoadFromEnumerable(before), test = ml.Data.LoadFromEnumerable(after);

    // How many minutes have jams cost, by the kilometres, the minutes and the kind of road of each leg?
    var pipeline = ml.Transforms.Conversion.MapValueToKey("RoadKeys", nameof(Journey.Roads))
        .Append(ml.Regression.Trainers.Lstm(new()
        {
            LabelColumnName = nameof(Journey.Lost),
            FeatureColumnNames = [nameof(Journey.Legs), "RoadKeys"],
            FeaturesPerStep = 2,
            NumberOfEpochs = 10,
        }));
    var model = pipeline.Fit(train);
    IDataView scored = model.Transform(test);
    RegressionMetrics metrics = ml.Regression.Evaluate(scored, labelColumnName: nameof(Journey.Lost));
    Console.WriteLine($"Minutes lost in jams: RMSE {metrics.RootMeanSquaredError:0.0}, R² {metrics.RSquared:0.000}");

    // The network with the scaling of its numbers: legs are floats [batch, time, 2], the keys of roads [batch, time].
    using (FileStream file = File.Create(Path.Combine(sample.Folder, "network.onnx")))
        model.LastTransformer.ExportToOnnx(file);
    // The whole pipeline, which reads the names of roads. Each column of the data becomes an input that has to be given, so there is no
    // label.
    using (FileStream file = File.Create(Path.Combine(sample.Folder, "pipeline.onnx")))
        ml.Model.ConvertToOnnx(model, ml.Data.LoadFromEnumerable<ScoredJourney>([]), file);

    // An ONNX file does not say what its keys stand for, so that the other program has to be told.
    VBuffer<ReadOnlyMemory<char>> keys = default;
    scored.Schema["RoadKeys"].GetKeyValues(ref keys);
    string[] roads = [.. keys.DenseValues().Select(road => road.ToString())];
    File.WriteAllText(Path.Combine(sample.Folder, "journeys.json"), JsonSerializer.Serialize(new ScoredJourneys(roads,
        Speed.RowsPerSecond<float>(scored), [.. after.Select(journey => new ScoredJourney(journey.Legs, journey.Roads))],
        [.. scored.GetColumn<float>("Score")])));
    Console.WriteLine($"network.onnx, pipeline.onnx and journeys.json are in {sample.Folder}; run Scorer there.");
    Console.WriteLine();

    (double with, double without) = FrozenNetwork.Try(ml, roads, before, after, Path.Combine(sample.Folder, "traffic.onnx"));
    Sample.End(new Figure("accuracy", with, without, "the same trainer without the network in front"),
        "samples/OnnxRoundTrip/Scorer in that folder, which scores without this package; a network of PyTorch's: docs/interchange.md");
}
