namespace PredictiveMaintenance;

/// <summary>
/// Intervals around expected lives, from how far the model was wrong on machines that it was not trained on: split conformal prediction
/// (Vovk 2005), among those expectations that were about as long. Nobody can say much of a machine that is new, more of one near its end.
/// </summary>
/// <param name="calibration">Expectations of machines that the model has not seen.</param>
/// <param name="confidence">How many of the lives are to be within.</param>
internal sealed class LifeIntervals(IEnumerable<Expectation> calibration, double confidence)
{
    private const int Neighbours = 100;

    private readonly Expectation[] _calibration = [.. calibration];

    public (float Lower, float Upper) Around(float score)
    {
        float[] errors = [.. _calibration.OrderBy(other => Math.Abs(other.Score - score)).Take(Neighbours)
            .Select(other => other.Error).Order()];
        float error = errors[Math.Min(errors.Length - 1, (int)Math.Ceiling(confidence * (errors.Length + 1)) - 1)];
        return (Math.Max(0, score - error), score + error);
    }
}
