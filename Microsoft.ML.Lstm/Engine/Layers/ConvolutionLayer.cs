using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// A convolution over the steps of sequences, with batch normalization (Ioffe and Szegedy 2015) and a rectifier: y = W·x, over a
/// window of steps; z = max(0, γ·(y − μ)/σ + β). While training, μ and σ² are the mean and variance of each filter over all steps of
/// the batch, so that each pass meets once in its middle, where the statistics of all sequences are put together; in scoring, and in the
/// passes of a frozen layer, they are running means of these, and a sequence does not depend on those beside it.
/// </summary>
/// <remarks>
/// Statistics are those of spans of rows, in float, put together in double in the order of the rows: threads, which share sequences, change
/// no bit. The variance comes from squared distances from the mean of a span (Chan, Golub and LeVeque 1979).
/// </remarks>
internal sealed unsafe class ConvolutionLayer(
    ConvolutionWeights weights, ParameterSet parameters, CpuKernels kernels, SpacedRows rows, bool isFrozen)
{
    private const double ShareOfBatch = 0.1;

    private readonly int _width = weights.Width;
    private readonly FloatBuffer _y = new();
    private readonly FloatBuffer _z = new();
    private readonly FloatBuffer _d = new();
    private readonly FloatBuffer _parts = new();
    private readonly FloatBuffer _mean = new(weights.Width);
    private readonly FloatBuffer _scale = new(weights.Width);
    private readonly FloatBuffer _shift = new(weights.Width);
    private readonly FloatBuffer _slope = new(weights.Width);
    private readonly FloatBuffer _offset = new(weights.Width);
    private readonly double[] _variance = new double[weights.Shape.Filters];
    private readonly double[] _dFactor = new double[weights.Shape.Filters];
    private readonly double[] _dSummand = new double[weights.Shape.Filters];

    public ConvolutionWeights Weights => weights;

    /// <summary>z, a row each step.</summary>
    public float* Output => _z.Pointer;

    /// <summary>The gradient of z, to be set before <see cref="BackwardActivation"/>; then of W·x.</summary>
    public float* Gradient => _d.Pointer;

    /// <summary>Makes room for the rows; <paramref name="keep"/> when the backward pass will follow.</summary>
    public void Prepare(bool keep)
    {
        rows.Prepare(_z, _width);
        if (!keep)
            return;
        _y.Require((long)rows.Total * _width);
        rows.Prepare(_d, _width);
        _parts.Require(2L * rows.Spans.Length * _width);
    }

    /// <summary>z of rows <paramref name="begin"/> to <paramref name="end"/> of the batch, by the running statistics.</summary>
    public void Score(int begin, int end, float* x)
        => kernels.Convolve(rows.Spans[rows.SpansOf(begin, end)], weights.Forward(x, _z.Pointer, normalized: true));

    /// <summary>y of rows <paramref name="begin"/> to <paramref name="end"/> of the batch, and the moments of their spans.</summary>
    public void Convolve(int begin, int end, float* x)
    {
        Range range = rows.SpansOf(begin, end);
        kernels.Convolve(rows.Spans[range], weights.Forward(x, _y.Pointer, normalized: false));
        for (int i = range.Start.Value; i < range.End.Value; i++)
            kernels.Moments(rows.Spans[i].Count, _width, Row(_y, i), Part(0, i), Part(1, i));
    }

    /// <summary>Puts the moments of all spans together.</summary>
    public void FinishMoments()
    {
        ReadOnlySpan<float> factor = parameters[weights.Factor], summand = parameters[weights.Summand];
        if (isFrozen)
        {
            parameters[weights.Mean].CopyTo(_mean.Span);
            weights.Scale.CopyTo(_scale.Span);
            weights.Shift.CopyTo(_shift.Span);
            return;
        }
        for (int filter = 0; filter < factor.Length; filter++)
        {
            double mean = 0, squares = 0, count = 0;
            for (int i = 0; i < rows.Spans.Length; i++)
            {
                double added = rows.Spans[i].Count, distance = Part(0, i)[filter] - mean, sum = count + added;
                mean += distance * added / sum;
                squares += Part(1, i)[filter] + distance * distance * count * added / sum;
                count = sum;
            }
            _variance[filter] = squares / count;
            double scale = factor[filter] * InverseDeviation(filter);
            _mean.Pointer[filter] = (float)mean;
            _scale.Pointer[filter] = (float)scale;
            _shift.Pointer[filter] = (float)(summand[filter] - scale * mean);
        }
    }

    /// <summary>z of rows <paramref name="begin"/> to <paramref name="end"/> of the batch, by the statistics of the batch.</summary>
    public void Normalize(int begin, int end)
    {
        foreach (RowSpan span in rows.Spans[rows.SpansOf(begin, end)])
            kernels.Rectify(span.Count, _width, At(_y, span), _scale.Pointer, _shift.Pointer, At(_z, span));
    }

    /// <summary>Back through the rectifier, for rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    public void BackwardActivation(int begin, int end)
    {
        Range range = rows.SpansOf(begin, end);
        for (int i = range.Start.Value; i < range.End.Value; i++)
        {
            kernels.RectifierGradient(rows.Spans[i].Count, _width, Row(_y, i), Row(_z, i), _mean.Pointer, Row(_d, i), Part(0, i),
                Part(1, i));
        }
    }

    /// <summary>Puts the sums of all spans together.</summary>
    public void FinishSums()
    {
        // Running statistics don't depend on the batch, so their gradient is 0, as the buffers are.
        if (isFrozen)
            return;
        for (int filter = 0; filter < _variance.Length; filter++)
        {
            double sum = 0, products = 0;
            for (int i = 0; i < rows.Spans.Length; i++)
            {
                sum += Part(0, i)[filter];
                products += Part(1, i)[filter];
            }
            double inverse = InverseDeviation(filter), scale = parameters[weights.Factor][filter] * inverse;
            _dSummand[filter] = sum;
            _dFactor[filter] = products * inverse;
            _slope.Pointer[filter] = (float)(scale * inverse * inverse * products / rows.Steps);
            _offset.Pointer[filter] = (float)(scale * sum / rows.Steps);
        }
    }

    /// <summary>
    /// Back through the normalization and, unless <paramref name="dx"/> is null, the convolution, for rows <paramref name="begin"/> to
    /// <paramref name="end"/> of the batch.
    /// </summary>
    public void BackwardConvolution(int begin, int end, float* dx)
    {
        ReadOnlySpan<RowSpan> spans = rows.Spans[rows.SpansOf(begin, end)];
        var gradient = new NormalizationGradient
        {
            Mean = _mean.Pointer,
            Scale = _scale.Pointer,
            Slope = _slope.Pointer,
            Offset = _offset.Pointer,
        };
        foreach (RowSpan span in spans)
            kernels.InputGradient(span.Count, _width, At(_y, span), gradient, At(_d, span));
        if (dx != null)
            kernels.Convolve(spans, weights.Backward(_d.Pointer, dx));
    }

    /// <summary>Adds the gradients of γ and β.</summary>
    public void AddNormalizationGradients(ParameterSet target)
    {
        Span<float> factor = target[weights.Factor], summand = target[weights.Summand];
        for (int filter = 0; filter < factor.Length; filter++)
        {
            factor[filter] += (float)_dFactor[filter];
            summand[filter] += (float)_dSummand[filter];
        }
    }

    /// <summary>The gradient of the filters. Rows of zeros between sequences add nothing to it.</summary>
    /// <param name="x">The layer's input.</param>
    public PanelGradient NewGradient(Func<nint> x)
    {
        DenseGradients gradients = weights.NewGradients(kernels);
        return new PanelGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength, (begin, end, scratch, target) =>
            gradients.Add(begin, end, rows.Total - 2 * rows.Gap,
                (float*)x() + (rows.Gap - weights.Shape.StepsBefore) * weights.WindowStep, _d.Pointer + rows.Gap * _width, scratch,
                target));
    }

    /// <summary>
    /// Moves the running statistics towards those of the last batch, as PyTorch does: by a tenth, or by more as long as there were fewer
    /// than ten batches, whose mean they are then.
    /// </summary>
    /// <param name="batches">The batches so far, with this one; null where the statistics did not begin with this training.</param>
    public void UpdateStatistics(int? batches)
    {
        // A single step has no variance.
        if (rows.Steps < 2)
            return;
        double share = batches is { } count ? Math.Max(ShareOfBatch, 1.0 / count) : ShareOfBatch;
        double unbiased = rows.Steps / (rows.Steps - 1.0);
        Span<float> mean = parameters[weights.Mean], variance = parameters[weights.Variance];
        for (int filter = 0; filter < mean.Length; filter++)
        {
            mean[filter] += (float)(share * ((double)_mean.Pointer[filter] - mean[filter]));
            variance[filter] += (float)(share * (unbiased * _variance[filter] - variance[filter]));
        }
    }

    private double InverseDeviation(int filter) => 1 / Math.Sqrt(_variance[filter] + ConvolutionWeights.Epsilon);

    private float* Row(FloatBuffer buffer, int span) => At(buffer, rows.Spans[span]);

    private float* At(FloatBuffer buffer, RowSpan span) => buffer.Pointer + (long)span.First * _width;

    private float* Part(int part, int span) => _parts.Pointer + (2L * span + part) * _width;
}
