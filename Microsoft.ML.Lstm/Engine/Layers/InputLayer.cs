using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The input of the first recurrent layer: the numeric features of each step of a packed batch, behind them the embeddings of its tokens,
/// and at last the features of its word's characters, after dropout.
/// </summary>
/// <param name="parameters">The network's parameters.</param>
/// <param name="characters">Encodes words by their characters; null for steps without.</param>
internal sealed unsafe class InputLayer(ParameterSet parameters, CharacterEncoder? characters)
{
    private readonly EmbeddingLookup? _embeddings = parameters.Shape.Embeddings.Count > 0 ? new EmbeddingLookup(parameters) : null;
    private readonly SequenceMasks _masks = new();
    private readonly FloatBuffer _dropped = new();
    private SequenceBatch _batch = null!;
    private Dropout _dropout;
    private int[] _tokens = [];

    /// <summary>The rows that the first recurrent layer reads, [N x I].</summary>
    public float* X => _dropout.Inputs > 0 ? _dropped.Pointer : _batch.X;

    /// <summary>Takes a batch whose rows are filled in already.</summary>
    public void Prepare(SequenceBatch batch) => (_batch, _dropout) = (batch, default);

    public void Prepare(SequenceBatch batch, bool keep, Dropout dropout)
    {
        _batch = batch;
        _dropout = dropout;
        if (_dropout.DropsTokens)
            FloatBuffer.Require(ref _tokens, (long)batch.TotalSteps * batch.TokenColumns);
        if (_dropout.Inputs > 0)
        {
            _masks.Prepare(batch.Count, batch.InputSize);
            _dropped.Require((long)batch.TotalSteps * batch.InputSize);
        }
        // A word may be in any of the sequences, which threads share.
        characters?.Forward(batch, keep, dropout);
    }

    /// <summary>Fills in the rows of sequences <paramref name="begin"/> to <paramref name="end"/>.</summary>
    public void Forward(int begin, int end)
    {
        if (_embeddings is null && characters is null && _dropout.Inputs == 0)
            return;
        for (int row = begin; _dropout.Inputs > 0 && row < end; row++)
            _masks.Draw(row, _dropout.InputMask(_batch.SequenceAt(row)));
        for (int t = 0; _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            for (int i = 0; i < count; i++)
            {
                if (_dropout.DropsTokens)
                    DropTokens(first + i, _batch.SequenceAt(begin + i), t);
                _embeddings?.LookUp(Tokens(first + i), _batch.Features(first + i)[_batch.NumericSize..]);
                characters?.Features(Word(first + i)).CopyTo(_batch.Features(first + i)[^CharacterFeatures..]);
                if (_dropout.Inputs > 0)
                    _masks.Apply(begin + i, _batch.X + (long)(first + i) * _batch.InputSize,
                        _dropped.Pointer + (long)(first + i) * _batch.InputSize);
            }
        }
    }

    /// <summary>
    /// Replaces the gradient of the rows of sequences <paramref name="begin"/> to <paramref name="end"/> by the gradient of the features
    /// before dropout.
    /// </summary>
    public void Backward(int begin, int end, float* dX, int stride)
    {
        for (int t = 0; _dropout.Inputs > 0 && _batch.TryRowsAt(t, begin, end, out int first, out int count); t++)
        {
            for (int i = 0; i < count; i++)
            {
                float* dx = dX + (long)(first + i) * stride;
                _masks.Apply(begin + i, dx, dx);
            }
        }
    }

    /// <summary>Adds the gradients of the embeddings that were read, after all of <see cref="Backward"/>.</summary>
    public void AddGradients(float* dX, int stride, Gradient gradient)
    {
        characters?.BeginBackward();
        for (int row = 0; (_embeddings is not null || characters is not null) && row < _batch.TotalSteps; row++)
        {
            var dx = new ReadOnlySpan<float>(dX + (long)row * stride, _batch.InputSize);
            _embeddings?.Backward(Tokens(row), dx[_batch.NumericSize..], gradient);
            characters?.AddGradient(Word(row), dx[^CharacterFeatures..]);
        }
        characters?.Backward(gradient);
    }

    private int CharacterFeatures => parameters.Shape.Characters!.Value.Filters;

    /// <summary>The number of a packed row's word.</summary>
    private int Word(int packedRow) => _batch.PackedTokens(packedRow)[^1];

    /// <summary>The tokens of a packed row, after dropout.</summary>
    private ReadOnlySpan<int> Tokens(int packedRow)
        => _dropout.DropsTokens ? _tokens.AsSpan(packedRow * _batch.TokenColumns, _batch.TokenColumns) : _batch.PackedTokens(packedRow);

    private void DropTokens(int packedRow, int sequence, int step)
    {
        ReadOnlySpan<int> tokens = _batch.PackedTokens(packedRow);
        for (int column = 0; column < tokens.Length; column++)
            _tokens[packedRow * tokens.Length + column] = _dropout.DropsToken(sequence, step, column, tokens[column])
                ? 0 : tokens[column];
    }
}
