namespace Microsoft.ML.Lstm;

/// <summary>The accuracy of the evaluated forecasts, of a baseline, or of one of several targets.</summary>
public sealed class ForecastAccuracy
{
    internal ForecastAccuracy(string name, ForecastFigures overall, IReadOnlyList<ForecastFigures> perHorizon,
        IReadOnlyList<ForecastAccuracy> perTarget)
    {
        Name = name;
        Overall = overall;
        PerHorizon = perHorizon;
        PerTarget = perTarget;
    }

    /// <summary><c>forecast</c>, the name of a baseline, or the name of a target column.</summary>
    public string Name { get; }

    /// <summary>The figures of all forecasts together.</summary>
    public ForecastFigures Overall { get; }

    /// <summary>The figures of the forecasts 1, 2, ... H rows ahead, the first of them at index 0.</summary>
    public IReadOnlyList<ForecastFigures> PerHorizon { get; }

    /// <summary>The accuracy of each target, in the order of the target columns; empty for the accuracy of a target.</summary>
    public IReadOnlyList<ForecastAccuracy> PerTarget { get; }
}
