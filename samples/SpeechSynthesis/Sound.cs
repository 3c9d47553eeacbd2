using NWaves.Operations;
using NWaves.Transforms;

namespace SpeechSynthesis;

/// <summary>From sound to spectra, and back.</summary>
internal sealed class Sound
{
    /// <summary>Numbers of a spectrum: decibels of the power at 0, 31.25, 62.5 ... 4,000 Hz.</summary>
    public const int Bins = Window / 2 + 1;

    private const int Window = 256;
    private const int Hop = 64;
    private const int Rounds = 60;

    // What is below is silence, of whatever depth.
    private const float Floor = 1e-5f;

    private readonly Stft _transform = new(Window, Hop);

    /// <summary>The time in the middle of a step.</summary>
    public static double SecondsAt(int step) => (step * Hop + Window / 2) / (double)Recording.SamplingRate;

    public float[][] Analyze(float[] samples)
        => [.. _transform.Spectrogram(samples, normalize: false)
            .Select(powers => Array.ConvertAll(powers, power => 10 * MathF.Log10(power + Floor)))];

    /// <summary>
    /// A spectrum has no phases. Those of any sound are taken, and those of the sound that comes of it, again and again, until they fit
    /// together (Griffin and Lim 1984).
    /// </summary>
    public float[] Synthesize(float[] spectra)
    {
        List<float[]> powers = [.. spectra.Chunk(Bins).Select(decibels =>
            Array.ConvertAll(decibels, decibel => MathF.Max(0, MathF.Pow(10, decibel / 10) - Floor)))];
        float[] samples = new GriffinLimReconstructor(powers, _transform).Reconstruct(Rounds);
        float loudest = samples.Max(MathF.Abs);
        return loudest == 0 ? samples : Array.ConvertAll(samples, sample => 0.9f * sample / loudest);
    }
}
