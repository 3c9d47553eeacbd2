namespace TextGenerator;

/// <summary>A text, in one row.</summary>
internal sealed class Page
{
    public string Text { get; set; } = "";
}
