namespace Biosequences;

/// <summary>A piece of DNA with what is known of it.</summary>
internal sealed class Strand
{
    /// <summary>The bases, a letter each.</summary>
    public string Bases { get; set; } = "";

    /// <summary>What the piece is as a whole.</summary>
    public string Kind { get; set; } = "";

    /// <summary>A letter for each base that says what it is part of.</summary>
    public string Parts { get; set; } = "";
}

/// <summary>A piece of DNA as the trainers read it.</summary>
internal sealed class LetteredStrand
{
    public string[] Bases { get; set; } = [];

    public string Kind { get; set; } = "";

    public string[] Parts { get; set; } = [];

    /// <summary>How often each word of three bases occurs, for what looks at no order beyond that.</summary>
    public string Text { get; set; } = "";

    public static LetteredStrand Of(Strand strand) => new()
    {
        Bases = Letters(strand.Bases.ToUpperInvariant()),
        Kind = strand.Kind,
        Parts = Letters(strand.Parts),
        Text = string.Join(' ', strand.Bases.ToUpperInvariant().AsEnumerable()),
    };

    private static string[] Letters(string text) => [.. text.Select(letter => letter.ToString())];
}

/// <summary>The parts that a model finds.</summary>
internal sealed class Parted
{
    public string[] Bases { get; set; } = [];

    public string[] Parts { get; set; } = [];

    public string[] Found { get; set; } = [];
}
