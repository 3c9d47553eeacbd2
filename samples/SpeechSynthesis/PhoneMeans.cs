using System.Numerics.Tensors;

namespace SpeechSynthesis;

/// <summary>Speech without a model: for each third of each phone the mean of its spectra.</summary>
internal sealed class PhoneMeans
{
    private const int Parts = 3;

    private readonly Dictionary<(string Phone, int Part), float[]> _means;
    private readonly float[] _all;

    public PhoneMeans(Utterance[] utterances)
    {
        var steps = utterances.SelectMany(Steps).ToArray();
        _means = steps.GroupBy(step => step.Key).ToDictionary(group => group.Key, group => Mean(group.Select(step => step.Spectrum)));
        _all = Mean(steps.Select(step => step.Spectrum));
    }

    public float[] Spectra(Utterance utterance) => [.. Steps(utterance).SelectMany(step => _means.GetValueOrDefault(step.Key, _all))];

    private static IEnumerable<((string Phone, int Part) Key, float[] Spectrum)> Steps(Utterance utterance)
        => utterance.Spectra.Chunk(Sound.Bins).Select((spectrum, t) =>
            ((utterance.Phones[t], Math.Min(Parts - 1, (int)(Parts * utterance.Places[2 * t]))), spectrum));

    private static float[] Mean(IEnumerable<float[]> spectra)
    {
        float[] sum = new float[Sound.Bins];
        int count = 0;
        foreach (float[] spectrum in spectra)
        {
            TensorPrimitives.Add(sum, spectrum, sum);
            count++;
        }
        TensorPrimitives.Divide(sum, count, sum);
        return sum;
    }
}
