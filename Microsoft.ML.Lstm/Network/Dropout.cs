namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// Inverted dropout (Srivastava et al. 2014): an element is kept with probability 1 − rate and then divided by it, so that
/// scoring needs no change. Which ones are kept is a hash of the batch's key and the element's place, so the backward pass
/// draws the same ones again and threads do not change them.
/// </summary>
/// <param name="Rate">The share dropped, from 0 to below 1.</param>
/// <param name="Key">Another one for each batch.</param>
internal readonly record struct Dropout(float Rate, ulong Key)
{
    /// <summary>Scales or drops the H units of one packed row of one direction of one layer.</summary>
    public void Apply(int layer, int direction, int packedRow, ReadOnlySpan<float> source, Span<float> destination)
    {
        ulong stream = Mix(Mix(Key + (ulong)(2 * layer + direction)) + (ulong)packedRow);
        uint threshold = (uint)(Rate * (1L << 32));
        float scale = 1f / (1f - Rate);
        for (int i = 0; i < source.Length; i++)
            destination[i] = (uint)(Mix(stream + (ulong)i) >> 32) < threshold ? 0f : source[i] * scale;
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014).</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
