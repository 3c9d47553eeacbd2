using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The weights of a convolution, packed for the kernels, and what batch normalization makes of its outputs in scoring.</summary>
internal sealed unsafe class ConvolutionWeights
{
    /// <summary>What is added to a variance, as in PyTorch.</summary>
    public const double Epsilon = 1e-5;

    private readonly ParameterSet _parameters;
    private readonly Parameter _weight;
    private readonly PackedMatrix _packed;
    private readonly PackedMatrix? _transposed;
    private readonly FloatBuffer _scale;
    private readonly FloatBuffer _shift;
    private readonly int _lanes;

    /// <param name="parameters">The network's parameters.</param>
    /// <param name="layer">The layer, from 0.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="inputGradient">Whether a backward pass will go on to the layer's input, which needs the transposed weights.</param>
    public ConvolutionWeights(ParameterSet parameters, int layer, CpuKernels kernels, bool inputGradient)
    {
        _parameters = parameters;
        Shape = parameters.Shape.Convolutions[layer];
        _weight = parameters.Find(ParameterSet.ConvolutionWeight(layer));
        Factor = parameters.Find(ParameterSet.NormalizationName(layer, ParameterRole.NormalizationWeight));
        Summand = parameters.Find(ParameterSet.NormalizationName(layer, ParameterRole.NormalizationBias));
        Mean = parameters.Find(ParameterSet.NormalizationName(layer, ParameterRole.RunningMean));
        Variance = parameters.Find(ParameterSet.NormalizationName(layer, ParameterRole.RunningVariance));
        _lanes = kernels.Lanes;
        int channels = parameters.Shape.ConvolutionInputSize(layer), size = Shape.KernelSize;
        // The rows of the batch have no padding, rows of another convolution have.
        WindowStep = layer == 0 ? channels : kernels.RoundUp(channels);
        InputStride = kernels.RoundUp(channels);
        Width = kernels.RoundUp(Shape.Filters);
        _scale = new FloatBuffer(Width);
        _shift = new FloatBuffer(Width);

        // PyTorch's weight is [filters x channels x K].
        int filterLength = channels * size, panelColumns = GemmTile.MaxVectors * _lanes;
        int[] filters = [.. Enumerable.Range(0, Width).Select(o => o < Shape.Filters ? o * filterLength : -1)];
        int[] window =
        [
            .. from k in Enumerable.Range(0, size)
               from channel in Enumerable.Range(0, WindowStep)
               select channel < channels ? channel * size + k : -1,
        ];
        _packed = new PackedMatrix(window, filters, panelColumns);
        if (!inputGradient)
            return;
        // The gradient of a step is the sum over the outputs that read it: a convolution with the filters turned round.
        int[] outputs =
        [
            .. from k in Enumerable.Range(0, size)
               from filter in filters
               select filter < 0 ? -1 : filter + size - 1 - k,
        ];
        int[] inputs = [.. Enumerable.Range(0, InputStride).Select(channel => channel < channels ? channel * size : -1)];
        _transposed = new PackedMatrix(outputs, inputs, panelColumns);
    }

    public ConvolutionShape Shape { get; }

    /// <summary>Floats from one row of the input to the next.</summary>
    public int WindowStep { get; }

    /// <summary>Floats from one row of the input's gradient to the next.</summary>
    public int InputStride { get; }

    /// <summary>Floats of a row of the output; whole vectors, with zeros behind the filters.</summary>
    public int Width { get; }

    /// <summary>γ.</summary>
    public Parameter Factor { get; }

    /// <summary>β.</summary>
    public Parameter Summand { get; }

    /// <summary>The running mean.</summary>
    public Parameter Mean { get; }

    /// <summary>The running variance.</summary>
    public Parameter Variance { get; }

    /// <summary>What W·x is multiplied by in scoring, for each filter; 0 in the padding.</summary>
    public ReadOnlySpan<float> Scale => _scale.Span[..Width];

    /// <summary>What is added to the product in scoring.</summary>
    public ReadOnlySpan<float> Shift => _shift.Span[..Width];

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<PackedParameter> Packed
        => _transposed is null ? [new(_packed, _weight)] : [new(_packed, _weight), new(_transposed, _weight)];

    /// <summary>Computes the scale and shift that the running statistics make of γ and β.</summary>
    public void PackNormalization()
    {
        Span<float> factor = _parameters[Factor], summand = _parameters[Summand], mean = _parameters[Mean];
        Span<float> variance = _parameters[Variance], scale = _scale.Span, shift = _shift.Span;
        for (int i = 0; i < factor.Length; i++)
        {
            double of = factor[i] / Math.Sqrt(variance[i] + Epsilon);
            scale[i] = (float)of;
            shift[i] = (float)(summand[i] - of * mean[i]);
        }
    }

    /// <summary>W·x of rows of x, as it is or, in scoring, normalized and rectified.</summary>
    public ConvolutionPass Forward(float* x, float* y, bool normalized) => new()
    {
        Windows = x - Shape.StepsBefore * WindowStep,
        WindowStep = WindowStep,
        Depth = Shape.KernelSize * WindowStep,
        Weights = _packed.Pointer,
        Vectors = Width / _lanes,
        Y = y,
        Scale = normalized ? _scale.Pointer : null,
        Shift = normalized ? _shift.Pointer : null,
    };

    /// <summary>The gradient of rows of x from that of rows of W·x.</summary>
    public ConvolutionPass Backward(float* dy, float* dx) => new()
    {
        Windows = dy - Shape.StepsBehind * Width,
        WindowStep = Width,
        Depth = Shape.KernelSize * Width,
        Weights = _transposed!.Pointer,
        Vectors = InputStride / _lanes,
        Y = dx,
    };

    /// <summary>The gradient of the filters.</summary>
    public DenseGradients NewGradients(CpuKernels kernels) => new(kernels, Shape.KernelSize * WindowStep, WindowStep, Width, _weight,
        bias: null, _packed, packedBias: null);
}
