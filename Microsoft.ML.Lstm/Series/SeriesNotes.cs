using System.Globalization;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// What is odd about the rows of series, counted and put into words: rows that can't be used, gaps in time, times between steps. Of rows
/// that come live each kind is named when it is first met, and some gaps as they come; of a table all is summed up once, by
/// <see cref="Conclude"/>.
/// </summary>
/// <param name="dataName">What the data is.</param>
/// <param name="columns">The columns.</param>
/// <param name="step">The time between rows; null where there are no times.</param>
/// <param name="fillsGaps">Whether the steps that a gap leaves out are taken as steps with missing values.</param>
/// <param name="isLive">Whether rows come live.</param>
/// <param name="warn">Is told.</param>
internal sealed class SeriesNotes(string dataName, SeriesColumns columns, RowInterval? step, bool fillsGaps, bool isLive, Action<string> warn)
{
    private const int GapsNamed = 5;
    private const int LiveGapsNamed = 20;
    private const string RepeatAdvice =
        $". To go through the training data again, use {nameof(LstmForecastingTransformer.WithoutHistory)}.";

    /// <summary>Gaps of up to so many steps are as usual, and not named.</summary>
    public long UsualGap { get; init; }

    private readonly long[] _faults = new long[Enum.GetValues<SeriesRowFault>().Length];
    private readonly List<string> _gaps = [];
    private long _gapCount;
    private long _stepsLeftOut;
    private long _irregular;
    private string _firstIrregular = "";
    private long _skipped;
    private long _withoutStatics;
    private long _repeats;
    private string _firstRepeat = "";
    private long _restarts;
    private string _firstRestart = "";
    private bool _hasClockGap;

    /// <summary>Rows that could not be put into a series.</summary>
    public long Unusable => _faults.Sum();

    /// <summary>A row can't be put into a series.</summary>
    public void Add(SeriesRowFault fault, long rows = 1)
    {
        _faults[(int)fault] += rows;
        if (_faults[(int)fault] == rows && isLive)
            warn($"A row has {Reason(fault)}: nothing is said of it, nor of others like it.");
    }

    /// <summary>A row is left out since a value is missing.</summary>
    public void AddSkipped()
    {
        if (_skipped++ == 0 && isLive)
            warn($"A row is skipped since a value is missing ({nameof(MissingValueHandling)}.{nameof(MissingValueHandling.SkipRow)}); its "
                + "forecast is that of the row before it.");
    }

    /// <summary>The static features of a row are missing.</summary>
    public void AddWithoutStatics()
    {
        if (_withoutStatics++ == 0 && isLive)
            warn("A row has NaN or infinity in the static features: nothing is said of it, nor of others like it.");
    }

    /// <summary>A series began as in the training data.</summary>
    /// <param name="series">The series.</param>
    /// <param name="rows">How many rows are the same.</param>
    public void AddRepeat(string series, int rows)
    {
        _repeats++;
        if (_repeats == 1)
            _firstRepeat = $"The first {rows} rows {(series == "" ? "" : $"of series '{series}' ")}are those of the training data, but "
                + "they are taken for what follows it, as there is no column of times to say otherwise";
        if (_repeats == 1 && isLive)
            warn(_firstRepeat + RepeatAdvice);
    }

    /// <summary>A series begins anew, since its first row is no later than the last that the model knows.</summary>
    public void AddRestart(string series, DateTimeOffset time, DateTimeOffset last)
    {
        if (_restarts++ == 0)
            _firstRestart = $"The rows {(series == "" ? "" : $"of series '{series}' ")}begin at {SeriesTimes.Format(time)}, but the model "
                + $"knows the series up to {SeriesTimes.Format(last)}: they are taken for a series that begins anew. Rows that follow are "
                + "later";
    }

    /// <summary>Looks at the time between two rows of a series that follow each other.</summary>
    /// <param name="series">The series.</param>
    /// <param name="time">The first row's time.</param>
    /// <param name="next">The second one's, which is later.</param>
    /// <param name="isEndOfTraining">Whether the first row is the last that the model knows.</param>
    /// <returns>How many steps are left out between them.</returns>
    public long AddStep(string series, DateTimeOffset time, DateTimeOffset next, bool isEndOfTraining = false)
    {
        if (step!.IsRegular(time, next))
            return 0;
        long leftOut = step.StepsBetween(time, next) - 1;
        if (leftOut > UsualGap)
            AddGap(series, time, next, leftOut, isEndOfTraining);
        if (step.IsRegular(step.After(time, leftOut), next))
            return leftOut;
        if (_irregular++ == 0)
        {
            _firstIrregular = $"{SeriesTimes.OfSeries(series)}{SeriesTimes.Format(time)} is followed by {SeriesTimes.Format(next)}, not "
                + $"{SeriesTimes.Format(step.After(time, leftOut + 1))}";
            if (isLive)
                warn($"The times in column '{columns.Time}' are not regular: {_firstIrregular}. Such rows are taken as if they were on "
                    + "the nearest step.");
        }
        return leftOut;
    }

