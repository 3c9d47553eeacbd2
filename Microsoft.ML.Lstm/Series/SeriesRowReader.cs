using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Reads the rows of series from a table or an engine.</summary>
internal sealed class SeriesRowReader
{
    private readonly NumberReader[] _readers;
    private readonly NumberReader? _staticReader;
    private readonly Func<DateTimeOffset>? _getTime;
    private readonly SeriesNameReader? _nameReader;
    private readonly float[] _numbers;
    private readonly float[] _statics;
    private readonly int _known;

    public SeriesRowReader(DataViewRow row, BoundSeriesColumns columns)
    {
        _readers = Array.ConvertAll(columns.Numbers, column => new NumberReader(row, column));
        _staticReader = columns.Statics is { } statics ? new NumberReader(row, statics) : null;
        _getTime = columns.Time is { } time ? TimeGetter(row, time) : null;
        _nameReader = columns.Series is { } series ? new SeriesNameReader(row, series) : null;
        _numbers = new float[columns.Targets + columns.PastCovariates + columns.KnownCovariates];
        _statics = new float[columns.StaticSize];
        _known = columns.KnownCovariates;
    }

    /// <summary>The numbers of the row: targets, past covariates, known covariates.</summary>
    public ReadOnlySpan<float> Numbers => _numbers;

    /// <summary>The known covariates of the row.</summary>
    public ReadOnlySpan<float> Known => _numbers.AsSpan()[^_known..];

    /// <summary>Whether a target or past covariate is missing.</summary>
    public bool HasMissing => !TensorPrimitives.IsFiniteAll(_numbers.AsSpan()[..^_known]);

    public ReadOnlySpan<float> Statics => _statics;

    /// <summary>Whether a static feature is missing.</summary>
    public bool HasMissingStatics => _statics.Length > 0 && !TensorPrimitives.IsFiniteAll<float>(_statics);

    /// <summary>The time of the row, a <see cref="DateTime"/> taken as UTC; the default where rows have no times.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>The name of the row's series; empty where there is only one series, or the row has no name.</summary>
    public string Series { get; private set; } = "";

    /// <summary>Why the row can't be assigned to a series.</summary>
    public SeriesRowFault Fault { get; private set; }

    /// <summary>Reads only the name of the series that the row belongs to, and its time.</summary>
    /// <returns>False for a row without a time, which has no place in its series.</returns>
    public bool ReadPlace()
    {
        Series = _nameReader?.Read() ?? "";
        return _getTime is null || (Time = _getTime()).Ticks > 0;
    }

    public void Read()
    {
        int at = 0;
        foreach (NumberReader reader in _readers)
        {
            reader.Read();
            reader.CopyTo(_numbers.AsSpan(at));
            at += reader.Length;
        }
        if (_staticReader is not null)
        {
            _staticReader.Read();
            _staticReader.CopyTo(_statics);
        }
        Fault = SeriesRowFault.None;
        if (_getTime is not null && (Time = _getTime()).Ticks == 0)
            Fault = SeriesRowFault.NoTime;
        if (_nameReader is null)
            return;
        string? name = _nameReader.Read();
        Series = name ?? "";
        if (Series == "" && (name is null || Fault == SeriesRowFault.None))
            Fault = name is null ? SeriesRowFault.MissingKey : SeriesRowFault.NoName;
    }

    /// <summary>A function that reads the time of the current row.</summary>
    public static Func<DateTimeOffset> TimeGetter(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is DateTimeOffsetDataViewType)
        {
            ValueGetter<DateTimeOffset> getOffset = row.GetGetter<DateTimeOffset>(column);
            DateTimeOffset offset = default;
            return () =>
            {
                getOffset(ref offset);
                return offset;
            };
        }
        ValueGetter<DateTime> get = row.GetGetter<DateTime>(column);
        DateTime time = default;
        return () =>
        {
            get(ref time);
            return new DateTimeOffset(time.Ticks, TimeSpan.Zero);
        };
    }
}

/// <summary>Why a row can't be assigned to a series.</summary>
internal enum SeriesRowFault
{
    None,

    /// <summary>Its series column has the missing key.</summary>
    MissingKey,

    /// <summary>Its series column has an empty text.</summary>
    NoName,

    /// <summary>Its time is the default, which rows without a time have.</summary>
    NoTime,
}
