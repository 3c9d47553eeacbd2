using System.Text.Json;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool.Keras;

/// <summary>A file of make_keras.py, with what the NumPy program makes of some rows.</summary>
internal sealed record KerasCase(string File, KerasRow[] Rows)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Samples", "Tool", "Keras", "Files");

    public static KerasCase[] All { get; }
        = JsonSerializer.Deserialize<KerasCase[]>(System.IO.File.ReadAllText(Path.Combine(Folder, "cases.json")), Json)!;

    public string FilePath => Path.Combine(Folder, File);

    /// <summary>The largest difference of a predictor's scores, of all rows.</summary>
    public double Compare(SequencePredictor predictor, int firstKey)
    {
        double worst = 0;
        foreach (KerasRow row in Rows)
        {
            float[] found = predictor.Score(row.X ?? [], [.. (row.Tokens ?? []).Select(token => token + firstKey)]).ToArray();
            Assert.HasCount(row.Y.Length, found, File);
            // A NaN has to fail, not to vanish in Max.
            Assert.IsTrue(found.All(float.IsFinite), $"{File} is not finite.");
            worst = Math.Max(worst, row.Y.Zip(found, (a, b) => Math.Abs((double)a - b)).Max());
        }
        return worst;
    }
}

/// <summary>A sequence and its outputs.</summary>
internal sealed record KerasRow(int Steps, float[]? X, int[]? Tokens, float[] Y);
