using NAudio.Wave;

namespace Shared.Sound;

/// <summary>Recordings of one channel as WAV files, read and written by NAudio.</summary>
internal static class WaveFile
{
    private const int BitsOfSample = 16;

    /// <summary>The samples, from −1 to 1.</summary>
    /// <param name="stream">The file, in which the reader goes back and forth.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="samplingRate">Samples a second.</param>
    /// <exception cref="InvalidDataException">It has another sampling rate, or several channels.</exception>
    /// <exception cref="FormatException">It is no WAV file.</exception>
    public static float[] Read(Stream stream, string name, int samplingRate)
    {
        using var reader = new WaveFileReader(stream);
        if (reader.WaveFormat.SampleRate != samplingRate || reader.WaveFormat.Channels != 1)
            throw new InvalidDataException($"{name} has {reader.WaveFormat.Channels} channels of {reader.WaveFormat.SampleRate} samples a "
                + $"second; expected 1 of {samplingRate}.");
        ISampleProvider provider = reader.ToSampleProvider();
        float[] samples = new float[reader.SampleCount];
        int read = 0;
        while (provider.Read(samples.AsSpan(read)) is var count and > 0)
            read += count;
        return samples[..read];
    }

    /// <summary>Writes samples, which are cut to −1 to 1.</summary>
    public static void Write(string path, int samplingRate, float[] samples)
    {
        using var writer = new WaveFileWriter(path, new WaveFormat(samplingRate, BitsOfSample, channels: 1));
        foreach (float sample in samples)
            writer.WriteSample(Math.Clamp(sample, -1, 1));
    }
}
