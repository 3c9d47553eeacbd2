using System.Text.Json;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>A file of make_pytorch.py, with PyTorch's results for its network.</summary>
internal sealed record PyTorchCase(string File, PyTorchImportOptions Options, PyTorchRow[] Rows)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true, IncludeFields = true };

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "PyTorch");

    public static PyTorchCase[] All { get; } = ReadAll(Folder);

    public string FilePath => Path.Combine(Folder, File);

    public static PyTorchCase[] ReadAll(string folder)
        => JsonSerializer.Deserialize<PyTorchCase[]>(System.IO.File.ReadAllText(Path.Combine(folder, "cases.json")), Json)!;

    /// <summary>The largest difference between PyTorch's results and ours, of all rows.</summary>
    public double Compare(SequenceModelParameters model)
    {
        NetworkShape shape = model.Network.Shape;
        var runner = new NetworkBatchRunner(
            new SequenceNetwork(model.Network.Parameters, NetworkPasses.Backward), new WorkerTeam(1));
        var batch = new SequenceBatch(shape);
        double worst = 0;
        // Row by row, and so in order.
        foreach (PyTorchRow row in Rows)
        {
            batch.Clear();
            (row.X ?? []).CopyTo(batch.Add(row.Steps));
            // Keys count from 1.
            Array.ConvertAll(row.Tokens ?? [], token => token + 1).CopyTo(batch.Tokens(0));
            (row.Statics ?? []).CopyTo(batch.Statics(0));
            batch.Pack();
            runner.Forward(batch, keep: true);
            Check(row.Y, runner.Output(0).ToArray());
            Check(row.Output, [.. from step in Enumerable.Range(0, row.Steps)
                                  from direction in Enumerable.Range(0, shape.Directions)
                                  from value in runner.Hidden(shape.Layers - 1, direction, step).ToArray()
                                  select value]);
            Check(row.H, States((layer, direction) => runner.Hidden(layer, direction, LastStep(direction, row.Steps)).ToArray()));
            if (row.C is not null)
                Check(row.C, States((layer, direction) => runner.CellState(layer, direction, LastStep(direction, row.Steps)).ToArray()));
        }
        return worst;

        float[] States(Func<int, int, float[]> state) =>
        [
            .. from layer in Enumerable.Range(0, shape.Layers)
               from direction in Enumerable.Range(0, shape.Directions)
               from value in state(layer, direction)
               select value,
        ];

        static int LastStep(int direction, int steps) => direction == 0 ? steps - 1 : 0;

        void Check(float[] expected, float[] found)
        {
            Assert.HasCount(expected.Length, found, File);
            // A NaN has to fail, not to vanish in Max.
            Assert.IsTrue(found.All(float.IsFinite), $"{File} is not finite.");
            worst = Math.Max(worst, expected.Zip(found, (a, b) => Math.Abs((double)a - b)).Max());
        }
    }
}

/// <summary>A sequence and PyTorch's results for it.</summary>
internal sealed record PyTorchRow(int Steps, float[]? X, int[]? Tokens, float[]? Statics, float[] Output, float[] H, float[]? C, float[] Y);
