namespace SpeechDigits;

/// <summary>A recording of digits, as ML.NET reads it.</summary>
internal sealed class Utterance
{
    // Between two digits of a string, in seconds.
    private const double LongestPause = 0.3;
    private const int FewestDigits = 3;
    private const int MostDigits = 7;

    public float[] Spectra { get; set; } = [];

    /// <summary>The first digit, for recordings of one.</summary>
    public string Digit { get; set; } = "";

    public string[] Digits { get; set; } = [];

    /// <summary>A single digit.</summary>
    public static Utterance Of(Recording recording, Spectra spectra)
    {
        string digit = recording.Digit.ToString();
        return new Utterance { Spectra = spectra.Of(recording.Samples), Digit = digit, Digits = [digit] };
    }

    /// <summary>Strings of 3 to 7 digits, each by one speaker, with pauses of 0 to 0.3 seconds.</summary>
    public static IEnumerable<Utterance> Strings(Recording[] recordings, int count, int seed)
    {
        var random = new Random(seed);
        var spectra = new Spectra();
        Recording[][] speakers = [.. recordings.GroupBy(recording => recording.Speaker).Select(one => one.ToArray())];
        for (int i = 0; i < count; i++)
        {
            Recording[] speaker = speakers[random.Next(speakers.Length)];
            Recording[] said =
                [.. Enumerable.Range(0, random.Next(FewestDigits, MostDigits + 1)).Select(_ => speaker[random.Next(speaker.Length)])];
            var samples = new List<float>(said[0].Samples);
            foreach (Recording next in said[1..])
            {
                samples.AddRange(new float[(int)(Recording.SamplingRate * LongestPause * random.NextDouble())]);
                samples.AddRange(next.Samples);
            }
            yield return new Utterance { Spectra = spectra.Of([.. samples]), Digits = [.. said.Select(one => one.Digit.ToString())] };
        }
    }
}

/// <summary>What a model understood.</summary>
internal sealed class Understood
{
    public string[] Said { get; set; } = [];

    public float LogProbability { get; set; }
}
