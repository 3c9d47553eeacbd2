using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The gradients of a <see cref="DenseLayer"/>, dW = Σ dy·xᵀ and db = Σ dy over all rows; shared among threads by panels of
/// outputs, never by rows, so that each element is one sum in one order.
/// </summary>
internal sealed unsafe class DenseGradients(DenseLayer layer, CpuKernels kernels, Parameter weight, Parameter? bias,
    PackedMatrix weightSums, PackedMatrix biasSums)
{
    // Rows whose panel of dy fits the first-level cache while it is used for all of x.
    private const int BlockRows = 128;

    /// <summary>Panels of outputs: what threads share.</summary>
    public int Panels => (layer.OutputStride / kernels.Lanes + GemmTile.MaxVectors - 1) / GemmTile.MaxVectors;

    /// <summary>What a panel costs, in products a row.</summary>
    public long CostOfPanel => (long)layer.InputSize * GemmTile.MaxVectors;

    /// <summary>Floats of scratch memory a thread needs.</summary>
    public int ScratchLength => BlockRows * GemmTile.MaxVectors * kernels.Lanes;

    /// <summary>Adds the gradients of panels <paramref name="begin"/> to <paramref name="end"/> to <paramref name="target"/>.</summary>
    public void Add(int begin, int end, int rows, float* x, float* dy, FloatBuffer scratch, ParameterSet target)
    {
        int lanes = kernels.Lanes;
        for (int p = begin; p < end; p++)
        {
            int column = p * GemmTile.MaxVectors * lanes;
            int vectors = Math.Min(GemmTile.MaxVectors, (layer.OutputStride - column) / lanes);
            float* biasPanel = biasSums.Pointer + column;
            float* weightPanel = weightSums.Pointer + (long)column * layer.InputSize;
            new Span<float>(biasPanel, vectors * lanes).Clear();
            for (int row = 0; row < rows; row += BlockRows)
            {
                int count = Math.Min(BlockRows, rows - row);
                kernels.PackRows(count, dy + (long)row * layer.OutputStride + column, layer.OutputStride, vectors, scratch.Pointer,
                    biasPanel);
                kernels.MultiplyTransposed(layer.InputSize, x + (long)row * layer.InputStride, layer.InputStride, count,
                    scratch.Pointer, vectors * lanes, vectors, weightPanel, accumulate: row > 0);
            }
            weightSums.AddPanelTo(target[weight], p);
            biasSums.AddPanelTo(bias is null ? [] : target[bias], p);
        }
    }
}
