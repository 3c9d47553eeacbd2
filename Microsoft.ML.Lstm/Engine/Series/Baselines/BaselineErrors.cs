namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>The errors of a network and of the baselines for the same values, and the mixture of them with the least error.</summary>
/// <param name="baselines">The baselines.</param>
/// <param name="usesSquares">Whether squared errors count, rather than absolute ones.</param>
/// <param name="observations">How many values tell something of their own: errors of overlapping forecasts are alike.</param>
internal sealed class BaselineErrors(Baseline[] baselines, bool usesSquares, double observations)
{
    // The weights of a mixture begin with the network alone, as if so many observations had said so.
    private const double PriorObservations = 10;

    // Row by row: the errors of the network, then of each baseline, in units.
    private readonly List<double[]> _errors = [];
    private readonly List<(double Actual, double Unit, bool IsLate)> _values = [];

    /// <summary>How many values there are.</summary>
    public int Count => _errors.Count;

    /// <summary>The network's error of each value in its unit, NaN where there is none.</summary>
    public double[] NetworkErrors => [.. _errors.Select(errors => errors[0])];

    /// <summary>The mean of the errors that are not NaN; null where all are.</summary>
    public double? ErrorOf(double[] networkErrors)
    {
        IEnumerable<double> known = networkErrors.Where(error => !double.IsNaN(error)).Select(error => usesSquares ? error * error
            : Math.Abs(error));
        return known.Any() ? Finish(known.Average()) : null;
    }

    /// <summary>Adds a value, with the baselines' forecasts of it.</summary>
    /// <param name="actual">The value.</param>
    /// <param name="unit">The unit of its errors, above 0.</param>
    /// <param name="isLate">Whether it belongs to the later half.</param>
    /// <param name="forecasts">What the baselines forecast.</param>
    /// <param name="ahead">How many steps ahead the value is.</param>
    public void Add(double actual, double unit, bool isLate, BaselineForecasts forecasts, int ahead)
    {
        double[] errors = new double[1 + baselines.Length];
        errors[0] = double.NaN;
        for (int i = 0; i < baselines.Length; i++)
            errors[i + 1] = (forecasts.OrLast(baselines[i], ahead) - actual) / unit;
        _errors.Add(errors);
        _values.Add((actual, unit, isLate));
    }

    /// <summary>Sets the network's forecast of a value.</summary>
    public void SetNetwork(int index, double forecast)
        => _errors[index][0] = (forecast - _values[index].Actual) / _values[index].Unit;

    /// <summary>Forgets the network's forecasts.</summary>
    public void Clear()
    {
        foreach (double[] errors in _errors)
            errors[0] = double.NaN;
    }

    /// <summary>The errors, and who has the least one; null where there is no value to compare.</summary>
    /// <param name="seasonality">The season of the baselines.</param>
    public BaselineComparison? Compare(int seasonality)
    {
        int methods = 1 + baselines.Length;
        double[] single = [.. Enumerable.Range(0, methods).Select(method => Of(Only(method, methods), _ => true))];
        if (!double.IsFinite(single[0]))
            return null;
        // Each half is forecast by the weights of the other one, so that a mixture has no advantage from having seen the values.
        double[] fromEarly = Weigh(isLate => !isLate), fromLate = Weigh(isLate => isLate);
        (double early, long ofEarly) = Sum(fromLate, isLate => !isLate);
        (double late, long ofLate) = Sum(fromEarly, isLate => isLate);
        double mixed = ofEarly > 0 && ofLate > 0 ? Finish((early + late) / (ofEarly + ofLate)) : double.NaN;
        int best = Array.IndexOf(single, single.Min());
        bool mixtureWins = mixed < single[best];
        double[] weights = mixtureWins ? Weigh(_ => true) : Only(best, methods);
        double[] byBaseline = new double[Enum.GetValues<Baseline>().Length];
        for (int i = 0; i < baselines.Length; i++)
            byBaseline[(int)baselines[i]] = weights[i + 1];
        return new BaselineComparison(single[0], [.. baselines.Zip(single[1..])], mixed,
            mixtureWins ? TrainingReport.Mixture : best == 0 ? TrainingReport.Network : BaselineNames.NameOf(baselines[best - 1]),
            byBaseline.Sum() > 0 ? new BaselineMixture(seasonality, byBaseline) : null);
    }

    private static double[] Only(int method, int methods)
    {
        double[] weights = new double[methods];
        weights[method] = 1;
        return weights;
    }

    private double Of(double[] weights, Func<bool, bool> counts)
    {
        (double sum, long count) = Sum(weights, counts);
        return count == 0 ? double.NaN : Finish(sum / count);
    }

    private double Finish(double mean) => usesSquares ? Math.Sqrt(mean) : mean;

    private (double Sum, long Count) Sum(double[] weights, Func<bool, bool> counts)
    {
        double sum = 0;
        long count = 0;
        for (int i = 0; i < _errors.Count; i++)
        {
            if (!counts(_values[i].IsLate) || double.IsNaN(_errors[i][0]))
                continue;
            double error = MixtureWeights.Mix(_errors[i], weights);
            (sum, count) = (sum + (usesSquares ? error * error : Math.Abs(error)), count + 1);
        }
        return (sum, count);
    }

    private double[] Weigh(Func<bool, bool> counts)
        => MixtureWeights.Of(_errors.Where((errors, i) => counts(_values[i].IsLate) && !double.IsNaN(errors[0])), usesSquares,
            Only(0, 1 + baselines.Length), PriorObservations / Math.Max(observations, 1));
}

/// <summary>How a forecaster's networks do beside the baselines.</summary>
/// <param name="Network">The error of the networks alone.</param>
/// <param name="Baselines">The error of each baseline alone.</param>
/// <param name="Mixture">The error of a mixture whose weights were found in other rows; NaN where there are too few.</param>
/// <param name="Winner">Who has the least error: <see cref="TrainingReport.Network"/>, the name of a baseline, or
/// <see cref="TrainingReport.Mixture"/>.</param>
/// <param name="Best">What the networks have to be mixed with for the least error; null for nothing.</param>
internal sealed record BaselineComparison(double Network, (Baseline Baseline, double Error)[] Baselines, double Mixture, string Winner,
    BaselineMixture? Best);
