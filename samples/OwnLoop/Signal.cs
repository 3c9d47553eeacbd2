namespace OwnLoop;

/// <summary>A value of a signal; the values stand in the order of time.</summary>
internal sealed class Reading
{
    public float Value { get; set; }
}

/// <summary>A signal, of which pieces are to be imitated: they are brought to a mean of 0 and a variance of 1/2, as a sine has.</summary>
internal sealed class Signal
{
    /// <summary>Values of a piece.</summary>
    public const int Steps = 24;

    private readonly float[] _values;
    private readonly int[] _begins;

    public Signal(Reading[] readings)
    {
        float[] values = [.. readings.Select(reading => reading.Value)];
        float[] known = [.. values.Where(float.IsFinite)];
        double mean = known.Length == 0 ? 0 : known.Average();
        double deviation = Math.Sqrt(known.Sum(value => Math.Pow(value - mean, 2)) / Math.Max(1, known.Length));
        _values = Array.ConvertAll(values, value => (float)((value - mean) / Math.Max(1e-6, deviation * Math.Sqrt(2))));
        _begins = [.. Enumerable.Range(0, Math.Max(0, values.Length - Steps + 1))
            .Where(begin => _values.AsSpan(begin, Steps).IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0)];
    }

    /// <summary>Pieces that have no missing value.</summary>
    public int Windows => _begins.Length;

    /// <summary>A wave whose period goes up and down between 10 and 14.</summary>
    public static IEnumerable<Reading> Make()
    {
        double phase = 0;
        for (int t = 0; t < 6000; t++)
        {
            phase += Math.Tau / (10 + 8 * Math.Abs(t / 740.0 % 1 - 0.5));
            yield return new Reading { Value = (float)Math.Sin(phase) };
        }
    }

    /// <summary>A piece, drawn at random.</summary>
    public ReadOnlySpan<float> Draw(Random random) => _values.AsSpan(_begins[random.Next(_begins.Length)], Steps);
}
