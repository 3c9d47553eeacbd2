using System.Globalization;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Choices;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// Looks at series before a network is trained on them: finds the facts that options which are null are chosen by, and the calendar.
/// </summary>
/// <param name="reader">The reader that has read the series; the rows to train on are known.</param>
/// <param name="bound">The columns of the rows.</param>
/// <param name="timing">The timing of the rows; null where they have no times.</param>
/// <param name="options">The user's options.</param>
/// <param name="horizon">H: how many steps ahead a forecast goes.</param>
/// <param name="choices">Receives the calendar, if it is chosen.</param>
internal sealed class SeriesSurvey(SeriesTableReader reader, BoundSeriesColumns bound, SeriesTiming? timing, SeriesEstimatorOptions options,
    int horizon, OptionChoices choices)
{
    // Periods of the time between rows that are looked at beside the one that the values show.
    private const int MostSuggested = 2;

    // A weaker autocorrelation is no season to measure errors by.
    private const double LeastStrength = 0.1;

    // How much better features of the calendar must make the forecasts.
    private const double CalendarGain = 0.01;

    // Likewise the theta method's forecasts, and where they are tried: it fits a series anew with each row, and of long series the lags
    // tell enough.
    private const double ThetaGain = 0.01;
    private const int LongestForTheta = 512;
    private const long MostThetaForecasts = 20_000_000;

    private readonly LoadedSeries[] _series = [.. reader.Series];

    /// <summary>The facts, and the interval of the rows with its calendar; null where they have no times.</summary>
    /// <param name="hasValidation">Whether the validation rows are a table of their own.</param>
    /// <param name="stop">Cancels the survey.</param>
    public (SeriesFacts Facts, RowInterval? Interval) Look(bool hasValidation, CancellationToken stop)
    {
        float[][] values =
        [
            .. _series.SelectMany(one => Enumerable.Range(0, bound.Targets).Select(d => one.Rows.ValuesOf(d, one.Rows.Count))),
        ];
        IReadOnlyList<int> suggested = timing?.Interval.SuggestedPeriods ?? [];
        IReadOnlyList<SeasonalPeriod> found = SeasonalPeriods.Find(values, suggested, stop);
        var facts = new SeriesFacts(_series.Select(history => history.Rows.Count))
        {
            Horizon = horizon,
            Features = bound.Targets + bound.PastCovariates + bound.KnownCovariates,
            Targets = bound.Targets,
            HasValidation = hasValidation,
            Period = found.Where(one => one.Strength > LeastStrength).Select(one => one.Period).FirstOrDefault(1),
            Kurtosis = values.Select(one => SeriesFacts.KurtosisOf(one)).Order().ElementAt(values.Length / 2),
        };
        if (!options.ChoosesLayout || !_series.Any(one => one.TrainingRows > 1))
            return (facts, timing is null ? null : reader.SetCalendar(timing.Interval, options.Calendar));
        int[] periods =
        [
            .. found.Select(one => one.Period).Take(1)
                .Concat(suggested.Where(period => period <= facts.MedianSteps / 2 - horizon).Order().Take(MostSuggested)).Distinct(),
        ];
        return WithChoice(facts, periods, stop);
    }

    private (SeriesFacts Facts, RowInterval? Interval) WithChoice(SeriesFacts facts, int[] periods, CancellationToken stop)
    {
        bool squares = options.CountsSquares(facts);
        CalendarFeatures? given = timing is null ? CalendarFeatures.None : options.Calendar;
        RowInterval? interval = timing is null ? null : reader.SetCalendar(timing.Interval, given ?? CalendarFeatures.None);
        LayoutCandidate best = LayoutChoice.Choose(DataWith(interval),
            new GivenLayout(options.Scaling, options.WindowSize, options.NumberOfLags), periods, squares, stop);
        if (given is null)
        {
            CalendarFeatures usual = timing!.Interval.UsualCalendar(_series.Max(series => series.TrainingRows));
            var chosen = CalendarFeatures.None;
            double without = best.Error;
            foreach (CalendarFeatures calendar in Enum.GetValues<CalendarFeatures>()
                .Where(one => one != CalendarFeatures.None && usual.HasFlag(one)).Append(usual).Distinct())
            {
                if (calendar == CalendarFeatures.None)
                    continue;
                RowInterval other = reader.SetCalendar(timing.Interval, calendar);
                LayoutCandidate candidate = LayoutChoice.Measure(DataWith(other), best.Layout, periods, squares, stop);
                if (candidate.Error < best.Error * (1 - CalendarGain))
                    (best, chosen) = (candidate, calendar);
            }
            interval = reader.SetCalendar(timing.Interval, choices.Note(nameof(options.Calendar), chosen, usual == CalendarFeatures.None
                ? "too few cycles"
                : chosen == CalendarFeatures.None ? "no cycle made linear forecasts of the validation rows better"
                : string.Create(CultureInfo.InvariantCulture,
                    $"made linear forecasts of the validation rows better, {best.Error:G3} after {without:G3}")));
        }
        return (facts with { Choice = WithTheta(best, facts, interval, periods, squares, stop) }, interval);
    }

    /// <summary>The layout, with forecasts of the theta method among the features of a step where these make it better.</summary>
    private LayoutCandidate WithTheta(LayoutCandidate best, SeriesFacts facts, RowInterval? interval, int[] periods, bool squares,
        CancellationToken stop)
    {
        if (options.Effort != TrainingEffort.Best || facts.MedianSteps > LongestForTheta
            || _series.Sum(one => (long)one.Rows.Count) * bound.Targets * horizon > MostThetaForecasts)
            return best;
        LayoutCandidate candidate = LayoutChoice.Measure(DataWith(interval, facts.Period), best.Layout, periods, squares, stop);
        bool isBetter = candidate.Error < best.Error * (1 - ThetaGain);
        choices.Note("Inputs", isBetter ? "forecasts of the theta method" : "no forecasts of the theta method",
            string.Create(CultureInfo.InvariantCulture,
                $"linear forecasts of the validation rows have {candidate.Error:G3} with them, {best.Error:G3} without"));
        return isBetter ? candidate : best;
    }

    /// <summary>The data, with a layout of which lags, window and scaling are still open.</summary>
    private ForecastData DataWith(RowInterval? interval, int? thetaSeason = null)
    {
        var layout = new ForecastLayout
        {
            Targets = bound.Targets,
            PastCovariates = bound.PastCovariates,
            KnownCovariates = bound.KnownCovariates,
            CalendarFeatures = interval?.FeatureCount ?? 0,
            Horizon = horizon,
            Lags = 1,
            WindowSize = 1,
            ThetaSeason = thetaSeason,
            WindowDecides = true,
        };
        return new ForecastData(layout, [.. _series.Select(one => one.Rows)], [.. _series.Select(one => one.TrainingRows)],
            ConfidenceLevel: 0.5, EmbedSeries: false, Refit: false)
        {
            ShowsIntervals = false,
        };
    }
}
