namespace NextItem;

/// <summary>A row of a web server's log: a page that was opened in a visit.</summary>
internal sealed class Click
{
    public string Visit { get; set; } = "";

    public string Page { get; set; } = "";
}

/// <summary>The pages of a visit so far.</summary>
internal sealed class Visit
{
    public string[] Pages { get; set; } = [];
}

/// <summary>The page that will be opened next, and how likely that is.</summary>
internal sealed class Foreseen
{
    public string[] Next { get; set; } = [];

    public float[] Score { get; set; } = [];
}

/// <summary>How likely a page seemed, and whether it was the one.</summary>
internal readonly record struct Guess(double Probability, bool IsRight);
