namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// Random bits as a function of a number rather than of a generator's state, so that any thread draws them in any order: the output
/// function of SplitMix64 (Steele, Lea and Flood 2014).
/// </summary>
internal static class SplitMix64
{
    /// <summary>The bits that belong to <paramref name="value"/>: a key, or a key and a position added to each other.</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
