namespace Biosequences;

/// <summary>What a base mostly is, by itself and the four on each side of it.</summary>
internal sealed class WindowTable
{
    private const int Reach = 4;

    private readonly Dictionary<string, string> _usual;
    private readonly string _most;

    public WindowTable(LetteredStrand[] strands)
    {
        _most = strands.SelectMany(strand => strand.Parts).CountBy(part => part).MaxBy(count => count.Value).Key;
        _usual = strands.SelectMany(strand => Windows(strand.Bases).Zip(strand.Parts))
            .GroupBy(pair => pair.First, pair => pair.Second)
            .ToDictionary(window => window.Key, window => window.CountBy(part => part).MaxBy(count => count.Value).Key);
    }

    public IEnumerable<string> Label(string[] bases) => Windows(bases).Select(window => _usual.GetValueOrDefault(window, _most));

    private static IEnumerable<string> Windows(string[] bases)
        => bases.Select((_, i) => string.Concat(bases[Math.Max(0, i - Reach)..Math.Min(bases.Length, i + Reach + 1)]));
}
