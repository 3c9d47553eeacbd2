namespace Microsoft.ML.Lstm.Series;

/// <summary>What an engine wants of the next row that it sends through its pipeline.</summary>
internal enum RowUse
{
    /// <summary>It is the next observation.</summary>
    Observe,

    /// <summary>It only asks for what is known already.</summary>
    Ask,

    /// <summary>It tells the known covariates of a later row.</summary>
    Tell,
}

/// <summary>An engine's word to the transformers in its pipeline.</summary>
internal sealed class StreamControl
{
    public RowUse Use { get; set; }

    /// <summary>The series that is asked for; null for that of the last observation.</summary>
    public string? Series { get; set; }

    /// <summary>Steps to forecast; null for all.</summary>
    public int? Horizon { get; set; }

    /// <summary>Later rows that were told since the last observation.</summary>
    public int StepsTold { get; set; }
}