    /// <summary>Sums up what is odd about a table, if anything is, and begins anew.</summary>
    public void Conclude()
    {
        if (!isLive)
        {
            if (Unusable > 0)
            {
                warn($"Skipped {Unusable} rows of the {dataName}: {DescribeUnusable()}.");
            }
            if (_skipped > 0)
                warn($"Skipped {_skipped} rows of the {dataName}, in which values are missing: they count as if they were not there "
                    + $"({nameof(MissingValueHandling)}.{nameof(MissingValueHandling.SkipRow)}).");
            if (_withoutStatics > 0)
                warn($"Nothing is said of {_withoutStatics} rows of the {dataName}, which have NaN or infinity in the static features.");
            if (_restarts > 0)
                warn($"{_firstRestart}{(_restarts > 1 ? $"; so it is with {_restarts - 1} more series" : "")}.");
            if (_repeats > 0)
                warn($"{_firstRepeat}{(_repeats > 1 ? $"; so it is with {_repeats - 1} more series" : "")}{RepeatAdvice}");
            if (_gapCount > 0)
                warn($"The {dataName} leaves out {_stepsLeftOut} step{(_stepsLeftOut == 1 ? "" : "s")} at {_gapCount} "
                    + $"place{(_gapCount == 1 ? "" : "s")}: "
                    + $"{string.Join("; ", _gaps)}{(_gapCount > _gaps.Count ? $"; and {_gapCount - _gaps.Count} more" : "")}. "
                    + $"{Consequence()}");
            if (_irregular > 0)
                warn($"The times in column '{columns.Time}' of the {dataName} are not regular at {_irregular} rows; {_firstIrregular}. "
                    + "Such rows are taken as if they were on the nearest step.");
        }
        Array.Clear(_faults);
        _gaps.Clear();
        (_gapCount, _stepsLeftOut, _irregular, _skipped, _withoutStatics, _repeats, _restarts, _hasClockGap) = (0, 0, 0, 0, 0, 0, 0, false);
    }

    /// <summary>How many rows can't be used, and why.</summary>
    public string DescribeUnusable() => string.Join("; ", Enum.GetValues<SeriesRowFault>()
        .Where(fault => _faults[(int)fault] > 0)
        .Select(fault => $"{_faults[(int)fault]} with {Reason(fault)}"));

    /// <summary>What is wrong with a row whose key is missing, and what to do.</summary>
    public string DescribeMissingKey(string row)
        => $"{row} has the missing key in the series column '{columns.Series}', so nobody knows which series it belongs to. MapValueToKey "
            + "gives this key to missing values, and to values that it did not "
            + "meet when it was fitted: fit it to all series, or give it all of them as keyData; or give the column of texts itself as "
            + "the series column, which may have series that training did not have.";

    private void AddGap(string series, DateTimeOffset time, DateTimeOffset next, long leftOut, bool isEndOfTraining)
    {
        _gapCount++;
        _stepsLeftOut += leftOut;
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{SeriesTimes.OfSeries(series)}{leftOut} between "
            + $"{SeriesTimes.Format(time)}{(isEndOfTraining ? ", the last that the model knows," : "")} and {SeriesTimes.Format(next)}");
        _hasClockGap |= SeriesTimes.IsClockSkipped(step!, time, next);
        if (_gaps.Count < GapsNamed)
            _gaps.Add(text);
        if (isLive && _gapCount <= LiveGapsNamed)
            warn($"Steps are left out: {text}. {Consequence()}{(_gapCount == LiveGapsNamed ? " Further gaps are not named." : "")}");
    }

    private string Consequence()
        => (fillsGaps
            ? "They are taken as steps whose values are missing."
            : "Rows are taken as if they followed each other without a gap.")
        + (_hasClockGap ? " At the start of daylight-saving time local clocks leave out an hour that does not exist: times in UTC, or a "
        + "column of DateTimeOffset, go on evenly." : "");

    private string Reason(SeriesRowFault fault) => fault switch
    {
        SeriesRowFault.MissingKey => $"the missing key in the series column '{columns.Series}'",
        SeriesRowFault.NoName => $"an empty text in the series column '{columns.Series}'",
        SeriesRowFault.NoTime => $"no time in column '{columns.Time}', but the default one",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
