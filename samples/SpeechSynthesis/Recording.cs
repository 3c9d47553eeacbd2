using System.Globalization;
using NAudio.Wave;

namespace SpeechSynthesis;

/// <summary>A sound of speech, from one second to another.</summary>
internal sealed record Phone(string Name, double From, double To);

/// <summary>What somebody said: NAME.wav, and NAME.lab with a line for each phone: from, to (both in seconds), phone.</summary>
/// <param name="Name">The name of both files.</param>
/// <param name="Phones">The phones one after the other.</param>
/// <param name="Samples">8,000 a second, from −1 to 1.</param>
internal sealed record Recording(string Name, Phone[] Phones, float[] Samples)
{
    /// <summary>Samples a second.</summary>
    public const int SamplingRate = 8000;

    private static readonly WaveFormat Format = new(SamplingRate, bits: 16, channels: 1);

    /// <exception cref="InvalidDataException">A file is not as expected.</exception>
    public static Recording[] ReadFolder(string folder)
        => [.. Directory.EnumerateFiles(folder, "*.wav").Order(StringComparer.Ordinal).Select(Read)];

    public static void WriteFolder(string folder, IEnumerable<Recording> recordings)
    {
        Directory.CreateDirectory(folder);
        foreach (Recording recording in recordings)
        {
            WriteWave(Path.Combine(folder, recording.Name + ".wav"), recording.Samples);
            File.WriteAllLines(Path.Combine(folder, recording.Name + ".lab"), recording.Phones.Select(phone =>
                string.Create(CultureInfo.InvariantCulture, $"{phone.From:0.0000} {phone.To:0.0000} {phone.Name}")));
        }
    }

    public static void WriteWave(string path, float[] samples)
    {
        using var writer = new WaveFileWriter(path, Format);
        foreach (float sample in samples)
            writer.WriteSample(Math.Clamp(sample, -1, 1));
    }

    private static Recording Read(string path)
    {
        string labels = Path.ChangeExtension(path, ".lab");
        if (!File.Exists(labels))
            throw new InvalidDataException($"{path} has no file {Path.GetFileName(labels)} beside it, with its phones.");
        using var reader = new WaveFileReader(path);
        if (reader.WaveFormat is not { SampleRate: SamplingRate, Channels: 1 })
            throw new InvalidDataException($"{path} has {reader.WaveFormat.Channels} channels of {reader.WaveFormat.SampleRate} samples a "
                + $"second; expected 1 of {SamplingRate}.");
        float[] samples = new float[reader.SampleCount];
        ISampleProvider provider = reader.ToSampleProvider();
        int read = 0;
        while (provider.Read(samples.AsSpan(read)) is var count and > 0)
            read += count;
        Phone[] phones = [.. File.ReadLines(labels).Where(line => line.Trim().Length > 0).Select(line => Parse(line)
            ?? throw new InvalidDataException($"{labels}: expected from, to and phone, such as 0.25 0.31 a, found: {line}"))];
        return phones.Length > 0 ? new Recording(Path.GetFileNameWithoutExtension(path), phones, samples[..read])
            : throw new InvalidDataException($"{labels} has no phones.");
    }

    private static Phone? Parse(string line)
        => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var from, var to, var phone]
            && double.TryParse(from, NumberStyles.Float, CultureInfo.InvariantCulture, out double begin)
            && double.TryParse(to, NumberStyles.Float, CultureInfo.InvariantCulture, out double end) && begin < end
                ? new Phone(phone, begin, end) : null;
}
