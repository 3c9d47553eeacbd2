using NWaves.FeatureExtractors;
using NWaves.FeatureExtractors.Options;
using NWaves.Windows;

namespace SpeechDigits;

/// <summary>Logarithms of the energy in 40 bands of the mel scale, each 10 ms.</summary>
internal sealed class Spectra
{
    /// <summary>Numbers of a step.</summary>
    public const int Bands = 40;

    // What is below is silence, of whatever depth.
    private const float Floor = 1e-6f;

    // High sounds are weaker than low ones.
    private const float PreEmphasis = 0.97f;

    // It is not to be shared by threads.
    private readonly FilterbankExtractor _extractor = new(new FilterbankOptions
    {
        SamplingRate = Recording.SamplingRate,
        FrameDuration = 0.025,
        HopDuration = 0.010,
        FftSize = 256,
        FilterBankSize = Bands,
        Window = WindowType.Hann,
    });

    /// <summary>The steps one after the other.</summary>
    public float[] Of(float[] samples)
    {
        float[] emphasized = new float[samples.Length];
        for (int i = 0; i < samples.Length; i++)
            emphasized[i] = samples[i] - (i == 0 ? 0 : PreEmphasis * samples[i - 1]);
        return [.. _extractor.ComputeFrom(emphasized).SelectMany(frame => frame.Select(energy => MathF.Log(energy + Floor)))];
    }
}
