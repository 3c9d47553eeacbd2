using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The dropout of one training batch: a rate from 0 to below 1 for each place where values are dropped. Dropout is inverted (Srivastava et
/// al. 2014): kept values are divided by 1 − rate, so that scoring needs no change.
/// </summary>
/// <remarks>
/// Whether an element is kept is a hash of the batch's key and the element's place, the sequence by its number in the batch. So the
/// backward pass draws the same elements again, and neither threads nor the lengths of other sequences change them.
/// </remarks>
/// <param name="Key">The seed of the batch's masks, another one for each batch.</param>
internal readonly record struct Dropout(ulong Key)
{
    // Streams of random numbers. From FirstLayerStream on, each direction of each layer has two.
    private const int TokenStream = 0;
    private const int InputStream = 1;
    private const int OutputStream = 2;
    private const int FirstLayerStream = 3;
    private const int CharacterStream = -1;
    private const int WeightStream = -2;
    private const int OwnTokenStream = -3;

    /// <summary>The rate at which tokens become the unknown token 0, each by itself (word dropout; Iyyer et al. 2015).</summary>
    public float Tokens { get; init; }

    /// <summary>How much more often rare tokens become the unknown one, see <see cref="TokenRates"/>; 0 for as often as others.</summary>
    public float RareTokens { get; init; }

    /// <summary>The rate of each token, where rare ones have larger ones; null where all have <see cref="Tokens"/>.</summary>
    public TokenRates? TokenRates { get; init; }

    /// <summary>The rate at which characters of words become the unknown character 0, each by itself.</summary>
    public float Characters { get; init; }

    /// <summary>
    /// The rate for the features that the first layer reads; variational (Gal and Ghahramani 2016): the same features at all steps of a
    /// sequence.
    /// </summary>
    public float Inputs { get; init; }

    /// <summary>The rate for the units of h that a layer's recurrent product reads; variational.</summary>
    public float States { get; init; }

    /// <summary>The rate for the units of h that the next layer reads, other units at each step.</summary>
    public float Layers { get; init; }

    /// <summary>The rate for the encoding that the head reads; with a head per step, other units at each step.</summary>
    public float Outputs { get; init; }

    /// <summary>
    /// The rate for the recurrent weights U, which are dropped for a whole batch (DropConnect; Wan et al. 2013, Merity et al. 2018).
    /// </summary>
    public float Weights { get; init; }

    /// <summary>
    /// The rate, from 0 to 1, at which a decoder reads the token that it would have written in place of the true one (scheduled sampling;
    /// Bengio et al. 2015), each by itself.
    /// </summary>
    public float OwnTokens { get; init; }

    /// <summary>The number, among all ranks, of the one whose part of the batch this is; their sequences take turns in the batch.</summary>
    public int Rank { get; init; }

    /// <summary>How many other ranks have parts of the batch.</summary>
    public int OtherRanks { get; init; }

    /// <summary>Whether anything is dropped.</summary>
    public bool IsOn => OwnTokens > 0 || Weights > 0
        || DropsTokens || Characters > 0 || Inputs > 0 || States > 0 || Layers > 0 || Outputs > 0;

    /// <summary>Whether any token becomes the unknown one.</summary>
    public bool DropsTokens => Tokens > 0 || TokenRates is not null;

    /// <summary>Whether a token becomes the unknown one.</summary>
    public bool DropsToken(int sequence, int step, int column, int token)
        => Mask(TokenRates is null ? Tokens : TokenRates[column, token], TokenStream, sequence, step).Drops(column);

    /// <summary>Whether a decoder reads its own token.</summary>
    public bool ReadsOwnToken(int sequence, int step)
        => OwnTokens >= 1 || Mask(OwnTokens, OwnTokenStream, sequence, step).Drops(0);

    /// <summary>Which characters of a word of the batch become the unknown one.</summary>
    public DropoutMask CharacterMask(int word) => Mask(Characters, CharacterStream, word, step: 0);

    public DropoutMask InputMask(int sequence) => Mask(Inputs, InputStream, sequence, step: 0);

    public DropoutMask StateMask(int layer, int direction, int sequence)
        => Mask(States, FirstLayerStream + 2 * (2 * layer + direction), sequence, step: 0);

    public DropoutMask LayerMask(int layer, int direction, int sequence, int step)
        => Mask(Layers, FirstLayerStream + 2 * (2 * layer + direction) + 1, sequence, step);

    /// <summary>Which of a direction's recurrent weights are dropped.</summary>
    public DropoutMask WeightMask(int layer, int direction) => NumberedMask(Weights, WeightStream, number: layer, step: direction);

    public DropoutMask OutputMask(int sequence, int step) => Mask(Outputs, OutputStream, sequence, step);

    private DropoutMask Mask(float rate, int stream, int sequence, int step)
        => NumberedMask(rate, stream, sequence * (1 + OtherRanks) + Rank, step);

    private DropoutMask NumberedMask(float rate, int stream, int number, int step)
        => new(rate, SplitMix64.Mix(
            SplitMix64.Mix(SplitMix64.Mix(SplitMix64.Mix(Key) + (ulong)stream) + (ulong)number) + (ulong)step));
}

/// <summary>Which elements of a vector are dropped.</summary>
/// <param name="rate">The share of elements that are dropped.</param>
/// <param name="stream">The seed that decides which.</param>
internal readonly struct DropoutMask(float rate, ulong stream)
{
    private readonly uint _threshold = (uint)(rate * (1L << 32));

    public bool Drops(int index) => (uint)(SplitMix64.Mix(stream + (ulong)index) >> 32) < _threshold;

    /// <summary>Drops or scales each element of <paramref name="source"/>, which may also be the destination.</summary>
    public void Apply(ReadOnlySpan<float> source, Span<float> destination)
    {
        float scale = 1f / (1f - rate);
        for (int i = 0; i < source.Length; i++)
            destination[i] = Drops(i) ? 0f : source[i] * scale;
    }
}

/// <summary>
/// The masks of variational dropout: one for each row of a batch, which multiplies a vector of that sequence at every step.
/// </summary>
internal sealed unsafe class SequenceMasks
{
    private readonly FloatBuffer _masks = new();
    private int _width;

    /// <summary>Makes room for a mask of <paramref name="width"/> factors for each of <paramref name="rows"/> rows.</summary>
    public void Prepare(int rows, int width)
    {
        _width = width;
        _masks.Require((long)rows * width);
    }

    /// <summary>Draws the mask of row <paramref name="row"/>.</summary>
    public void Draw(int row, DropoutMask mask)
    {
        Span<float> factors = _masks.Span.Slice(row * _width, _width);
        factors.Fill(1f);
        mask.Apply(factors, factors);
    }

    /// <summary>Multiplies a vector of row <paramref name="row"/> by its mask.</summary>
    public void Apply(int row, float* source, float* destination)
        => TensorPrimitives.Multiply(new ReadOnlySpan<float>(source, _width), _masks.Span.Slice(row * _width, _width),
            new Span<float>(destination, _width));

    /// <summary>Adds a vector of row <paramref name="row"/>, multiplied by its mask.</summary>
    public void AddTo(int row, float* source, float* destination)
    {
        var sum = new Span<float>(destination, _width);
        TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(source, _width), _masks.Span.Slice(row * _width, _width), sum, sum);
    }
}
