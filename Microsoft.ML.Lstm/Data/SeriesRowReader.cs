using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Data;

/// <summary>Reads the rows of series.</summary>
internal sealed class SeriesRowReader
{
    private readonly NumberReader[] _readers;
    private readonly NumberReader? _staticReader;
    private readonly ValueGetter<DateTime>? _getTime;
    private readonly SeriesNameReader? _nameReader;
    private readonly float[] _numbers;
    private readonly float[] _statics;
    private readonly int _known;
    private DateTime _time;

    public SeriesRowReader(DataViewRow row, BoundSeriesColumns columns)
    {
        _readers = Array.ConvertAll(columns.Numbers, column => new NumberReader(row, column));
        _staticReader = columns.Statics is { } statics ? new NumberReader(row, statics) : null;
        _getTime = columns.Time is { } time ? row.GetGetter<DateTime>(time) : null;
        _nameReader = columns.Series is { } series ? new SeriesNameReader(row, series) : null;
        _numbers = new float[columns.Targets + columns.PastCovariates + columns.KnownCovariates];
        _statics = new float[columns.StaticSize];
        _known = columns.KnownCovariates;
    }

    /// <summary>Targets, past covariates, known covariates.</summary>
    public ReadOnlySpan<float> Numbers => _numbers;

    /// <summary>The known covariates among them.</summary>
    public ReadOnlySpan<float> Known => _numbers.AsSpan()[^_known..];

    /// <summary>Whether a target or past covariate is missing.</summary>
    public bool HasMissing => !TensorPrimitives.IsFiniteAll(_numbers.AsSpan()[..^_known]);

    public ReadOnlySpan<float> Statics => _statics;

    /// <summary>The row's time; of rows that have none the first there is.</summary>
    public DateTime Time => _time;

    /// <summary>The name of the row's series; empty where there is only one.</summary>
    public string Series { get; private set; } = "";

    /// <summary>The name of the series that the row belongs to, without reading the rest of it.</summary>
    public string ReadSeries() => Series = _nameReader?.Read() ?? "";

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
        _getTime?.Invoke(ref _time);
        ReadSeries();
    }
}
