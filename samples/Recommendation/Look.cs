namespace Recommendation;

/// <summary>A row of a shop's log: who looked at what, and when.</summary>
internal sealed class Look
{
    public string Visitor { get; set; } = "";

    public DateTime Time { get; set; }

    public string Item { get; set; } = "";
}

/// <summary>What a visitor has looked at in the order of time, and what he looked at then.</summary>
internal sealed class History
{
    public string[] Items { get; set; } = [];

    public string Next { get; set; } = "";
}

/// <summary>What a model would show the visitor.</summary>
internal sealed class Shown
{
    public string[] Items { get; set; } = [];

    public string Next { get; set; } = "";

    public string[] Recommended { get; set; } = [];
}
