using Microsoft.ML.Data;

namespace SentimentAnalysis;

/// <summary>A review and whether it is a good one, as a row of a pipeline and as a line of a file.</summary>
internal sealed class Review
{
    [LoadColumn(0)]
    public bool Label { get; set; }

    [LoadColumn(1)]
    public string Text { get; set; } = "";
}

/// <summary>What the model makes of a review.</summary>
internal sealed class Opinion
{
    public bool PredictedLabel { get; set; }

    public float Probability { get; set; }

    /// <summary>How much each word counted, with the sum 1.</summary>
    public float[] Attention { get; set; } = [];
}
