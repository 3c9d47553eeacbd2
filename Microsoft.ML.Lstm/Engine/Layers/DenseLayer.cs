using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// y = W·x + b for any number of rows x [K], with W [O x K] and y [O]. Backward: dx = Wᵀ·dy, dW = Σ dy·xᵀ, db = Σ dy.
/// </summary>
/// <remarks>
/// Rows in memory are padded to whole vectors, x to <see cref="InputStride"/> and y to <see cref="OutputStride"/>; the padding of y is
/// zero. All runners of a network share the packed weights; each has <see cref="DenseGradients"/> of its own.
/// </remarks>
internal sealed unsafe class DenseLayer
{
    private readonly CpuKernels _kernels;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly PackedMatrix _packedWeight;
    private readonly PackedMatrix _packedBias;
    private readonly PackedMatrix? _packedTransposed;

    /// <param name="weight">W.</param>
    /// <param name="bias">b; null for zero.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether <see cref="Backward"/> will run, which needs Wᵀ.</param>
    /// <param name="inputs">The column of W for each float of a row of x, −1 for padding; null for the columns in their order.</param>
    /// <param name="outputs">Where the row of W for each float of y begins, −1 for padding; null for the rows in their order. A row may be
    /// any elements that lie at the same distances from its beginning, the <paramref name="inputs"/>.</param>
    public DenseLayer(Parameter weight, Parameter? bias, CpuKernels kernels, bool backward, int[]? inputs = null, int[]? outputs = null)
    {
        _kernels = kernels;
        _weight = weight;
        _bias = bias;
        inputs ??= PackedMatrix.Offsets(weight.Columns, k => k);
        outputs ??= PackedMatrix.Offsets(weight.Rows, o => o * weight.Columns);
        (InputSize, OutputSize) = (inputs.Length, outputs.Length);
        InputStride = kernels.RoundUp(InputSize);
        OutputStride = kernels.RoundUp(OutputSize);

        outputs = Padded(outputs, OutputStride);
        int panelColumns = GemmTile.MaxVectors * kernels.Lanes;
        _packedWeight = new PackedMatrix(inputs, outputs, panelColumns);
        int[] biases = PackedMatrix.Offsets(OutputStride, o => bias is not null && o < OutputSize ? o : -1);
        _packedBias = new PackedMatrix([0], biases, panelColumns);
        if (backward)
            _packedTransposed = new PackedMatrix(outputs, Padded(inputs, InputStride), panelColumns);
    }

    /// <summary>K: floats of a row of x.</summary>
    public int InputSize { get; }

    /// <summary>O.</summary>
    public int OutputSize { get; }

    /// <summary>Floats from one row of x to the next.</summary>
    public int InputStride { get; }

    /// <summary>Floats from one row of y to the next.</summary>
    public int OutputStride { get; }

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<PackedParameter> Packed
    {
        get
        {
            yield return new(_packedWeight, _weight);
            if (_bias is not null)
                yield return new(_packedBias, _bias);
            if (_packedTransposed is not null)
                yield return new(_packedTransposed, _weight);
        }
    }

    private static int[] Padded(int[] offsets, int count)
        => PackedMatrix.Offsets(count, i => i < offsets.Length ? offsets[i] : -1);

    /// <summary>The gradients of W and b.</summary>
    public DenseGradients NewGradients() => new(_kernels, InputSize, InputStride, OutputStride, _weight, _bias,
        _packedWeight, _packedBias);

    /// <summary>y of some rows.</summary>
    public void Forward(int rows, float* x, float* y)
        => _kernels.Multiply(rows, x, InputStride, InputSize, _packedWeight.Pointer, OutputStride / _kernels.Lanes,
            _packedBias.Pointer, 0, y, OutputStride);

    /// <summary>dx of some rows.</summary>
    public void Backward(int rows, float* dy, float* dx)
        => _kernels.Multiply(rows, dy, OutputStride, OutputStride, _packedTransposed!.Pointer, InputStride / _kernels.Lanes,
            null, 0, dx, InputStride);
}

/// <summary>
/// The gradients of a <see cref="DenseLayer"/>, or of a convolution, whose rows of x overlap: dW = Σ dy·xᵀ and db = Σ dy over all
/// rows. Threads share them by panels of outputs, never by rows, so that each element is one sum in one order.
/// </summary>
/// <param name="kernels">The kernels to run.</param>
/// <param name="inputSize">Floats of a row of x.</param>
/// <param name="inputStride">Floats from one row of x to the next.</param>
/// <param name="outputStride">Floats of a row of dy.</param>
/// <param name="weight">W.</param>
/// <param name="bias">b; null for none.</param>
/// <param name="packedWeight">The packed W, whose layout the panels of dW have.</param>
/// <param name="packedBias">The packed b, whose layout the panels of db have; null for none.</param>
internal sealed unsafe class DenseGradients(CpuKernels kernels, int inputSize, int inputStride, int outputStride, Parameter weight,
    Parameter? bias, PackedMatrix packedWeight, PackedMatrix? packedBias)
{
    // Rows that are summed together: few enough that their panel of dy stays in the first-level cache for all of x.
    private const int BlockRows = 128;

    /// <summary>Panels of outputs, which threads share.</summary>
    public int Panels => (outputStride / kernels.Lanes + GemmTile.MaxVectors - 1) / GemmTile.MaxVectors;

    /// <summary>The cost of a panel, in products a row.</summary>
    public long CostOfPanel => (long)inputSize * GemmTile.MaxVectors;

    /// <summary>Floats of scratch memory that a thread needs: for a block of dy, and a panel of db and of dW.</summary>
    public int ScratchLength => (BlockRows + 1 + inputSize) * GemmTile.MaxVectors * kernels.Lanes;

    /// <summary>Adds the gradients of panels <paramref name="begin"/> to <paramref name="end"/> to <paramref name="target"/>.</summary>
    public void Add(int begin, int end, int rows, float* x, float* dy, FloatBuffer scratch, ParameterSet target)
    {
        int lanes = kernels.Lanes, panelColumns = GemmTile.MaxVectors * lanes;
        float* block = scratch.Pointer, biasPanel = block + BlockRows * panelColumns, weightPanel = biasPanel + panelColumns;
        for (int p = begin; p < end; p++)
        {
            int column = p * panelColumns;
            int vectors = Math.Min(GemmTile.MaxVectors, (outputStride - column) / lanes);
            new Span<float>(biasPanel, vectors * lanes).Clear();
            for (int row = 0; row < rows; row += BlockRows)
            {
                int count = Math.Min(BlockRows, rows - row);
                kernels.PackRows(count, dy + (long)row * outputStride + column, outputStride, vectors, block, biasPanel);
                kernels.MultiplyTransposed(inputSize, x + (long)row * inputStride, inputStride, count,
                    block, vectors * lanes, vectors, weightPanel, accumulate: row > 0);
            }
            packedWeight.AddPanelTo(target[weight], p, weightPanel);
            if (bias is not null)
                packedBias!.AddPanelTo(target[bias], p, biasPanel);
        }
    }
}
