using Accuracy.Data;

namespace Tagging;

/// <summary>A sentence as a row of a pipeline.</summary>
internal sealed class Request
{
    public string[] Words { get; set; } = [];

    public string[] Labels { get; set; } = [];

    public static Request From(Sentence sentence)
        => new() { Words = Array.ConvertAll(sentence.Words, word => word.ToLowerInvariant()), Labels = sentence.Labels };
}

/// <summary>What the model makes of a sentence.</summary>
internal sealed class TaggedRequest
{
    public string[] Tags { get; set; } = [];
}
