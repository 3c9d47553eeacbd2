namespace MusicGenerator;

/// <summary>A tune: its notes as words, such as C4:4.</summary>
internal sealed class Tune
{
    public string[] Notes { get; set; } = [];
}

/// <summary>A note.</summary>
/// <param name="Pitch">The number that MIDI has for it: 60 is the middle C.</param>
/// <param name="Length">In sixteenths.</param>
internal readonly record struct Note(int Pitch, int Length)
{
    private const int SixteenthsOfBar = 16;

    private static readonly string[] Names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

    public string Name => $"{Names[Pitch % 12]}{Pitch / 12 - 1}";

    /// <exception cref="InvalidDataException">It is no note.</exception>
    public static Note Parse(string word)
    {
        string[] parts = word.Split(':');
        return parts.Length == 2 && parts[0].Length > 1 && char.IsAsciiDigit(parts[0][^1])
            && Array.IndexOf(Names, parts[0][..^1]) is >= 0 and int place && int.TryParse(parts[1], out int length) && length > 0
                ? new Note(12 * (parts[0][^1] - '0' + 1) + place, length)
                : throw new InvalidDataException($"'{word}' is no note; expected a name, an octave and sixteenths, such as C#4:8.");
    }

    /// <summary>The notes bar by bar; one that is longer than its bar stands in the bar that it begins in.</summary>
    public static IEnumerable<Note[]> InBars(IEnumerable<Note> notes)
    {
        var bar = new List<Note>();
        int length = 0;
        foreach (Note note in notes)
        {
            bar.Add(note);
            length += note.Length;
            if (length < SixteenthsOfBar)
                continue;
            yield return [.. bar];
            bar.Clear();
            length %= SixteenthsOfBar;
        }
        if (bar.Count > 0)
            yield return [.. bar];
    }

    public override string ToString() => $"{Name}:{Length}";
}
