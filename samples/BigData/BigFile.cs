using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace BigData;

/// <summary>
/// A file of sequences, one a line: what comes out, and 32 steps that go in. Made up: a decaying memory of the steps, in which those below
/// zero count for nothing: y = Σ 0.8^(31 - t) max(0, x_t), with noise of 0.1, which is how far the best program is off.
/// </summary>
internal static class BigFile
{
    public const int Steps = 32;
    private const int Rows = 350_000;
    private const double Decay = 0.8, Noise = 0.1;

    public const string Description =
        "a CSV file whose header line names, in any order, Label (a number) and the steps t1 to t32 (numbers)";

    public static void Write(string path)
    {
        var random = new Random(1);
        using StreamWriter file = File.CreateText(path);
        file.WriteLine($"Label,{string.Join(',', Enumerable.Range(1, Steps).Select(t => $"t{t}"))}");
        double[] steps = new double[Steps];
        for (int row = 0; row < Rows; row++)
        {
            double memory = 0;
            for (int t = 0; t < Steps; t++)
            {
                steps[t] = 2 * random.NextDouble() - 1;
                memory = Decay * memory + Math.Max(0, steps[t]);
            }
            memory += Noise * Math.Sqrt(12) * (random.NextDouble() - 0.5);
            file.Write(memory.ToString("0.###", CultureInfo.InvariantCulture));
            foreach (double step in steps)
            {
                file.Write(',');
                file.Write(step.ToString("0.###", CultureInfo.InvariantCulture));
            }
            file.WriteLine();
        }
    }

    /// <summary>The file as ML.NET streams it: nothing of it is in memory but the line that is read.</summary>
    /// <exception cref="InvalidDataException">The header line lacks a column.</exception>
    public static IDataView Load(MLContext ml, string path)
    {
        string[] header = (File.ReadLines(path).FirstOrDefault() ?? "").Split(',');
        TextLoader.Range Column(string name) => Array.FindIndex(header, other => other.Trim() == name) is >= 0 and int index
            ? new TextLoader.Range(index)
            : throw new InvalidDataException($"{path} has no column '{name}' in its header line; expected {Description}.");
        return ml.Data.CreateTextLoader(new TextLoader.Options
        {
            Columns =
            [
                new TextLoader.Column("Label", DataKind.Single, [Column("Label")]),
                new TextLoader.Column("Features", DataKind.Single, [.. Enumerable.Range(1, Steps).Select(t => Column($"t{t}"))]),
            ],
            HasHeader = true,
            Separators = [','],
            // An empty number would be a 0 otherwise.
            MissingRealsAsNaNs = true,
        }).Load(path);
    }
}
