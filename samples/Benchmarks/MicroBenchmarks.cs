using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Benchmarks;

/// <summary>Single kernels at the sizes of shape M's second layer, on every width that the machine has.</summary>
/// <remarks>In this process: what is measured is internal, and another build of it would be another thing.</remarks>
public unsafe class MicroBenchmarks
{
    private const int Rows = 64;
    private const int Hidden = 128;
    private const int Gates = 4 * Hidden;
    private const int Filters = 256;
    private const int KernelSize = 5;
    private const int ConvolvedSteps = 240;

    private readonly FloatBuffer _x = Filled(Rows * Hidden);
    private readonly FloatBuffer _h = Filled(Rows * Hidden);
    private readonly FloatBuffer _hPrevious = Filled(Rows * Hidden);
    private readonly FloatBuffer _c = Filled(Rows * Hidden);
    private readonly FloatBuffer _cPrevious = Filled(Rows * Hidden);
    private readonly FloatBuffer _gates = Filled(Rows * Gates);
    private readonly FloatBuffer _dh = Filled(Rows * Hidden);
    private readonly FloatBuffer _dc = Filled(Rows * Hidden);
    private readonly FloatBuffer _panel = Filled(Rows * 64);
    private readonly FloatBuffer _product = Filled(Hidden * 64);
    private readonly FloatBuffer _sums = Filled(64);
    private readonly FloatBuffer _curve = Filled((ConvolvedSteps + KernelSize) * Hidden);
    private readonly FloatBuffer _filtered = Filled((ConvolvedSteps + KernelSize) * Filters);
    private CpuKernels _kernels = CpuKernels.Best;
    private SequenceNetwork _network = null!;
    private RecurrentWeights _weights = null!;
    private ConvolutionWeights _convolution = null!;

    public static IEnumerable<string> Widths => CpuKernels.Available.Select(kernels => kernels.Name);

    [ParamsSource(nameof(Widths))]
    public string Kernels { get; set; } = "";

    public static void Run()
        => BenchmarkRunner.Run<MicroBenchmarks>(DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)));

    [GlobalSetup]
    public void Setup()
    {
        _kernels = CpuKernels.Available.First(kernels => kernels.Name == Kernels);
        var parameters = new ParameterSet(Shape.Find("M").Network);
        Initializer.Initialize(parameters, forgetBias: 1f, new Random(1));
        _network = new SequenceNetwork(parameters, NetworkPasses.Backward, _kernels);
        _weights = _network.Weights(layer: 1, direction: 0);
        var convolved = new ParameterSet(Shape.Find("M").Network with
        {
            Convolutions = new ValueList<ConvolutionShape>(new ConvolutionShape(Hidden, 8), new ConvolutionShape(Filters, KernelSize)),
        });
        Initializer.Initialize(convolved, forgetBias: 1f, new Random(1));
        _convolution = new SequenceNetwork(convolved, NetworkPasses.Backward, _kernels).Convolutions[1];
    }

    /// <summary>An LSTM step: 2·4H·2H·B operations and the gates.</summary>
    [Benchmark]
    public void ForwardStep() => _kernels.Forward(_weights.Cell, Step);

    /// <summary>
    /// The gradients of a step's gates, and the product with Uᵀ: 2·4H·H·B operations. It uses the gates up, so they come to be small
    /// numbers.
    /// </summary>
    [Benchmark]
    public void BackwardStep()
    {
        _gates.Span.Fill(0.5f);
        _dh.Span.Fill(1e-3f);
        _dc.Span.Fill(1e-3f);
        _kernels.Backward(_weights.Cell, Step);
    }

    /// <summary>A [64 x 128] times the packed W of 512 columns: 2·64·128·512 operations.</summary>
    [Benchmark]
    public void MultiplyAdd()
    {
        _gates.Span.Clear();
        _kernels.MultiplyAdd(Rows, _x.Pointer, Hidden, Hidden, _weights.Cell.Input, Gates / _kernels.Lanes, _gates.Pointer, Gates);
    }

    /// <summary>Aᵀ [128 x 64] times a panel of B of four vectors.</summary>
    [Benchmark]
    public void MultiplyTransposed()
        => _kernels.MultiplyTransposed(Hidden, _x.Pointer, Hidden, Rows, _panel.Pointer, 4 * _kernels.Lanes, vectors: 4, _product.Pointer,
            accumulate: false);

    /// <summary>
    /// A convolution of 5 steps, from 128 channels to 256, over 240 steps, normalized and rectified: 2·5·128·256·240 operations.
    /// </summary>
    [Benchmark]
    public void Convolve() => _kernels.Convolve([new RowSpan(KernelSize / 2, ConvolvedSteps)],
        _convolution.Forward(_curve.Pointer, _filtered.Pointer, normalized: true));

    /// <summary>tanh of 64 x 128 numbers; σ takes as long.</summary>
    [Benchmark]
    public void Tanh()
    {
        switch (_kernels.Lanes)
        {
            case 16: Tanh<Simd512, Vector512<float>>(); break;
            case 8: Tanh<Simd256, Vector256<float>>(); break;
            case 4: Tanh<Simd128, Vector128<float>>(); break;
            default: Tanh<SimdScalar, float>(); break;
        }
    }

    /// <summary>64 rows of gates to a panel of four vectors, with their sums.</summary>
    [Benchmark]
    public void PackRows() => _kernels.PackRows(Rows, _gates.Pointer, Gates, vectors: 4, _panel.Pointer, _sums.Pointer);

    /// <summary>All weights of shape M for the kernels, as after each update.</summary>
    [Benchmark]
    public void PackNetwork() => _network.Pack();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tanh<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        for (int i = 0; i < Rows * Hidden; i += S.Lanes)
            S.Store(Activations.Tanh<S, V>(S.Load(_x.Pointer + i)), _h.Pointer + i);
    }

    private CellStep Step => new()
    {
        Rows = Rows,
        Carried = Rows,
        X = _x.Pointer,
        XRow = Hidden,
        H = _h.Pointer,
        HRow = Hidden,
        HPrevious = _hPrevious.Pointer,
        C = _c.Pointer,
        CPrevious = _cPrevious.Pointer,
        Gates = _gates.Pointer,
        DH = _dh.Pointer,
        DC = _dc.Pointer,
    };

    private static FloatBuffer Filled(int length)
    {
        var buffer = new FloatBuffer(length);
        var random = new Random(1);
        foreach (ref float value in buffer.Span)
            value = random.NextSingle() - 0.5f;
        return buffer;
    }
}
