using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Modules;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>A vector for each token, <c>torch.nn.Embedding</c>.</summary>
/// <remarks>
/// The gradient has the rows that were read since <see cref="LayerOptimizer.Step"/>; the others keep their values and moments, as with
/// PyTorch's <c>sparse=True</c> and SparseAdam.
/// </remarks>
public sealed class EmbeddingLayer : Layer
{
    private readonly EmbeddingLookup _lookup;
    private readonly KeptTensor _output = new();
    private int[] _tokens = [];
    private int _count;
    private bool _hasRun;

    /// <summary>Makes a table with random vectors, normal with a deviation of 0.1.</summary>
    /// <param name="numberOfTokens">V: the tokens, from 0 to V − 1.</param>
    /// <param name="size">E: the width of a vector.</param>
    /// <param name="seed">The seed of the vectors; <see langword="null"/> for another one each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    public EmbeddingLayer(int numberOfTokens, int size, int? seed = null)
        : base(ShapeOf(numberOfTokens, size), seed, _ => "weight")
        => _lookup = new EmbeddingLookup(Weights);

    /// <summary>V: the tokens.</summary>
    public int NumberOfTokens => Weights.Shape.Embeddings[0].Rows;

    /// <summary>E: the width of a vector.</summary>
    public int Size => Weights.Shape.Embeddings[0].Size;

    private protected override PackedParameter[] Packed => [];

    /// <summary>The vector of each token.</summary>
    /// <param name="tokens">[...], tokens from 0 to V − 1.</param>
    /// <returns>[..., E].</returns>
    /// <exception cref="ArgumentOutOfRangeException">A token is none of these.</exception>
    public Tensor<float> Forward(Tensor<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ReadOnlySpan<int> read = tokens.Flat();
        FloatBuffer.Require(ref _tokens, read.Length);
        foreach (int token in read)
        {
            if ((uint)token >= NumberOfTokens)
                throw new ArgumentOutOfRangeException(nameof(tokens), token, $"Tokens are 0 to {NumberOfTokens - 1}.");
        }
        read.CopyTo(_tokens);
        _count = read.Length;
        _hasRun = IsTraining;
        Span<nint> lengths = stackalloc nint[tokens.Rank + 1];
        tokens.Lengths.CopyTo(lengths);
        lengths[^1] = Size;
        Tensor<float> output = _output.Of(lengths);
        for (int i = 0; i < _count; i++)
            _lookup.LookUp(_tokens.AsSpan(i, 1), _output.Values.Slice(i * Size, Size));
        return output;
    }

    /// <summary>Adds the gradient of the vectors that were read.</summary>
    /// <param name="outputGradient">The gradient of the last <see cref="Forward"/>'s outputs.</param>
    /// <exception cref="InvalidOperationException">There was no <see cref="Forward"/> in training.</exception>
    public void Backward(Tensor<float> outputGradient)
    {
        RequireForward(_hasRun);
        ArgumentNullException.ThrowIfNull(outputGradient);
        if (outputGradient.FlattenedLength != (nint)_count * Size)
            throw new ArgumentException($"Expected {_count} vectors of {Size} numbers, as the outputs have, found "
                + $"[{string.Join(", ", outputGradient.Lengths.ToArray())}].", nameof(outputGradient));
        _hasRun = false;
        ReadOnlySpan<float> gradient = outputGradient.Flat();
        for (int i = 0; i < _count; i++)
            _lookup.Backward(_tokens.AsSpan(i, 1), gradient.Slice(i * Size, Size), Gradient);
    }

    private static NetworkShape ShapeOf(int numberOfTokens, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numberOfTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return new NetworkShape
        {
            Cell = CellType.Rnn,
            InputSize = size,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(numberOfTokens - 1, size)),
            HiddenSize = 1,
            Layers = 0,
            OutputSize = 0,
        };
    }
}
