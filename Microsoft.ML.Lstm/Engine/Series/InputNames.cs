using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The names of the numbers that a forecasting network reads, and the warnings of numbers that never varied.</summary>
internal sealed class InputNames
{
    private const int MostNames = 10;

    /// <summary>The name of each target.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The name of each past and known covariate.</summary>
    public IReadOnlyList<string> Covariates { get; init; } = [];

    /// <summary>The name of each static feature.</summary>
    public IReadOnlyList<string> Statics { get; init; } = [];

    /// <summary>The cycle of each feature of the calendar.</summary>
    public IReadOnlyList<string> Calendar { get; init; } = [];

    /// <summary>Warns of inputs and targets that never varied in the training data.</summary>
    public void WarnOf(ForecastLayout layout, RowScaling scaling, UntrainedWeights untrained, ITrainingMonitor monitor)
    {
        for (int d = 0; d < layout.Targets; d++)
            WarnOfTarget(d, layout, scaling, monitor);
        int[] calendar = [.. untrained.CalendarFeatures];
        string[] names =
        [
            .. scaling.Covariates.Constants.Select(i => Covariates.ElementAtOrDefault(i) ?? $"covariate {i}"),
            .. scaling.Statics.Constants.Select(i => Statics.ElementAtOrDefault(i) ?? $"static feature {i}"),
            .. Calendar.Distinct()
                .Where(cycle => Enumerable.Range(0, Calendar.Count).All(i => Calendar[i] != cycle || calendar.Contains(i)))
                .Select(cycle => $"the calendar's cycle {cycle}"),
        ];
        if (names.Length > 0)
            monitor.Warn("What never varied in the training data has no effect on a forecast: "
                + string.Join(", ", names.Take(MostNames)) + (names.Length > MostNames ? $" and {names.Length - MostNames} more." : "."));
    }

    private void WarnOfTarget(int target, ForecastLayout layout, RowScaling scaling, ITrainingMonitor monitor)
    {
        int series = scaling.Levels.Length / layout.Targets - 1, constant = 0, unknown = 0;
        for (int i = 1; i <= series; i++)
        {
            int unit = i * layout.Targets + target;
            constant += scaling.Deviations[unit] == 0 ? 1 : 0;
            unknown += scaling.Deviations[unit] > 0 && scaling.Changes[unit] == 0 ? 1 : 0;
        }
        string name = Targets.ElementAtOrDefault(target) ?? $"number {target}";
        if (constant + unknown == series && constant > 0)
            monitor.Warn($"The target {name} never varies in the training rows{(series > 1 ? " of any series" : "")}, so there is nothing "
                + "to learn of it: what it always was is what is expected, as long as it stays so.");
        else if (constant > 0)
            monitor.Warn($"The target {name} never varies in the training rows of {constant} of {series} series. What it always was is "
                + "what is expected of them, as long as it stays so.");
        else if (unknown == series && scaling.Deviations[target] == 0)
            monitor.Warn($"The target {name} has no value in the training rows, so there is nothing to learn of it: its forecasts are no "
                + "more than the mean of the values that come.");
    }
}
