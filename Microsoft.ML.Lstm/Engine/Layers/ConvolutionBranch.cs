using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The convolutions beside the recurrent layers, one on top of the other, each with batch normalization and a rectifier, which read the
/// same steps: a fully convolutional network (Wang et al. 2017), with the recurrent layers an LSTM-FCN (Karim et al. 2018). Its encoding of
/// a sequence is the mean of the last outputs over the steps, or the largest of each filter.
/// </summary>
internal sealed unsafe class ConvolutionBranch
{
    private readonly NetworkShape _shape;
    private readonly CpuKernels _kernels;
    private readonly ConvolutionLayer[] _layers;
    private readonly SpacedRows _rows;
    private readonly FloatBuffer _x = new();
    private readonly FloatBuffer _dx = new();
    private SequenceBatch _batch = null!;

    // For each row and filter the step of the largest output.
    private int[] _maxSteps = [];

    /// <param name="shape">The network's shape.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="weights">The packed weights of the convolutions.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="isFrozen">Whether passes with keep normalize by the running statistics, as scoring does.</param>
    public ConvolutionBranch(NetworkShape shape, ParameterSet parameters, ConvolutionWeights[] weights, CpuKernels kernels, bool isFrozen)
    {
        _shape = shape;
        _kernels = kernels;
        _rows = new SpacedRows(weights.Max(layer => Math.Max(layer.Shape.StepsBefore, layer.Shape.StepsBehind)));
        _layers = [.. weights.Select(layer => new ConvolutionLayer(layer, parameters, kernels, _rows, isFrozen))];
    }

    /// <summary>The number of layers.</summary>
    public int Layers => _layers.Length;

    private ConvolutionLayer Top => _layers[^1];

    /// <summary>Makes room for <paramref name="batch"/>; <paramref name="keep"/> when the backward pass will follow.</summary>
    public void Prepare(SequenceBatch batch, bool keep)
    {
        _batch = batch;
        _rows.Place(batch);
        _rows.Prepare(_x, _shape.InputSize);
        foreach (ConvolutionLayer layer in _layers)
            layer.Prepare(keep);
        if (_shape.PoolsConvolutionsByMax)
            FloatBuffer.Require(ref _maxSteps, (long)batch.Count * _shape.ConvolutionSize);
    }

    /// <summary>Reads the steps of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="x">The packed rows [N x I].</param>
    public void Read(int begin, int end, float* x)
    {
        int size = _shape.InputSize;
        for (int row = begin; row < end; row++)
        {
            float* to = _x.Pointer + (long)_rows.First(row) * size;
            for (int t = 0; t < _batch.Length(row); t++, to += size)
                new ReadOnlySpan<float>(x + (_batch.FirstRow(t) + (long)row) * size, size).CopyTo(new Span<float>(to, size));
        }
    }

    /// <summary>All layers in scoring.</summary>
    public void Score(int begin, int end)
    {
        for (int layer = 0; layer < _layers.Length; layer++)
            _layers[layer].Score(begin, end, Input(layer));
    }

    /// <summary>A layer in training, up to where the statistics of the batch are needed.</summary>
    public void Convolve(int layer, int begin, int end)
    {
        if (layer > 0)
            _layers[layer - 1].Normalize(begin, end);
        _layers[layer].Convolve(begin, end, Input(layer));
    }

    /// <summary>The statistics of the batch, after <see cref="Convolve"/> of all rows.</summary>
    public void FinishMoments(int layer) => _layers[layer].FinishMoments();

    /// <summary>The last layer's outputs in training, after <see cref="FinishMoments"/> of it.</summary>
    public void Finish(int begin, int end) => Top.Normalize(begin, end);

    /// <summary>The encodings of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="encodings">Receives the encoding of row i at <c>encodings[i·stride]</c>.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    public void Pool(int begin, int end, float* encodings, int stride)
    {
        int width = Top.Weights.Width, size = _shape.ConvolutionSize;
        float* means = stackalloc float[width];
        for (int row = begin; row < end; row++)
        {
            var encoding = new Span<float>(encodings + (long)row * stride, size);
            if (_shape.PoolsConvolutionsByMax)
            {
                FindLargest(row, encoding);
                continue;
            }
            _kernels.Mean(_batch.Length(row), width, OutputOf(row), means);
            new ReadOnlySpan<float>(means, size).CopyTo(encoding);
        }
    }

