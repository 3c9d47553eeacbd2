using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Onnx;

/// <summary>A recurrent cell as ONNX has it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Operator">Its operator.</param>
/// <param name="Gates">The gate of PyTorch's weights, a block of H rows, that each of the operator's gates is.</param>
internal sealed record OnnxCell(CellType Cell, string Operator, int[] Gates)
{
    public static IReadOnlyList<OnnxCell> All { get; } =
    [
        // ONNX: i, o, f, c; PyTorch: i, f, g, o.
        new(CellType.Lstm, "LSTM", [0, 3, 1, 2]),
        // ONNX: z, r, h; PyTorch: r, z, n.
        new(CellType.Gru, "GRU", [1, 0, 2]),
        new(CellType.Rnn, "RNN", [0]),
    ];

    /// <exception cref="NotSupportedException">ONNX has no operator for the cell.</exception>
    public static OnnxCell Of(CellType cell)
        => All.FirstOrDefault(known => known.Cell == cell) ?? throw new NotSupportedException($"ONNX has no operator for the cell {cell}.");

    /// <summary>The weights of a direction of a layer, [G·H x columns], gate by gate as the operator has them.</summary>
    /// <param name="weights">As PyTorch has them.</param>
    public float[] Weights(ReadOnlySpan<float> weights)
    {
        int block = weights.Length / Gates.Length;
        float[] ordered = new float[weights.Length];
        for (int gate = 0; gate < Gates.Length; gate++)
            weights.Slice(Gates[gate] * block, block).CopyTo(ordered.AsSpan(gate * block));
        return ordered;
    }

    /// <summary>The operator's biases of a direction of a layer, [2·G·H]: those of the input, then those of the hidden state.</summary>
    /// <param name="biases">The merged ones.</param>
    /// <param name="hiddenSize">H.</param>
    public float[] Biases(ReadOnlySpan<float> biases, int hiddenSize)
    {
        CellDescription description = CellDescription.Of(Cell);
        float[] ordered = new float[2 * Gates.Length * hiddenSize];
        for (int slot = 0; slot < description.Slots; slot++)
        {
            // What a slot adds to both products is added once.
            int block = description.InputGate(slot) is >= 0 and var input
                ? Array.IndexOf(Gates, input)
                : Gates.Length + Array.IndexOf(Gates, description.HiddenGate(slot));
            biases.Slice(description.Bias(slot) * hiddenSize, hiddenSize).CopyTo(ordered.AsSpan(block * hiddenSize));
        }
        return ordered;
    }
}
