using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>
/// The files in FirstVersion/ were written by version 0.1.0 on Microsoft.ML 5.0.1, one of each kind that it could write, and expected.json
/// has the outputs of the loaded models for <see cref="FirstVersionRows"/>. They must always load and give the same outputs.
/// </summary>
[TestClass]
public sealed class FirstVersionFilesTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Files", "FirstVersion");

    // The series of these models continue after the training data, or after the last row of the engine.
    private const int KnownRows = 100;
    private const int RowsOfEngine = 6;

    private static readonly Dictionary<string, Dictionary<string, string[][]>> Expected =
        JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string[][]>>>(File.ReadAllText(Path.Combine(Folder,
            "expected.json")))!;

    [TestMethod]
    [DataRow("Regression")]
    [DataRow("RegressionOfVectors")]
    [DataRow("Binary")]
    [DataRow("Multiclass")]
    [DataRow("SequenceLabeling")]
    [DataRow("Autoencoder")]
    [DataRow("SlidingWindow")]
    [DataRow("Forecaster")]
    [DataRow("ForecastEngine")]
    [DataRow("AnomalyDetector")]
    public void AModelOfTheFirstVersionScoresAsItDidThen(string name)
    {
        var ml = new MLContext();
        IDataView rows = name switch
        {
            "SlidingWindow" => ml.Data.LoadFromEnumerable(FirstVersionRows.Days()),
            "Forecaster" or "AnomalyDetector" => ml.Data.LoadFromEnumerable(FirstVersionRows.Days().Skip(KnownRows)),
            "ForecastEngine" => ml.Data.LoadFromEnumerable(FirstVersionRows.Days().Skip(KnownRows + RowsOfEngine)),
            _ => ml.Data.LoadFromEnumerable(FirstVersionRows.Sequences()),
        };
        IDataView scored = ml.Model.Load(Path.Combine(Folder, name + ".zip"), out _).Transform(rows);

        foreach ((string column, string[][] expected) in Expected[name])
            AssertSame(expected, ColumnReader.Read(scored, column), $"{name}, {column}");
    }

    [TestMethod]
    public void ACheckpointOfTheFirstVersionHasTheWeightsThatItHadThen()
    {
        var parameters = SequenceModelParameters.Load(Path.Combine(Folder, "Checkpoint.safetensors"));

        Dictionary<string, string[][]> expected = Expected["Checkpoint"];
        CollectionAssert.AreEquivalent(expected.Keys, parameters.Weights.Keys.ToArray());
        foreach ((string name, ReadOnlyMemory<float> weights) in parameters.Weights)
            CollectionAssert.AreEqual(expected[name][0].Select(value => float.Parse(value, CultureInfo.InvariantCulture)).ToArray(),
                weights.ToArray(), name);
    }

    // To 1e-5, since the last bits depend on the vector width of the processor.
    private static void AssertSame(string[][] expected, string[][] actual, string what)
    {
        Assert.HasCount(expected.Length, actual, what);
        foreach ((int row, (string[] then, string[] now)) in expected.Zip(actual).Index())
        {
            Assert.HasCount(then.Length, now, $"{what}, row {row}");
            foreach ((string a, string b) in then.Zip(now))
            {
                if (double.TryParse(a, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
                    Assert.AreEqual(number, double.Parse(b, CultureInfo.InvariantCulture), 1e-5 * Math.Max(1, Math.Abs(number)),
                        $"{what}, row {row}");
                else
                    Assert.AreEqual(a, b, $"{what}, row {row}");
            }
        }
    }
}
