namespace Accuracy.Data;

/// <summary>A series of T steps with F numbers each, step-major, and its class.</summary>
internal sealed class Series
{
    public string Label = "";
    public float[] Features = [];
}

/// <summary>A text, cut into tokens, and its class.</summary>
internal sealed class Text
{
    public string Label = "";
    public string[] Tokens = [];
}

/// <summary>What to train on and what to measure with.</summary>
internal sealed record Split<T>(IReadOnlyList<T> Train, IReadOnlyList<T> Test);
