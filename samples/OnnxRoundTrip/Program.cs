// Trains here, writes ONNX files, and leaves the scoring to a program that does not have this package: samples/OnnxRoundTrip/Scorer.
// Then the other direction: a network from an ONNX file stands in front of a trainer.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxRoundTrip;
using Shared;

var ml = new MLContext(seed: 1);
Warnings.Print(ml);
Journey[] journeys = [.. Journey.Make(3000, new Random(1))];
IDataView train = ml.Data.LoadFromEnumerable(journeys[..2000]),
    test = ml.Data.LoadFromEnumerable(journeys[2000..]);

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
var metrics = ml.Regression.Evaluate(scored, labelColumnName: nameof(Journey.Lost));
Console.WriteLine($"Minutes lost in jams: RMSE {metrics.RootMeanSquaredError:0.0}, R² {metrics.RSquared:0.000}");

// The network with the scaling of its numbers: legs are floats [batch, time, 2], the keys of roads [batch, time].
using (FileStream file = File.Create("network.onnx"))
    model.LastTransformer.ExportToOnnx(file);
// The whole pipeline, which reads the names of roads. Each column of the data becomes an input that has to be given, so there is no label.
using (FileStream file = File.Create("pipeline.onnx"))
    ml.Model.ConvertToOnnx(model, ml.Data.LoadFromEnumerable<ScoredJourney>([]), file);

// An ONNX file does not say what its keys stand for, so that the other program has to be told.
VBuffer<ReadOnlyMemory<char>> roads = default;
scored.Schema["RoadKeys"].GetKeyValues(ref roads);
File.WriteAllText("journeys.json", JsonSerializer.Serialize(new ScoredJourneys(
    [.. roads.DenseValues().Select(road => road.ToString())],
    Speed.RowsPerSecond<float>(scored),
    [.. journeys[2000..].Select(journey => new ScoredJourney(journey.Legs, journey.Roads))],
    [.. scored.GetColumn<float>("Score")])));
Console.WriteLine($"network.onnx, pipeline.onnx and journeys.json are in {Directory.GetCurrentDirectory()}; run Scorer there.");
Console.WriteLine();

FrozenNetwork.Run(ml, journeys);
