using Microsoft.ML.Lstm.Engine.Series;


namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>One series in a session.</summary>
/// <param name="name">The series.</param>
/// <param name="stream">The network at its last row.</param>
internal sealed class SeriesTrack(string name, ForecastStream stream)
{
    private SeriesStart? _watched;
    private ulong _hash = SeriesStart.Empty;
    private int _rows;

    public string Name { get; } = name;

    public ForecastStream Stream { get; private set; } = stream;

    /// <summary>The time of the last row.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>The steps behind the last row whose values are missing; null where there are none.</summary>
    public MissingEnd? Missing { get; private set; }

    /// <summary>The stream behind the missing end, once it was asked for.</summary>
    public ForecastStream? Ahead { get; set; }

    /// <summary>Whether there is a last row.</summary>
    public bool IsTold { get; private set; }

    /// <summary>Whether a row came in this session.</summary>
    public bool HasRows { get; private set; }

    /// <summary>What the series begins with in the training data.</summary>
    public SeriesStart? Start { get; private set; }

    public void GoOnFrom(SeriesState state)
    {
        Stream.CopyStateFrom(state.Values);
        // A series without any value in the training data has no last row.
        (Time, Missing, IsTold, Start, _watched) = (state.Time, state.Missing, state.Time != default, state.Start, state.Start);
    }

    /// <summary>Begins anew.</summary>
    public void Restart(ForecastStream stream) => (Stream, IsTold, _watched) = (stream, false, null);

    public void Told(DateTimeOffset time) => (Time, Missing, Ahead, IsTold, HasRows) = (time, null, null, true, true);

    /// <summary>Whether this is the first row of the training data, come again as the first of this session.</summary>
    public bool IsFirstOfTraining(ReadOnlySpan<float> row)
        => _watched is { } start && _rows == 0 && SeriesStart.Add(SeriesStart.Empty, row) == start.First;

    /// <summary>Whether with this row the training data's first rows have come again, as the first of this session.</summary>
    public bool RepeatsTrainingWith(ReadOnlySpan<float> row)
    {
        if (_watched is not { } start)
            return false;
        _hash = SeriesStart.Add(_hash, row);
        if (++_rows < start.Rows)
            return false;
        _watched = null;
        return _hash == start.All;
    }
}
