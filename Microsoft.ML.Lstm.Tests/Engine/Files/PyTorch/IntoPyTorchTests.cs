using System.Text.Json;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>Networks of ours in PyTorch, and PyTorch's newly made ones here; only where there is a Python with it.</summary>
[TestClass]
public sealed class IntoPyTorchTests
{
    [TestMethod]
    [TestCategory("pytorch")]
    public void NetworksScoreAlikeOnBothSides()
    {
        string? python = Acceptance.IsFull ? PythonProgram.Find() : null;
        if (python is null)
            Assert.Inconclusive("build/accept.sh pytorch compares networks with PyTorch, where there is a python3 with torch.");
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            string script = Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "make_pytorch.py");
            (int code, string output) = PythonProgram.Run(python, script, folder);
            Assert.AreEqual(0, code, output);
            foreach (PyTorchCase one in PyTorchCase.ReadAll(folder))
                Assert.IsLessThan(1e-5,
                    one.Compare(SequenceModelParameters.LoadPyTorch(Path.Combine(folder, one.File), one.Options)), one.File);

            WriteOurs(folder);
            (code, output) = PythonProgram.Run(python, script, folder, "check");
            Assert.AreEqual(0, code, output);
            StringAssert.Contains(output, "24 networks agree");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // All cells, one and three layers, one direction and both, with numbers or with tokens, in the user's units.
    private static void WriteOurs(string folder)
    {
        var random = new Random(1);
        var cases = new List<object>();
        foreach (CellType cell in Enum.GetValues<CellType>())
        {
            foreach (int layers in new[] { 1, 3 })
            {
                foreach (bool both in new[] { false, true })
                {
                    foreach (bool hasTokens in new[] { false, true })
                        cases.Add(Write(folder, cell, layers, both, hasTokens, random));
                }
            }
        }
        File.WriteAllText(Path.Combine(folder, "ours.json"), JsonSerializer.Serialize(cases));
    }

    private static object Write(string folder, CellType cell, int layers, bool both, bool hasTokens, Random random)
    {
        var shape = new NetworkShape
        {
            Cell = cell,
            InputSize = hasTokens ? 4 : 2,
            Embeddings = hasTokens ? new ValueList<EmbeddingShape>(new EmbeddingShape(6, 4)) : default,
            HiddenSize = 3,
            Layers = layers,
            Bidirectional = both,
            OutputSize = 2,
        };
        var parameters = new ParameterSet(shape);
        foreach (ref float value in parameters.Values.AsSpan())
            value = random.NextSingle() - 0.5f;
        float[] offset = hasTokens ? [] : [3, -40], scale = hasTokens ? [] : [0.5f, 0.02f];
        var model = new SequenceModel(parameters, new AffineScaler(offset, scale), AffineScaler.Identity(0),
            new AffineScaler([10, -1], [0.5f, 4]));
        string file = $"ours_{cell}_{layers}_{both}_{hasTokens}.safetensors";
        new SequenceModelParameters(model).SavePyTorch(Path.Combine(folder, file),
            new() { LinearModule = "fc", EmbeddingModules = hasTokens ? ["embedding"] : null });
        var scorer = new SequenceScorer(new ScoringNetwork(model));
        var rows = new List<(int Steps, float[] X, int[] Tokens)>();
        foreach (int steps in new[] { 1, 4 })
        {
            float[] x = hasTokens ? [] : [.. Enumerable.Range(0, 2 * steps).Select(i => random.NextSingle() * 4 + (i % 2 == 0 ? 1 : -60))];
            int[] tokens = hasTokens ? [.. Enumerable.Range(0, steps).Select(_ => random.Next(7))] : [];
            x.CopyTo(scorer.AddSequence(steps));
            tokens.CopyTo(scorer.Tokens(scorer.Count - 1));
            rows.Add((steps, x, tokens));
        }
        scorer.Score();
        return new
        {
            file,
            kind = cell.ToString().ToLowerInvariant(),
            layers,
            both,
            tokens = hasTokens,
            numbers = !hasTokens,
            rows = rows.Select((row, i) => new { steps = row.Steps, x = row.X, tokens = row.Tokens, y = scorer.Output(i).ToArray() })
                .ToArray(),
        };
    }
}
