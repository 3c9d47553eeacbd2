namespace SentimentAnalysis;

/// <summary>A review and whether it is a good one.</summary>
internal sealed class Review
{
    public bool Label { get; set; }

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

/// <summary>A review and what the model's opinion of it comes from.</summary>
internal sealed class ExplainedReview
{
    public string[] Words { get; set; } = [];

    public bool PredictedLabel { get; set; }

    /// <summary>What each word adds to the score, which is positive for a good review.</summary>
    public float[] StepAttribution { get; set; } = [];
}
