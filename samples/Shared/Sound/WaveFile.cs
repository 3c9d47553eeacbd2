using NAudio.Wave;
using NAudio.Wave.SampleProviders;

namespace Shared.Sound;

/// <summary>Recordings as WAV files, read and written by NAudio.</summary>
internal static class WaveFile
{
    private const int BitsOfSample = 16;

    /// <summary>The samples of a recording of any rate and number of channels as one channel of a given rate, from −1 to 1.</summary>
    /// <param name="stream">The file, in which the reader goes back and forth.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="samplingRate">Samples a second.</param>
    /// <exception cref="InvalidDataException">It is no WAV file, or has no sound in it.</exception>
    public static float[] Read(Stream stream, string name, int samplingRate)
    {
        using WaveFileReader reader = Open(stream, name);
        ISampleProvider provider = reader.ToSampleProvider();
        if (reader.WaveFormat.SampleRate != samplingRate)
            provider = new WdlResamplingSampleProvider(provider, samplingRate);
        var samples = new List<float>();
        float[] second = new float[samplingRate * reader.WaveFormat.Channels];
        while (provider.Read(second) is var count and > 0)
            samples.AddRange(second.AsSpan(0, count));
        if (samples.Count == 0)
            throw new InvalidDataException($"{name} has no sound in it.");
        return reader.WaveFormat.Channels == 1 ? [.. samples]
            : [.. samples.Chunk(reader.WaveFormat.Channels).Select(channels => channels.Average())];
    }

    private static WaveFileReader Open(Stream stream, string name)
    {
        try
        {
            return new WaveFileReader(stream);
        }
        // They don't say which file it is.
        catch (Exception error) when (error is FormatException or EndOfStreamException)
        {
            throw new InvalidDataException($"{name} is no WAV file: {error.Message}");
        }
    }

    /// <summary>Writes samples, which are cut to −1 to 1.</summary>
    public static void Write(string path, int samplingRate, float[] samples)
    {
        using var writer = new WaveFileWriter(path, new WaveFormat(samplingRate, BitsOfSample, channels: 1));
        foreach (float sample in samples)
            writer.WriteSample(Math.Clamp(sample, -1, 1));
    }
}
