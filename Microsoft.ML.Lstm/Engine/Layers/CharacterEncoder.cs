using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The features of words by their characters, y = tanh(b + maxₚ Σₖ W_k·e(p + k)) over the windows p of a word; 0 for a word without
/// characters. Each distinct word of a batch is encoded once.
/// </summary>
/// <remarks>
/// A word of n characters has n windows: there are boundaries before and behind it. The gradient of a filter goes to the characters of the
/// first window with the largest sum, and of a word it is the sum over all steps that read it.
/// </remarks>
internal sealed unsafe class CharacterEncoder
{
    private readonly ParameterSet _parameters;
    private readonly CharacterWeights _weights;
    private readonly CpuKernels _kernels;
    private readonly DenseGradients? _gradients;
    private readonly Parameter _table;
    private readonly Parameter _bias;
    private readonly int _tableIndex;

    // The distinct words of the batch, and their numbers by their numbers in the spellings, from 1; 0 for others.
    private readonly List<int> _words = [];
    private int[] _numberOfWord = [];

    // The distinct rows of the table that the batch reads, and their numbers, likewise.
    private readonly List<int> _rows = [];
    private readonly int[] _numberOfRow;

    // The numbers of the rows of each word's characters with the boundaries around them, word after word, and where each word begins.
    private int[] _places = [];
    private int[] _starts = [];
    private int[] _best = [];

    // e and W·e of each row [U x E], [U x K·F], the sums of all windows [P x F] and the features of the words [W x F]; and gradients.
    private readonly FloatBuffer _embedded = new();
    private readonly FloatBuffer _products = new();
    private readonly FloatBuffer _sums = new();
    private readonly FloatBuffer _features = new();
    private readonly FloatBuffer _dEmbedded = new();
    private readonly FloatBuffer _dProducts = new();
    private readonly FloatBuffer _dFeatures = new();
    private readonly FloatBuffer _scratch = new();

    public CharacterEncoder(ParameterSet parameters, CharacterWeights weights, CpuKernels kernels, bool backward)
    {
        (_parameters, _weights, _kernels) = (parameters, weights, kernels);
        _tableIndex = parameters.Shape.Embeddings.Count;
        _table = parameters.Embeddings[_tableIndex];
        _bias = parameters.Find(ParameterSet.CharacterBias);
        _numberOfRow = new int[_table.Rows];
        if (backward)
        {
            _gradients = weights.Products.NewGradients();
            _scratch.Require(_gradients.ScratchLength);
        }
    }

    private int Filters => _weights.Shape.Filters;

    private int Stride => _weights.FilterStride;

    private int KernelSize => _weights.Shape.KernelSize;

    /// <summary>Encodes the words of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="keep">Whether to keep the sums that <see cref="Backward"/> needs.</param>
    /// <param name="dropout">What to drop.</param>
    public void Forward(SequenceBatch batch, bool keep, Dropout dropout)
    {
        FindWords(batch);
        FindRows(batch.Spellings, dropout);
        int inputStride = _weights.Products.InputStride, outputStride = _weights.Products.OutputStride;
        _embedded.Require((long)_rows.Count * inputStride);
        _products.Require((long)_rows.Count * outputStride);
        for (int i = 0; i < _rows.Count; i++)
            _parameters.Row(_table, _rows[i]).CopyTo(_embedded.Span[(i * inputStride)..]);
        _weights.Products.Forward(_rows.Count, _embedded.Pointer, _products.Pointer);

        _features.Require((long)_words.Count * Stride);
        _sums.Require((keep ? (long)_starts[_words.Count] : 1) * Stride);
        for (int word = 0; word < _words.Count; word++)
            Encode(word, keep);
        _kernels.Tanh(_words.Count * Stride, _features.Pointer);
        if (_words.Count > 0 && _numberOfWord[0] > 0)
            Row(_features, _numberOfWord[0] - 1, Stride).Clear();
    }

    /// <summary>The features [F] of a word, by its number in the spellings.</summary>
    public ReadOnlySpan<float> Features(int word) => Row(_features, _numberOfWord[word] - 1, Filters);

    /// <summary>Begins a backward pass, after a forward pass that kept its sums.</summary>
    public void BeginBackward()
    {
        _dFeatures.Require((long)_words.Count * Stride);
        _dFeatures.Span[..(_words.Count * Stride)].Clear();
    }

    /// <summary>Adds the gradient of the features that a step read of a word.</summary>
    public void AddGradient(int word, ReadOnlySpan<float> dFeatures)
    {
        Span<float> sum = Row(_dFeatures, _numberOfWord[word] - 1, Filters);
        TensorPrimitives.Add(sum, dFeatures, sum);
    }