    private void FindLargest(int row, Span<float> largest)
    {
        Span<int> maxSteps = MaxSteps(row);
        Row(row, step: 0).CopyTo(largest);
        maxSteps.Clear();
        for (int t = 1; t < _batch.Length(row); t++)
        {
            ReadOnlySpan<float> y = Row(row, t);
            for (int j = 0; j < y.Length; j++)
            {
                // NaN has to win, so that the loss shows it.
                if (y[j] > largest[j] || float.IsNaN(y[j]))
                    (largest[j], maxSteps[j]) = (y[j], t);
            }
        }
    }

    private Span<int> MaxSteps(int row) => _maxSteps.AsSpan(row * _shape.ConvolutionSize, _shape.ConvolutionSize);

    /// <summary>The last layer's output at a step of a row of the batch.</summary>
    public ReadOnlySpan<float> Row(int row, int step) => new(OutputOf(row) + (long)step * Top.Weights.Width, _shape.ConvolutionSize);

    /// <summary>The gradient of <see cref="Row"/>, with the padding behind it.</summary>
    public Span<float> DRow(int row, int step)
        => new(Top.Gradient + (_rows.First(row) + (long)step) * Top.Weights.Width, Top.Weights.Width);

    /// <summary>Passes the gradients of the encodings back to the steps.</summary>
    public void SpreadGradient(int begin, int end, float* dEncodings, int stride)
    {
        int size = _shape.ConvolutionSize;
        for (int row = begin; row < end; row++)
        {
            int length = _batch.Length(row);
            var dEncoding = new ReadOnlySpan<float>(dEncodings + (long)row * stride, size);
            if (_shape.PoolsConvolutionsByMax)
            {
                for (int t = 0; t < length; t++)
                    DRow(row, t).Clear();
                ReadOnlySpan<int> maxSteps = MaxSteps(row);
                for (int j = 0; j < size; j++)
                    DRow(row, maxSteps[j])[j] = dEncoding[j];
                continue;
            }
            Span<float> first = DRow(row, step: 0);
            TensorPrimitives.Divide(dEncoding, length, first);
            first[size..].Clear();
            for (int t = 1; t < length; t++)
                first.CopyTo(DRow(row, t));
        }
    }

    /// <summary>Back to where the sums over the batch of a layer are needed; the layers above have been gone through.</summary>
    public void Backward(int layer, int begin, int end)
    {
        if (layer < _layers.Length - 1)
            _layers[layer + 1].BackwardConvolution(begin, end, _layers[layer].Gradient);
        _layers[layer].BackwardActivation(begin, end);
    }

    /// <summary>The sums over the batch, after <see cref="Backward"/> of all rows.</summary>
    public void FinishSums(int layer) => _layers[layer].FinishSums();

    /// <summary>Makes room for the gradient of the steps.</summary>
    public void PrepareInputGradient() => _dx.Require((long)_rows.Total * _layers[0].Weights.InputStride);

    /// <summary>Through the first convolution and, unless <paramref name="dX"/> is null, to the gradient of the packed rows.</summary>
    public void BackwardToInput(int begin, int end, float* dX, int stride)
    {
        _layers[0].BackwardConvolution(begin, end, dX == null ? null : _dx.Pointer);
        for (int row = begin; dX != null && row < end; row++)
        {
            float* dx = _dx.Pointer + (long)_rows.First(row) * _layers[0].Weights.InputStride;
            for (int t = 0; t < _batch.Length(row); t++, dx += _layers[0].Weights.InputStride)
            {
                var sum = new Span<float>(dX + (_batch.FirstRow(t) + (long)row) * stride, _shape.InputSize);
                TensorPrimitives.Add(sum, new ReadOnlySpan<float>(dx, _shape.InputSize), sum);
            }
        }
    }

    /// <summary>Adds the gradients of all normalizations.</summary>
    public void AddNormalizationGradients(ParameterSet target)
    {
        foreach (ConvolutionLayer layer in _layers)
            layer.AddNormalizationGradients(target);
    }

    /// <summary>The gradients of the filters, to be computed after the backward pass.</summary>
    public IEnumerable<PanelGradient> NewGradients()
        => _layers.Select((each, layer) => each.NewGradient(() => (nint)Input(layer)));

    /// <inheritdoc cref="ConvolutionLayer.UpdateStatistics"/>
    public void UpdateStatistics(int? batches)
    {
        foreach (ConvolutionLayer layer in _layers)
            layer.UpdateStatistics(batches);
    }

    private float* Input(int layer) => layer == 0 ? _x.Pointer : _layers[layer - 1].Output;

    private float* OutputOf(int row) => Top.Output + (long)_rows.First(row) * Top.Weights.Width;
}
