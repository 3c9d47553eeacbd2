using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Finds the unit of a model's residuals and the distribution of their scores, from rows that the model was not trained on.
/// </summary>
internal static class ResidualCalibration
{
    /// <summary>How many residuals it takes for one to lie in each tail of the distribution of scores.</summary>
    public const int EnoughResiduals = 40;

    /// <summary>Measures the residuals of a model that forecasts one target one step ahead.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The series that it was trained and validated on.</param>
    /// <param name="options">How rows are scored.</param>
    /// <param name="beforeStep">Called before each step; may throw to cancel.</param>
    /// <returns>The unit, the distribution and the number of residuals. Where there are fewer than <see cref="EnoughResiduals"/>, scores of
    /// a logistic distribution with a deviation of 1 make up the number.</returns>
    /// <exception cref="InvalidOperationException">There is no residual.</exception>
    public static (ResidualScale Scale, ScoreDistribution Scores, int Residuals) Measure(ForecastModel model, ForecastData data,
        ScoreOptions options, Action? beforeStep = null)
    {
        var residuals = new List<(float Error, bool HasSpread, double Distance)>();
        UsualValue? usual = null;
        var starts = new HashSet<int>();
        int last = -1;
        ForecastTraining.RunHeldOut(model, data, (stream, series, t) =>
        {
            if (series != last)
            {
                starts.Add(residuals.Count);
                usual = new UsualValue(model, data.Rows[series].Series, options.History);
            }
            last = series;
            float value = data.Rows[series][t + 1][0];
            if (!float.IsFinite(value))
                return;
            residuals.Add(((float)stream[0].ErrorOf(value), stream[0].Spread > 0, usual!.DistanceOf(value)));
            usual.Follow(value);
        }, beforeStep);
        if (residuals.Count == 0)
            throw new InvalidOperationException("There is no value to compare with its forecast.");

        // The errors of a series that never varied have another unit.
        float[] errors = [.. residuals.Where(residual => residual.HasSpread).Select(residual => residual.Error)];
        ResidualScale scale = errors.Length > 0 ? ResidualScale.Of(errors, options.Smoothing) : new(0, 1, options.Smoothing);
        scale.UsualWeight = options.UsualWeight;
        var scorer = new ResidualScorer(scale);
        float[] scores = new float[residuals.Count];
        for (int i = 0; i < scores.Length; i++)
        {
            if (starts.Contains(i))
                scorer.Reset();
            (float error, bool hasSpread, double distance) = residuals[i];
            double residual = scorer.Add(hasSpread ? (error - scale.Median) / scale.Unit : error);
            scores[i] = (float)scorer.Combine(residual, hasSpread ? distance : 0);
        }
        int missing = EnoughResiduals - scores.Length;
        IEnumerable<float> standIns = Enumerable.Range(0, Math.Max(0, missing))
            .Select(i => (float)Statistics.LogisticQuantile((i + 0.5) / missing));
        return (scale, ScoreDistribution.Of([.. scores, .. standIns]), residuals.Count);
    }
}

/// <summary>How rows are scored.</summary>
/// <param name="Smoothing">How many rows a score is summed over.</param>
/// <param name="UsualWeight">The weight of the distance from what is usual.</param>
/// <param name="History">About how many scores p-values go by; 0 for those of the validation rows only.</param>
internal readonly record struct ScoreOptions(int Smoothing, double UsualWeight, int History);
