using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>One series in a <see cref="ForecastSession"/>.</summary>
/// <param name="name">The name of the series.</param>
/// <param name="stream">The network after the last row of the series.</param>
internal sealed class SessionSeries(string name, ForecastStream stream)
{
    // The start in the training data, as long as the rows of this session may still repeat it.
    private SeriesStart? _repeated;
    private ulong _hash = SeriesStart.Empty;
    private int _rows;
    private int _rowsOfEnd;
    private bool _announces;

    public string Name { get; } = name;

    public ForecastStream Stream { get; private set; } = stream;

    /// <summary>The time of the last row.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>The steps after the last row whose values are known to be missing; null where there are none.</summary>
    public MissingEnd? Missing { get; private set; }

    /// <summary>The stream after the steps of <see cref="Missing"/>, once a forecast from there was asked for.</summary>
    public ForecastStream? StreamAfterMissing { get; set; }

    /// <summary>Whether there is a last row, of this session or known to the model.</summary>
    public bool HasLastRow { get; private set; }

    /// <summary>Whether there has been a row in this session.</summary>
    public bool HasRows { get; private set; }

    /// <summary>The start of the series in the training data.</summary>
    public SeriesStart? Start { get; private set; }

    /// <summary>The state before the last rows, where <see cref="NoteEnd"/> was told that these have no value; otherwise null.</summary>
    public SeriesState? StateBeforeEnd { get; private set; }

    /// <summary>How many rows come after <see cref="StateBeforeEnd"/>, if one of them announces known covariates; otherwise 0.</summary>
    public int AnnouncedRows => _announces ? _rowsOfEnd : 0;

    /// <summary>What a transformer keeps of the series.</summary>
    public SeriesState ToState()
    {
        float[] values = new float[Stream.StateLength];
        Stream.CopyStateTo(values);
        return new SeriesState(values, HasLastRow ? Time : default, Missing, Start);
    }

    /// <summary>Keeps the state before rows without a value, which may be the last ones, until one with a value comes.</summary>
    public void NoteEnd(SeriesRowReader row, int targets)
    {
        if (TensorPrimitives.IsFiniteAny(row.Numbers[..targets]))
        {
            ForgetEnd();
            return;
        }
        StateBeforeEnd ??= ToState();
        _rowsOfEnd++;
        _announces |= TensorPrimitives.IsFiniteAny(row.Known);
    }

    private void ForgetEnd() => (StateBeforeEnd, _rowsOfEnd, _announces) = (null, 0, false);

    /// <summary>Restores what the model knows of the series.</summary>
    public void Restore(SeriesState state)
    {
        Stream.CopyStateFrom(state.Values);
        // A series without any value in the training data has no last row.
        (Time, Missing, HasLastRow, Start, _repeated) = (state.Time, state.Missing, state.Time != default, state.Start, state.Start);
    }

    /// <summary>Begins again, without any row, or from a state.</summary>
    public void Restart(ForecastStream stream, SeriesState? state)
    {
        (Stream, HasLastRow, Missing, StreamAfterMissing) = (stream, false, null, null);
        ForgetEnd();
        if (state is not null)
            Restore(state);
        _repeated = null;
    }

    /// <summary>Moves on to a row at <paramref name="time"/>.</summary>
    public void MoveTo(DateTimeOffset time) => (Time, Missing, StreamAfterMissing, HasLastRow, HasRows) = (time, null, null, true, true);

    /// <summary>Whether a row is the first of this session and equal to the first row of the training data.</summary>
    public bool IsFirstOfTraining(ReadOnlySpan<float> row)
        => _repeated is { } start && _rows == 0 && SeriesStart.HashOf(row) == start.First;

    /// <summary>Takes a row, and says whether with it the session has repeated all the first rows of the training data.</summary>
    public bool RepeatsTrainingWith(ReadOnlySpan<float> row)
    {
        if (_repeated is not { } start)
            return false;
        _hash = SeriesStart.Add(_hash, row);
        if (++_rows < start.Rows)
            return false;
        _repeated = null;
        return _hash == start.All;
    }
}
