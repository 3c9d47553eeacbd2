namespace MusicGenerator;

/// <summary>
/// Tunes of eight bars in C: two phrases, each twice, the second time with another end (A A' B A'). Every bar has a chord and one of few
/// rhythms; strong notes are of the chord, and others go by steps.
/// </summary>
internal static class MadeUpTunes
{
    private static readonly int[] Scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79];

    // Places in the scale, from the middle C.
    private static readonly Dictionary<string, int[]> Chords = new()
    {
        ["C"] = [0, 2, 4, 7, 9],
        ["F"] = [3, 5, 7, 10],
        ["G"] = [1, 4, 6, 8, 11],
        ["Am"] = [0, 2, 5, 7, 9],
    };

    private static readonly string[][] Progressions = [["C", "F"], ["C", "G"], ["Am", "F"], ["C", "Am"]];

    private static readonly int[][] Rhythms = [[4, 4, 4, 4], [8, 4, 4], [4, 4, 8], [6, 2, 4, 4], [4, 2, 2, 4, 4]];

    public static Tune[] Make(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => MakeOne(random))];
    }

    private static Tune MakeOne(Random random)
    {
        int[][] rhythm = [Rhythms[random.Next(Rhythms.Length)], Rhythms[random.Next(Rhythms.Length)]];
        string[] chords = Progressions[random.Next(Progressions.Length)], others = Progressions[random.Next(Progressions.Length)];
        int at = Chords["C"][random.Next(3)];
        List<Note> first = Bar(random, chords[0], rhythm[0], ref at), second = Bar(random, chords[1], rhythm[1], ref at);
        List<Note> home = End(random, ref at);
        List<Note> third = Bar(random, others[1], rhythm[0], ref at), fourth = Bar(random, "G", rhythm[1], ref at);
        return new Tune
        {
            Notes = [.. new[] { first, second, first, home, third, fourth, first, home }.SelectMany(bar => bar)
            .Select(note => note.ToString())]
        };
    }

    private static List<Note> Bar(Random random, string chord, int[] rhythm, ref int at)
    {
        var notes = new List<Note>();
        for (int i = 0; i < rhythm.Length; i++)
        {
            int from = at;
            at = i % 2 == 0
                ? Chords[chord].MinBy(place => Math.Abs(place - from) + (place == from ? 2 : 0) + random.Next(2))
                : Math.Clamp(at + (random.Next(2) == 0 ? 1 : -1), 0, Scale.Length - 1);
            notes.Add(new Note(Scale[at], rhythm[i]));
        }
        return notes;
    }

    private static List<Note> End(Random random, ref int at)
    {
        int before = random.Next(2) == 0 ? 1 : 6;
        at = before == 1 ? 0 : 7;
        return [new Note(Scale[4], 4), new Note(Scale[before], 4), new Note(Scale[at], 8)];
    }
}
