namespace Microsoft.ML.Lstm.Scoring;

/// <summary>What a detector of anomalies needs to know beside its forecasts.</summary>
internal sealed record AnomalySettings
{
    /// <summary>The column that receives what it says.</summary>
    public required string OutputColumnName { get; init; }

    /// <summary>In percent: alerts are given for p-values of at most 1 − this.</summary>
    public required double Confidence { get; init; }

    public ResidualSide Side { get; init; }

    /// <summary>Median and unit of the residuals, and the rows that a score is over.</summary>
    public required Network.ResidualScale Residuals { get; init; }
}
