using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// What is dropped in one batch while training, each with a rate from 0 to below 1. Dropout is inverted (Srivastava et al.
/// 2014): what is kept is divided by 1 − rate, so that scoring needs no change.
/// </summary>
/// <remarks>
/// Which elements are kept is a hash of the batch's key and the element's place, the sequence by its number in the batch. So
/// the backward pass draws the same ones again, and neither threads nor the lengths of other sequences change them.
/// </remarks>
/// <param name="Key">Another one for each batch.</param>
internal readonly record struct Dropout(ulong Key)
{
    // Streams of random numbers; those of the layers' directions follow, two each.
    private const int TokenStream = 0;
    private const int InputStream = 1;
    private const int OutputStream = 2;
    private const int FirstLayerStream = 3;

    /// <summary>Of the tokens, which become the unknown token 0, each by itself (word dropout; Iyyer et al. 2015).</summary>
    public float Tokens { get; init; }

    /// <summary>
    /// Of the features that the first layer reads; variational (Gal and Ghahramani 2016): the same ones at all steps of a sequence.
    /// </summary>
    public float Inputs { get; init; }

    /// <summary>Of the units of h that a layer's recurrent product reads; variational.</summary>
    public float States { get; init; }

    /// <summary>Of what one layer reads of the one below it, at each step other ones.</summary>
    public float Layers { get; init; }

    /// <summary>Of the encoding that the head reads; with outputs a step, at each step other ones.</summary>
    public float Outputs { get; init; }

    /// <summary>Whether anything is dropped.</summary>
    public bool IsOn => Tokens > 0 || Inputs > 0 || States > 0 || Layers > 0 || Outputs > 0;

    /// <summary>Whether a token becomes the unknown one.</summary>
    public bool DropsToken(int sequence, int step, int column) => Mask(Tokens, TokenStream, sequence, step).Drops(column);

    public DropoutMask InputMask(int sequence) => Mask(Inputs, InputStream, sequence, step: 0);

    public DropoutMask StateMask(int layer, int direction, int sequence)
        => Mask(States, FirstLayerStream + 2 * (2 * layer + direction), sequence, step: 0);

    public DropoutMask LayerMask(int layer, int direction, int sequence, int step)
        => Mask(Layers, FirstLayerStream + 2 * (2 * layer + direction) + 1, sequence, step);

    public DropoutMask OutputMask(int sequence, int step) => Mask(Outputs, OutputStream, sequence, step);

    private DropoutMask Mask(float rate, int stream, int sequence, int step)
        => new(rate, SplitMix64.Mix(SplitMix64.Mix(SplitMix64.Mix(SplitMix64.Mix(Key) + (ulong)stream) + (ulong)sequence)
            + (ulong)step));
}

/// <summary>Which elements of a vector are dropped.</summary>
/// <param name="rate">The share of them.</param>
/// <param name="stream">Decides which.</param>
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
