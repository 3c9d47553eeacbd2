using System.Globalization;
using Shared.Sound;

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

    /// <exception cref="InvalidDataException">A file is not as expected.</exception>
    public static Recording[] ReadFolder(string folder)
        => [.. Directory.EnumerateFiles(folder, "*.wav").Order(StringComparer.Ordinal).Select(Read)];

    public static void WriteFolder(string folder, IEnumerable<Recording> recordings)
    {
        Directory.CreateDirectory(folder);
        foreach (Recording recording in recordings)
        {
            WaveFile.Write(Path.Combine(folder, recording.Name + ".wav"), SamplingRate, recording.Samples);
            File.WriteAllLines(Path.Combine(folder, recording.Name + ".lab"), recording.Phones.Select(phone =>
                string.Create(CultureInfo.InvariantCulture, $"{phone.From:0.0000} {phone.To:0.0000} {phone.Name}")));
        }
    }

    private static Recording Read(string path)
    {
        string labels = Path.ChangeExtension(path, ".lab");
        if (!File.Exists(labels))
            throw new InvalidDataException($"{path} has no file {Path.GetFileName(labels)} beside it, with its phones.");
        using FileStream file = File.OpenRead(path);
        float[] samples = WaveFile.Read(file, path, SamplingRate);
        Phone[] phones = [.. File.ReadLines(labels).Where(line => line.Trim().Length > 0).Select(line => Parse(line)
            ?? throw new InvalidDataException($"{labels}: expected from, to and phone, such as 0.25 0.31 a, found: {line}"))];
        return phones.Length > 0 ? new Recording(Path.GetFileNameWithoutExtension(path), phones, samples)
            : throw new InvalidDataException($"{labels} has no phones.");
    }

    private static Phone? Parse(string line)
        => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var from, var to, var phone]
            && double.TryParse(from, NumberStyles.Float, CultureInfo.InvariantCulture, out double begin)
            && double.TryParse(to, NumberStyles.Float, CultureInfo.InvariantCulture, out double end) && begin < end
                ? new Phone(phone, begin, end) : null;
}
