using System.Text.Json;
using Microsoft.ML.Lstm.Engine.Network;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>Networks that PyTorch writes come in and score as PyTorch itself; only where there is a Python with it.</summary>
[TestClass]
public sealed class PyTorchNetworkTests
{
    private const float Tolerance = 1e-5f;

    [TestMethod]
    [TestCategory("onnx-pytorch")]
    public void EachNetworkScoresAsInPyTorch()
    {
        string? python = Acceptance.IsFull ? PythonProgram.Find() : null;
        if (python is null)
            Assert.Inconclusive("build/accept.sh onnx-pytorch compares networks with PyTorch, where there is a python3 with torch.");
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            (int code, string output) = PythonProgram.Run(python,
                Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "make_onnx.py"), folder);
            Assert.AreEqual(0, code, output);
            string[] files = Directory.GetFiles(folder, "*.onnx");
            Assert.IsGreaterThan(100, files.Length);
            string[] wrong = [.. files.Order().Select(Compare).Where(message => message != "")];
            Assert.IsEmpty(wrong, string.Join('\n', wrong));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What is wrong with a network; empty if nothing is.</summary>
    private static string Compare(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        using FileStream stream = File.OpenRead(file);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".json")));
        SequenceModelParameters model;
        try
        {
            model = SequenceModelParameters.LoadOnnx(stream);
        }
        catch (NotSupportedException error)
        {
            return $"{name}: {error.Message}";
        }
        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        var scorer = new SequenceScorer(new ScoringNetwork(model.Network));
        foreach (JsonElement row in rows)
        {
            Numbers(row, "x").CopyTo(scorer.AddSequence(row.GetProperty("steps").GetInt32()));
            // Keys count from 1.
            Numbers(row, "tokens").Select(token => (int)token + 1).ToArray().CopyTo(scorer.Tokens(scorer.Count - 1));
            Numbers(row, "statics").CopyTo(scorer.Statics(scorer.Count - 1));
        }
        scorer.Score();
        float worst = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            float[] expected = Numbers(rows[i], "y"), found = scorer.Output(i).ToArray();
            if (found.Length != expected.Length)
                return $"{name}: {found.Length} outputs, expected {expected.Length}";
            for (int t = 0; t < found.Length; t += model.OutputCount)
                model.OutputFunction.Apply(found.AsSpan(t, model.OutputCount));
            worst = Math.Max(worst, expected.Zip(found, (a, b) => Math.Abs(a - b)).Max());
        }
        return worst < Tolerance ? "" : $"{name}: differs by {worst}";
    }

    private static float[] Numbers(JsonElement row, string name)
        => row.TryGetProperty(name, out JsonElement values) ? [.. values.EnumerateArray().Select(value => value.GetSingle())] : [];
}
