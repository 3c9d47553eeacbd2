using System.Numerics.Tensors;
using Microsoft.ML.Data;

namespace SpeechDigits;

/// <summary>A recording of digits, as ML.NET reads it.</summary>
internal sealed class Utterance
{
    // Between two digits of a string, in seconds.
    private const double LongestPause = 0.3;
    private const int FewestDigits = 3;
    private const int MostDigits = 7;

    public float[] Spectra { get; set; } = [];

    /// <summary>What one would compute without a network: the mean and the deviation of each band.</summary>
    [VectorType(2 * SpeechDigits.Spectra.Bands)]
    public float[] Statistics { get; set; } = [];

    /// <summary>The first digit, for recordings of one.</summary>
    public string Label { get; set; } = "";

    public string[] Labels { get; set; } = [];

    /// <summary>A single digit.</summary>
    public static Utterance Of(Recording recording, Spectra spectra)
    {
        float[] steps = spectra.Of(recording.Samples);
        float[][] bands = [.. Enumerable.Range(0, SpeechDigits.Spectra.Bands)
            .Select(band => steps.Where((_, i) => i % SpeechDigits.Spectra.Bands == band).ToArray())];
        return new Utterance
        {
            Spectra = steps,
            Statistics = [.. bands.SelectMany(values => new[] { values.Average(), TensorPrimitives.StdDev<float>(values) })],
            Label = recording.Label,
            Labels = [recording.Label],
        };
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
            yield return new Utterance { Spectra = spectra.Of([.. samples]), Labels = [.. said.Select(one => one.Label)] };
        }
    }
}

/// <summary>What a model understood.</summary>
internal sealed class Understood
{
    public string[] Said { get; set; } = [];

    public float LogProbability { get; set; }
}
