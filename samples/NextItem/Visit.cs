namespace NextItem;

/// <summary>What a visitor of a shop looked at, in that order.</summary>
internal sealed class Visit
{
    public string[] Items { get; set; } = [];
}

/// <summary>A visit without its last item, and that item.</summary>
internal sealed class Question
{
    public string[] Items { get; set; } = [];
    public string Next { get; set; } = "";
}

/// <summary>The items that the model expects, the most probable first.</summary>
internal sealed class Answer
{
    public string[] Items { get; set; } = [];
    public string Next { get; set; } = "";
    public string[] Names { get; set; } = [];
    public float[] Score { get; set; } = [];
}
