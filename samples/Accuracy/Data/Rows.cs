using Microsoft.ML.Data;

namespace Accuracy.Data;

/// <summary>A series of T steps with F numbers each, step-major, and its class.</summary>
internal sealed class Series
{
    public string Label = "";
    public float[] Features = [];

    [NoColumn]
    public int FeaturesPerStep = 1;
}

/// <summary>A text and its class.</summary>
internal sealed class Text
{
    public string Label = "";
    public string Content = "";

    /// <summary>
    /// Each character with the next one, including the start and end marks of ML.NET's tokenizer; only where they are asked for.
    /// </summary>
    public string[] Pairs = [];
}

/// <summary>What to train on and what to measure with.</summary>
internal sealed record Split<T>(IReadOnlyList<T> Train, IReadOnlyList<T> Test);
