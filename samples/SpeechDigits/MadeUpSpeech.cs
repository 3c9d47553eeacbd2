namespace SpeechDigits;

/// <summary>
/// Digits of nobody: three sounds each, two tones a sound as the vowels of a language have, higher or lower by the speaker.
/// </summary>
internal static class MadeUpSpeech
{
    private const double SecondsOfSound = 0.09;
    private const int TestRecordings = 5;

    // The two tones of five sounds, in hertz.
    private static readonly (double Low, double High)[] Sounds = [(300, 2300), (500, 1900), (750, 1250), (450, 850), (320, 800)];

    /// <summary>Makes recordings of each digit by each of three speakers.</summary>
    public static Recording[] Make(int recordings, Random random) =>
    [
        .. from digit in Enumerable.Range(0, 10)
           from speaker in new[] { "high", "middle", "low" }
           from index in Enumerable.Range(0, recordings)
           let pitch = speaker switch { "high" => 1.15, "low" => 0.87, _ => 1 }
           select new Recording(digit.ToString(), speaker, index < TestRecordings, Say(digit, pitch, random)),
    ];

    private static float[] Say(int digit, double pitch, Random random)
    {
        int[] sounds = [digit % 5, (digit / 2 + 2) % 5, (3 * digit + digit / 5) % 5];
        var samples = new List<float>();
        pitch *= 0.96 + 0.08 * random.NextDouble();
        foreach (int sound in sounds)
        {
            int length = (int)(Recording.SamplingRate * SecondsOfSound * (0.7 + 0.6 * random.NextDouble()));
            double loudness = 0.2 + 0.2 * random.NextDouble();
            for (int i = 0; i < length; i++)
            {
                double time = Math.Tau * i * pitch / Recording.SamplingRate, swell = Math.Sin(Math.PI * (i + 0.5) / length);
                samples.Add((float)(loudness * swell * (Math.Sin(Sounds[sound].Low * time) + 0.6 * Math.Sin(Sounds[sound].High * time))
                    + 0.03 * (2 * random.NextDouble() - 1)));
            }
        }
        return [.. samples];
    }
}
