using System.Globalization;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// Counts what is unusual about the rows of series, such as unusable rows, gaps in time and irregular times, and warns of it: for the rows
/// of an engine, when each kind first occurs and at each gap; for a table, in one summary (<see cref="Conclude"/>).
/// </summary>
/// <param name="dataName">The name of the data, for messages.</param>
/// <param name="columns">The columns, for messages.</param>
/// <param name="interval">The time between rows; null where rows have no times.</param>
/// <param name="fillsGaps">Whether gaps in time are filled with missing values.</param>
/// <param name="isLive">Whether the rows come from an engine.</param>
/// <param name="warn">Receives the warnings.</param>
internal sealed class SeriesWarnings(string dataName, SeriesColumns columns, RowInterval? interval, bool fillsGaps, bool isLive,
    Action<string> warn)
{
    private const int GapsNamed = 5;
    private const int LiveGapsNamed = 20;
    private const string StaticsConsequence = "; their means in the training data are taken instead.";
    private const string RepeatAdvice = ". To go through the training data again, use WithoutHistory.";

    private readonly long[] _faults = new long[Enum.GetValues<SeriesRowFault>().Length];
    private readonly List<string> _gaps = [];
    private long _gapCount;
    private long _stepsLeftOut;
    private long _irregular;
    private string _firstIrregular = "";
    private long _skipped;
    private long _withoutStatics;
    private long _otherStatics;
    private string _firstOtherStatics = "";
    private long _repeats;
    private string _firstRepeat = "";
    private long _restarts;
    private string _firstRestart = "";
    private bool _hasClockGap;

    /// <summary>The most steps that a gap may leave out without a warning, as weekends do.</summary>
    public long UsualGap { get; init; }

    /// <summary>How many rows could not be assigned to a series.</summary>
    public long Unusable => _faults.Sum();

    /// <summary>Counts rows that can't be assigned to a series.</summary>
    public void Add(SeriesRowFault fault, long rows = 1)
    {
        _faults[(int)fault] += rows;
        if (_faults[(int)fault] == rows && isLive)
            warn($"A row has {Reason(fault)}: it gets no result, and neither do others like it.");
    }

    /// <summary>Counts a row that is skipped because a value is missing.</summary>
    public void AddSkipped()
    {
        if (_skipped++ == 0 && isLive)
            warn($"A row is skipped since a value is missing ({nameof(MissingValueHandling)}.{nameof(MissingValueHandling.SkipRow)}); its "
                + "forecast is that of the row before it.");
    }

    /// <summary>Counts a row whose static features are missing.</summary>
    public void AddWithoutStatics()
    {
        if (_withoutStatics++ == 0 && isLive)
            warn($"A row has NaN or infinity in the static features{StaticsConsequence}");
    }

    /// <summary>Counts a row of the training data whose static features are not those of the first row of its series.</summary>
    public void AddOtherStatics(string series)
    {
        if (_otherStatics++ == 0)
            _firstOtherStatics = series;
    }

    /// <summary>Counts a series that repeats the first rows of the training data.</summary>
    /// <param name="series">The series.</param>
    /// <param name="rows">How many rows it repeats.</param>
    public void AddRepeat(string series, int rows)
    {
        _repeats++;
        if (_repeats == 1)
            _firstRepeat = $"The first {rows} rows {(series == "" ? "" : $"of series '{series}' ")}are those of the training data, but "
                + "they are taken for what follows it, as there is no column of times to say otherwise";
        if (_repeats == 1 && isLive)
            warn(_firstRepeat + RepeatAdvice);
    }

    /// <summary>Counts a series that begins again, since its first row is no later than the last row known to the model.</summary>
    public void AddRestart(string series, DateTimeOffset time, DateTimeOffset last)
    {
        if (_restarts++ == 0)
            _firstRestart = $"The rows {(series == "" ? "" : $"of series '{series}' ")}begin at {SeriesMessages.Format(time)}, but the "
                + $"model knows the series up to {SeriesMessages.Format(last)}: they are taken for a series that begins anew. "
                + "Rows that follow are later";
    }

    /// <summary>Counts the time between two successive rows of a series, if it is a gap or irregular.</summary>
    /// <param name="series">The series.</param>
    /// <param name="time">The time of the first row.</param>
    /// <param name="next">The time of the second row, which is later.</param>
    /// <param name="isEndOfTraining">Whether the first row is the last one known to the model.</param>
    /// <returns>How many steps are left out between them.</returns>
    public long AddInterval(string series, DateTimeOffset time, DateTimeOffset next, bool isEndOfTraining = false)
    {
        if (interval!.IsRegular(time, next))
            return 0;
        long leftOut = interval.StepsBetween(time, next) - 1;
        if (leftOut > UsualGap)
            AddGap(series, time, next, leftOut, isEndOfTraining);
        if (interval.IsRegular(interval.After(time, leftOut), next))
            return leftOut;
        if (_irregular++ == 0)
        {
            _firstIrregular = $"{SeriesMessages.OfSeries(series)}{SeriesMessages.Format(time)} is followed by "
                + $"{SeriesMessages.Format(next)}, not {SeriesMessages.Format(interval.After(time, leftOut + 1))}";
            if (isLive)
                warn($"The times in column '{columns.Time}' are not regular: {_firstIrregular}. Such rows are taken as if they were on "
                    + "the nearest interval.");
        }
        return leftOut;
    }

    /// <summary>Warns of anything unusual about a table, and resets all counts.</summary>
    public void Conclude()
    {
        if (!isLive)
        {
            if (Unusable > 0)
                warn($"Skipped {Unusable} rows of the {dataName}: {DescribeUnusable()}.");
            if (_skipped > 0)
                warn($"Skipped {_skipped} rows of the {dataName}, in which values are missing: they count as if they were not there "
                    + $"({nameof(MissingValueHandling)}.{nameof(MissingValueHandling.SkipRow)}).");
            if (_withoutStatics > 0)
                warn($"{_withoutStatics} rows of the {dataName} have NaN or infinity in the static features{StaticsConsequence}");
            if (_otherStatics > 0)
                warn($"{_otherStatics} rows of the {dataName} have other static features in column '{columns.Statics}' than the first row "
                    + $"of their series{(_firstOtherStatics == "" ? "" : $", first in '{_firstOtherStatics}'")}, which alone is "
                    + "trained on. What varies within a series is a covariate.");
            if (_restarts > 0)
                warn($"{_firstRestart}{(_restarts > 1 ? $"; so it is with {_restarts - 1} more series" : "")}.");
            if (_repeats > 0)
                warn($"{_firstRepeat}{(_repeats > 1 ? $"; so it is with {_repeats - 1} more series" : "")}{RepeatAdvice}");
            if (_gapCount > 0)
                warn($"The {dataName} leaves out {_stepsLeftOut} step{(_stepsLeftOut == 1 ? "" : "s")} "
                    + $"at {_gapCount} place{(_gapCount == 1 ? "" : "s")}: {string.Join("; ", _gaps)}"
                    + $"{(_gapCount > _gaps.Count ? $"; and {_gapCount - _gaps.Count} more" : "")}. {Consequence()}");
            if (_irregular > 0)
                warn($"The times in column '{columns.Time}' of the {dataName} are not regular at {_irregular} rows; {_firstIrregular}. "
                    + "Such rows are taken as if they were on the nearest interval.");
        }
        Array.Clear(_faults);
        _gaps.Clear();
        (_gapCount, _stepsLeftOut, _irregular, _skipped, _withoutStatics, _otherStatics, _repeats, _restarts, _hasClockGap)
            = (0, 0, 0, 0, 0, 0, 0, 0, false);
    }

    /// <summary>How many rows can't be used and why, for a message.</summary>
    public string DescribeUnusable() => string.Join("; ", Enum.GetValues<SeriesRowFault>()
        .Where(fault => _faults[(int)fault] > 0)
        .Select(fault => $"{_faults[(int)fault]} with {Reason(fault)}"));

    /// <summary>The error of a row whose key is missing, with advice.</summary>
    public string DescribeMissingKey(string row)
        => $"{row} has the missing key in the series column '{columns.Series}', so nobody knows which series it belongs to. MapValueToKey "
            + "gives this key to missing values, and to values that it did not meet when it was fitted: fit it to all series, or give it "
            + "all of them as keyData; or give the column of texts itself as the series column, which may have series that training "
            + "did not have.";

    private void AddGap(string series, DateTimeOffset time, DateTimeOffset next, long leftOut, bool isEndOfTraining)
    {
        _gapCount++;
        _stepsLeftOut += leftOut;
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{SeriesMessages.OfSeries(series)}{leftOut} between {SeriesMessages.Format(time)}"
            + $"{(isEndOfTraining ? ", the last that the model knows," : "")} and {SeriesMessages.Format(next)}");
        _hasClockGap |= SeriesMessages.IsClockSkipped(interval!, time, next);
        if (_gaps.Count < GapsNamed)
            _gaps.Add(text);
        if (isLive && _gapCount <= LiveGapsNamed)
            warn($"Steps are left out: {text}. {Consequence()}{(_gapCount == LiveGapsNamed ? " Further gaps are not named." : "")}");
    }

    private string Consequence()
    {
        string consequence = fillsGaps
            ? "They are taken as steps whose values are missing."
            : "Rows are taken as if they followed each other without a gap.";
        if (_hasClockGap)
            consequence += " At the start of daylight-saving time local clocks leave out an hour that does not exist: times in UTC, or a "
                + "column of DateTimeOffset, go on evenly.";
        return consequence;
    }

    private string Reason(SeriesRowFault fault) => fault switch
    {
        SeriesRowFault.MissingKey => $"the missing key in the series column '{columns.Series}'",
        SeriesRowFault.NoName => $"an empty text in the series column '{columns.Series}'",
        SeriesRowFault.NoTime => $"no time in column '{columns.Time}', but the default one",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
