using System.ComponentModel.DataAnnotations;

namespace WebApi;

/// <summary>Where models are and how they are served; <c>--Models:SentimentPath=FILE</c> on the command line sets one.</summary>
internal sealed class ApiOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Models";

    /// <summary>The classifier of reviews, a model.zip.</summary>
    [Required]
    public string SentimentPath { get; set; } = "models/sentiment.zip";

    /// <summary>The forecaster as it was trained, a model.zip.</summary>
    [Required]
    public string SalesPath { get; set; } = "models/sales.zip";

    /// <summary>The forecaster with all that it has seen since; it goes on from there when the service starts again.</summary>
    [Required]
    public string SalesStatePath { get; set; } = "models/sales-state.zip";

    /// <summary>How often the forecaster is saved while days come in; it is saved at the end in any case.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SaveEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Days that may wait for the forecaster; more are refused with 503.</summary>
    [Range(1, int.MaxValue)]
    public int QueueLength { get; set; } = 1024;

    /// <summary>Whether the classifier is exchanged when its file changes.</summary>
    public bool Watch { get; set; } = true;
}
