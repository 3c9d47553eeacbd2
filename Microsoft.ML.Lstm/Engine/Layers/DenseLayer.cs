using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// y = W·x + b for any number of rows x [K], with W [O x K] and y [O]. Backward: dx = Wᵀ·dy, dW = Σ dy·xᵀ, db = Σ dy.
/// </summary>
/// <remarks>
/// Rows in memory are padded to whole vectors, x to <see cref="InputStride"/> and y to <see cref="OutputStride"/>; what fills
/// up y is zero. The weights are packed here, once for all who run the layer; the sums of <see cref="DenseGradients"/> are each
/// runner's own.
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
    /// <param name="inputs">The column of W that each float of a row of x belongs to, −1 for none; null for one after the other.</param>
    public DenseLayer(Parameter weight, Parameter? bias, CpuKernels kernels, bool backward, int[]? inputs = null)
    {
        _kernels = kernels;
        _weight = weight;
        _bias = bias;
        inputs ??= [.. Enumerable.Range(0, weight.Columns)];
        InputSize = inputs.Length;
        InputStride = RecurrentWeights.RoundUp(InputSize, kernels.Lanes);
        OutputStride = RecurrentWeights.RoundUp(OutputSize, kernels.Lanes);

        int[] outputs = [.. Enumerable.Range(0, OutputStride).Select(o => o < OutputSize ? o * weight.Columns : -1)];
        int panelColumns = GemmTile.MaxVectors * kernels.Lanes;
        _packedWeight = new PackedMatrix(inputs, outputs, panelColumns);
        _packedBias = new PackedMatrix([0], [.. Enumerable.Range(0, OutputStride).Select(o => bias is not null && o < OutputSize ? o : -1)],
            panelColumns);
        if (backward)
            _packedTransposed = new PackedMatrix(outputs, [.. inputs, .. Enumerable.Repeat(-1, InputStride - InputSize)], panelColumns);
    }

    /// <summary>K: floats of a row of x.</summary>
    public int InputSize { get; }

    /// <summary>O.</summary>
    public int OutputSize => _weight.Rows;

    /// <summary>Floats from one row of x to the next.</summary>
    public int InputStride { get; }

    /// <summary>Floats from one row of y to the next.</summary>
    public int OutputStride { get; }

    /// <summary>All packed matrices, each with the parameter that it is made from.</summary>
    public IEnumerable<(PackedMatrix Matrix, Parameter Parameter)> Packed
    {
        get
        {
            yield return (_packedWeight, _weight);
            if (_bias is not null)
                yield return (_packedBias, _bias);
            if (_packedTransposed is not null)
                yield return (_packedTransposed, _weight);
        }
    }

    /// <summary>A place for gradients, laid out as the packed weights and bias.</summary>
    public DenseGradients NewGradients() => new(this, _kernels, _weight, _bias, _packedWeight.SameLayout(), _packedBias.SameLayout());

    /// <summary>y of some rows.</summary>
    public void Forward(int rows, float* x, float* y)
        => _kernels.Multiply(rows, x, InputStride, InputSize, _packedWeight.Pointer, OutputStride / _kernels.Lanes, _packedBias.Pointer, 0,
            y, OutputStride);

    /// <summary>dx of some rows.</summary>
    public void Backward(int rows, float* dy, float* dx)
        => _kernels.Multiply(rows, dy, OutputStride, OutputStride, _packedTransposed!.Pointer, InputStride / _kernels.Lanes, null, 0, dx,
            InputStride);
}
