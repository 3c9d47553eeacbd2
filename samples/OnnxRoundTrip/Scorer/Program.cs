// Scores journeys by the ONNX files that samples/OnnxRoundTrip wrote, without the package that trained them, and compares the scores.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxRoundTrip;

var ml = new MLContext();
ScoredJourneys told = JsonSerializer.Deserialize<ScoredJourneys>(File.ReadAllText("journeys.json"))!;
Console.WriteLine($"{$"{told.Journeys.Length} journeys",-40}{"largest difference",20}{"rows a second",15}");
Console.WriteLine($"{"  where the network was trained",-40}{told.RowsPerSecond,35:0}");

// Keys are counted as where the network was trained, so MapValueToKey is given the names in their order of then.
IDataView roads = ml.Data.LoadFromEnumerable(told.Roads.Select(road => new { Name = road }));
IEstimator<ITransformer> keys = ml.Transforms.Conversion.MapValueToKey("RoadKeys", "Roads", keyData: roads);

// Arrays are vectors of variable size: each journey has its own number of legs, and needs no padding. ONNX Runtime warns of "Initializer
// Lengths": an input that may be left out, as it is here, because all steps of a row are there.
IDataView data = ml.Data.LoadFromEnumerable(told.Journeys);
Report("  network.onnx", data, told.Scores, keys
    .Append(ml.Transforms.ApplyOnnxModel(["Score"], ["Legs", "RoadKeys"], "network.onnx")));

// The pipeline has the names of roads in it. ML.NET calls its output Score.output, and the column Score.
Report("  pipeline.onnx", data, told.Scores,
    ml.Transforms.ApplyOnnxModel(["Score.output"], ["Legs", "Roads"], "pipeline.onnx"));

// Vectors of a known size need the shapes of the network's inputs, for one row. Without the name recursionLimit the compiler can't tell
// which method is meant (CS0121).
int[] eight = [.. Enumerable.Range(0, told.Journeys.Length).Where(i => told.Journeys[i].Roads.Length == JourneyOfEight.Size)];
IDataView sized = ml.Data.LoadFromEnumerable(eight.Select(i => new JourneyOfEight
{
    Legs = told.Journeys[i].Legs,
    Roads = told.Journeys[i].Roads,
}));
var shapes = new Dictionary<string, int[]> { ["Legs"] = [1, JourneyOfEight.Size, 2], ["RoadKeys"] = [1, JourneyOfEight.Size] };
Report("  network.onnx, journeys of eight legs", sized, Array.ConvertAll(eight, i => told.Scores[i]), keys
    .Append(ml.Transforms.ApplyOnnxModel(["Score"], ["Legs", "RoadKeys"], "network.onnx", shapes, recursionLimit: 100)));

static void Report(string name, IDataView data, float[] expected, IEstimator<ITransformer> estimator)
{
    IDataView scored = estimator.Fit(data).Transform(data);
    // A row is a batch of one: the only number of a journey comes as a vector of one.
    float[] scores = [.. scored.GetColumn<float[]>("Score").Select(score => score[0])];
    float difference = scores.Zip(expected, (one, other) => Math.Abs(one - other)).Max();
    Console.WriteLine($"{name,-40}{difference,12:0.0e+0} minutes{Speed.RowsPerSecond<float[]>(scored),15:0}");
}

/// <summary>A journey of eight legs, as columns of known size.</summary>
internal sealed class JourneyOfEight
{
    public const int Size = 8;

    [VectorType(Size, 2)]
    public float[] Legs { get; set; } = [];

    [VectorType(Size)]
    public string[] Roads { get; set; } = [];
}
