using System.IO.Compression;
using System.Text.RegularExpressions;
using Shared.Sound;

namespace SpeechDigits;

/// <summary>A spoken digit, or any other sound that has a name.</summary>
/// <param name="Label">What it is: a digit.</param>
/// <param name="Speaker">Who said it; empty where nobody tells.</param>
/// <param name="IsTest">Whether it is one of those to test with.</param>
/// <param name="Samples">8,000 a second, from −1 to 1.</param>
internal sealed partial record Recording(string Label, string Speaker, bool IsTest, float[] Samples)
{
    /// <summary>Samples a second; recordings of other rates are converted.</summary>
    public const int SamplingRate = 8000;

    // The Free Spoken Digit Dataset's official split.
    private const int TestRecordings = 5;

    // Of other recordings every fifth of a label tests.
    private const int TestStride = 5;

    /// <summary>Reads a folder or zip file of WAV files, in a folder for each label or called label_speaker_index.wav.</summary>
    /// <exception cref="InvalidDataException">There is none, or one is none or has no sound in it.</exception>
    public static Recording[] Read(string path)
    {
        (string Name, float[] Samples)[] files = [.. Directory.Exists(path) ? ReadFolder(path) : ReadZip(path)];
        if (files.Length == 0)
            throw new InvalidDataException($"{path} has no WAV files.");
        string[] folders = [.. files.Select(file => Path.GetFileName(Path.GetDirectoryName(file.Name)) ?? "")];
        if (folders.Distinct().Count() > 1)
            return OfLabels(files, folders);
        Match[] names = [.. files.Select(file => SpeakerPattern().Match(Path.GetFileName(file.Name)))];
        return !Array.TrueForAll(names, name => name.Success)
            ? OfLabels(files, [.. files.Select(file => NumberPattern().Replace(Path.GetFileNameWithoutExtension(file.Name), ""))])
            : [.. names.Zip(files, (name, file) => new Recording(name.Groups["label"].Value, name.Groups["speaker"].Value,
                int.Parse(name.Groups["index"].Value) < TestRecordings, file.Samples))];
    }

    /// <summary>Tests with all recordings of a speaker, and trains with those of the others.</summary>
    /// <exception cref="InvalidDataException">There is no such speaker, or no other one.</exception>
    public static Recording[] HoldOut(Recording[] recordings, string speaker)
    {
        string[] speakers = SpeakersOf(recordings);
        if (speakers is [] or [""])
            throw new InvalidDataException("The recordings' names tell no speakers; label_speaker_index.wav would.");
        if (!speakers.Contains(speaker))
            throw new InvalidDataException($"No speaker is called {speaker}; the speakers are {string.Join(", ", speakers)}.");
        if (speakers.Length == 1)
            throw new InvalidDataException($"All recordings are by {speaker}; there are none to train on.");
        return [.. recordings.Select(recording => recording with { IsTest = recording.Speaker == speaker })];
    }

    /// <summary>Whether the speakers of the test are known from training; null where nobody tells, or there is just one.</summary>
    public static string? WhoTests(Recording[] train, Recording[] test)
    {
        string[] known = SpeakersOf(train), tested = SpeakersOf(test), strangers = [.. tested.Except(known)];
        if (known.Union(tested).Count() < 2)
            return null;
        return strangers.Length == 0
            ? $"All speakers of the test ({string.Join(", ", tested)}) are in training too; strangers are harder: --hold-out-speaker."
            : $"Of the speakers of the test, training knows nothing of {string.Join(", ", strangers)}.";
    }

    /// <summary>The samples of a WAV file.</summary>
    /// <exception cref="InvalidDataException">It is none, or has no sound in it.</exception>
    public static float[] ReadSamples(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return WaveFile.Read(stream, file, SamplingRate);
    }

    /// <summary>Writes files label_speaker_index.wav to a folder, those to test with in front.</summary>
    public static void Write(string folder, IEnumerable<Recording> recordings)
    {
        Directory.CreateDirectory(folder);
        foreach (var group in recordings.GroupBy(recording => (recording.Label, recording.Speaker)))
        {
            foreach ((int index, Recording recording) in group.OrderByDescending(recording => recording.IsTest).Index())
                WaveFile.Write(Path.Combine(folder, $"{recording.Label}_{recording.Speaker}_{index}.wav"), SamplingRate, recording.Samples);
        }
    }

    private static string[] SpeakersOf(Recording[] recordings)
        => [.. recordings.Select(recording => recording.Speaker).Distinct().Order(StringComparer.Ordinal)];

    private static Recording[] OfLabels((string Name, float[] Samples)[] files, string[] labels)
    {
        var counts = new Dictionary<string, int>();
        return [.. files.Zip(labels, (file, label) =>
        {
            counts[label] = counts.GetValueOrDefault(label) + 1;
            return new Recording(label, "", counts[label] % TestStride == 0, file.Samples);
        })];
    }

    private static IEnumerable<(string Name, float[] Samples)> ReadFolder(string path)
    {
        foreach (string file in Directory.EnumerateFiles(path, "*.wav", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MatchCasing = MatchCasing.CaseInsensitive,
        }).Order(StringComparer.Ordinal))
            yield return (file, ReadSamples(file));
    }

    private static IEnumerable<(string Name, float[] Samples)> ReadZip(string path)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        foreach (ZipArchiveEntry entry in zip.Entries.OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            if (!entry.Name.EndsWith(".wav", StringComparison.OrdinalIgnoreCase))
                continue;
            // The reader goes back and forth.
            var copy = new MemoryStream();
            using (Stream stream = entry.Open())
                stream.CopyTo(copy);
            copy.Position = 0;
            yield return (entry.FullName, WaveFile.Read(copy, entry.FullName, SamplingRate));
        }
    }

    [GeneratedRegex(@"^(?<label>[^_]+)_(?<speaker>.+)_(?<index>\d{1,9})\.wav$", RegexOptions.IgnoreCase)]
    private static partial Regex SpeakerPattern();

    // Names such as dog12 and dog (2).
    [GeneratedRegex(@"[ _.-]*\(?\d*\)?$")]
    private static partial Regex NumberPattern();
}
