namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>What is kept of the forecasts of a series until the scale of their errors is known.</summary>
internal struct ErrorSum
{
    public long Forecasts { get; private set; }

    public double AbsoluteErrors { get; private set; }

    public void Add(double actual, double forecast)
    {
        Forecasts++;
        AbsoluteErrors += Math.Abs(actual - forecast);
    }
}
