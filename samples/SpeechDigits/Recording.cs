using System.IO.Compression;
using Shared.Sound;

namespace SpeechDigits;

/// <summary>A spoken digit.</summary>
/// <param name="Digit">0 to 9.</param>
/// <param name="Speaker">Who said it.</param>
/// <param name="Index">The how-manyth recording of the digit by the speaker it is.</param>
/// <param name="Samples">8,000 a second, from −1 to 1.</param>
internal sealed record Recording(int Digit, string Speaker, int Index, float[] Samples)
{
    /// <summary>Samples a second.</summary>
    public const int SamplingRate = 8000;

    // The Free Spoken Digit Dataset's official split.
    private const int TestRecordings = 5;

    /// <summary>Whether it is one of those to test with.</summary>
    public bool IsTest => Index < TestRecordings;

    /// <summary>Reads the files {digit}_{speaker}_{index}.wav of a folder, or of a zip file.</summary>
    /// <exception cref="InvalidDataException">There is none, or one is no recording of 8,000 samples a second.</exception>
    /// <exception cref="FormatException">One is no WAV file.</exception>
    public static Recording[] Read(string path)
    {
        Recording[] recordings = Directory.Exists(path)
            ? [.. Directory.EnumerateFiles(path, "*.wav", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file =>
            {
                using FileStream stream = File.OpenRead(file);
                return Parse(file, stream);
            })]
            : ReadZip(path);
        return recordings.Length > 0 ? recordings : throw new InvalidDataException($"{path} has no WAV files.");
    }

    /// <summary>Writes such files to a folder.</summary>
    public static void Write(string folder, IEnumerable<Recording> recordings)
    {
        Directory.CreateDirectory(folder);
        foreach (Recording recording in recordings)
            WaveFile.Write(Path.Combine(folder, $"{recording.Digit}_{recording.Speaker}_{recording.Index}.wav"), SamplingRate,
                recording.Samples);
    }

    private static Recording[] ReadZip(string path)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        var recordings = new List<Recording>();
        foreach (ZipArchiveEntry entry in zip.Entries.OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            if (!entry.Name.EndsWith(".wav", StringComparison.Ordinal))
                continue;
            // The reader goes back and forth.
            var copy = new MemoryStream();
            using (Stream stream = entry.Open())
                stream.CopyTo(copy);
            copy.Position = 0;
            recordings.Add(Parse(entry.Name, copy));
        }
        return [.. recordings];
    }

    private static Recording Parse(string file, Stream stream)
    {
        string[] parts = Path.GetFileNameWithoutExtension(file).Split('_');
        if (parts.Length != 3 || !int.TryParse(parts[0], out int digit) || !int.TryParse(parts[2], out int index))
            throw new InvalidDataException($"{file} is not called digit_speaker_index.wav.");
        return new Recording(digit, parts[1], index, WaveFile.Read(stream, file, SamplingRate));
    }
}