    /// <summary>Adds the gradients of the weights and of the embeddings, after all of <see cref="AddGradient"/>.</summary>
    public void Backward(Gradient gradient)
    {
        DenseLayer products = _weights.Products;
        _kernels.TanhGradient(_words.Count * Stride, _features.Pointer, _dFeatures.Pointer);
        _dProducts.Require((long)_rows.Count * products.OutputStride);
        _dProducts.Span[..(_rows.Count * products.OutputStride)].Clear();
        _dEmbedded.Require((long)_rows.Count * products.InputStride);
        FloatBuffer.Require(ref _best, Filters);
        Span<float> dBias = gradient.Parameters[_bias];
        for (int word = 0; word < _words.Count; word++)
        {
            if (WindowsOf(word) == 0)
                continue;
            ReadOnlySpan<float> dWord = Row(_dFeatures, word, Filters);
            TensorPrimitives.Add(dBias, dWord, dBias);
            SpreadGradient(word, dWord);
        }
        products.Backward(_rows.Count, _dProducts.Pointer, _dEmbedded.Pointer);
        _gradients!.Add(0, _gradients.Panels, _rows.Count, _embedded.Pointer, _dProducts.Pointer, _scratch, gradient.Parameters);
        for (int i = 0; i < _rows.Count; i++)
        {
            Span<float> row = gradient.Row(_tableIndex, _rows[i]);
            TensorPrimitives.Add(row, _dEmbedded.Span.Slice(i * products.InputStride, row.Length), row);
        }
    }

    private void FindWords(SequenceBatch batch)
    {
        foreach (int word in _words)
            _numberOfWord[word] = 0;
        _words.Clear();
        // All zero still, as those of the batch before are set back.
        if (_numberOfWord.Length < batch.Spellings.Count)
            _numberOfWord = new int[FloatBuffer.Grow(_numberOfWord.Length, batch.Spellings.Count)];
        for (int row = 0; row < batch.TotalSteps; row++)
        {
            int word = batch.PackedTokens(row)[^1];
            if (_numberOfWord[word] > 0)
                continue;
            _words.Add(word);
            _numberOfWord[word] = _words.Count;
        }
    }

    private void FindRows(Spellings spellings, Dropout dropout)
    {
        foreach (int row in _rows)
            _numberOfRow[row] = 0;
        _rows.Clear();
        FloatBuffer.Require(ref _starts, _words.Count + 1);
        long end = 0;
        for (int i = 0; i < _words.Count; i++)
        {
            _starts[i] = (int)end;
            int length = spellings[_words[i]].Length;
            end += length == 0 ? 0 : length + KernelSize - 1;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(end, Array.MaxLength);
        }
        _starts[_words.Count] = (int)end;
        FloatBuffer.Require(ref _places, end);
        for (int i = 0; i < _words.Count; i++)
            FindRows(i, spellings[_words[i]], dropout.CharacterMask(i));
    }

    private void FindRows(int word, ReadOnlySpan<int> characters, DropoutMask dropped)
    {
        Span<int> places = _places.AsSpan(_starts[word].._starts[word + 1]);
        for (int place = 0; place < places.Length; place++)
        {
            int i = place - _weights.Shape.BoundariesBefore;
            bool isCharacter = i >= 0 && i < characters.Length;
            int row = !isCharacter ? _weights.Boundary : dropped.Drops(i) ? 0 : _weights.RowOf(characters[i]);
            if (_numberOfRow[row] == 0)
            {
                _rows.Add(row);
                _numberOfRow[row] = _rows.Count;
            }
            places[place] = _numberOfRow[row] - 1;
        }
    }

    private int WindowsOf(int word) => Math.Max(0, _starts[word + 1] - _starts[word] - KernelSize + 1);

    private void Encode(int word, bool keep)
    {
        Span<float> features = Row(_features, word, Stride);
        features.Clear();
        int windows = WindowsOf(word);
        for (int window = 0; window < windows; window++)
        {
            int place = _starts[word] + window;
            Span<float> sum = Row(_sums, keep ? place : 0, Stride);
            Product(place, 0).CopyTo(sum);
            for (int k = 1; k < KernelSize; k++)
                TensorPrimitives.Add(sum, Product(place, k), sum);
            if (window == 0)
                sum.CopyTo(features);
            else
                TensorPrimitives.Max(features, sum, features);
        }
        if (windows > 0)
            TensorPrimitives.Add(features[..Filters], _parameters[_bias], features[..Filters]);
    }

    /// <summary>Gives the gradient of each filter to the products that its largest sum was made of.</summary>
    private void SpreadGradient(int word, ReadOnlySpan<float> dWord)
    {
        int start = _starts[word], windows = WindowsOf(word);
        Span<int> best = _best.AsSpan(0, Filters);
        best.Clear();
        for (int window = 1; window < windows; window++)
        {
            ReadOnlySpan<float> sum = Row(_sums, start + window, Filters);
            for (int filter = 0; filter < best.Length; filter++)
            {
                if (sum[filter] > _sums.Pointer[(long)(start + best[filter]) * Stride + filter])
                    best[filter] = window;
            }
        }
        for (int filter = 0; filter < best.Length; filter++)
        {
            for (int k = 0; k < KernelSize; k++)
                _dProducts.Pointer[(long)_places[start + best[filter] + k] * _weights.Products.OutputStride + k * Stride + filter]
                    += dWord[filter];
        }
    }

    /// <summary>What the k-th character of the window at a place adds to its sum.</summary>
    private ReadOnlySpan<float> Product(int place, int k)
        => new(_products.Pointer + (long)_places[place + k] * _weights.Products.OutputStride + k * Stride, Stride);

    private Span<float> Row(FloatBuffer buffer, int row, int length) => new(buffer.Pointer + (long)row * Stride, length);
}
