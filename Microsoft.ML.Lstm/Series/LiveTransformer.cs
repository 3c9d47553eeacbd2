using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// A <see cref="SeriesTransformer"/> in the pipeline of a <see cref="ForecastEngine{TSource, TPrediction}"/>: it can map row to row, as all
/// rows go through one session in the order in which they come. Saved, it is a transformer that goes on from there.
/// </summary>
internal sealed class LiveTransformer(SeriesTransformer transformer, EngineRequest request, int mostNewSeries) : ITransformer
{
    public IEnumerable<string> OutputNames => transformer.Outputs.Select(output => output.Name);

    /// <summary>The session that all rows go through.</summary>
    public SeriesSession Session { get; } = transformer.CreateSession(new SessionOptions { IsLive = true, MostNewSeries = mostNewSeries });

    public string? SeriesColumnName => transformer.Columns.Series;

    public int Horizon => transformer.Model.Layout.Horizon;

    public bool IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => transformer.GetOutputSchema(inputSchema);

    public IDataView Transform(IDataView input) => transformer.Transform(input);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        SeriesBindings bindings = transformer.Bind(inputSchema);
        return new OutputRowMapper(bindings, input =>
        {
            // When none of our own columns is active, the row may lack the source columns.
            LiveRow? row = null;
            return output => bindings.Outputs[output].CreateGetter(
                row ??= new LiveRow(input, bindings, Session, request));
        });
    }

    public void Save(ModelSaveContext ctx) => ((ICanSaveModel)Session.Snapshot()).Save(ctx);
}

/// <summary>The row of an engine's pipeline, which goes into the session when its first value is read.</summary>
internal sealed class LiveRow(DataViewRow input, SeriesBindings bindings, SeriesSession session, EngineRequest request) : ScoredRow
{
    private readonly SeriesRowReader _reader = new(input, bindings.Source);
    // The rows ahead, their known covariates one behind the other, and these with the steps that the rows leave out.
    private readonly List<(string Series, DateTimeOffset Time)> _futureRows = [];
    private readonly List<float> _futureKnown = [];
    private readonly List<float> _known = [];
    private long _position = -1;

    public override ReadOnlySpan<float> Output => Session.Output;

    /// <summary>The session, which has taken the row.</summary>
    public SeriesSession Session
    {
        get
        {
            if (input.Position != _position)
                Take();
            return session;
        }
    }

    /// <summary>How many steps to forecast; null for all.</summary>
    public int? Horizon => request.Horizon;

    private void Take()
    {
        _position = input.Position;
        if (request.Use == RowUse.Query)
        {
            session.Query(request.Series);
            return;
        }
        _reader.Read();
        // Future rows of an observation that failed are forgotten.
        if (request.FutureRows == 0)
        {
            _futureRows.Clear();
            _futureKnown.Clear();
        }
        if (request.Use == RowUse.Announce)
        {
            _futureRows.Add((_reader.Series, _reader.Time));
            _futureKnown.AddRange(_reader.Known);
        }
        else
        {
            session.Take(_reader, _position, KnownAhead(_reader.Series, _reader.Time));
        }
    }

    /// <summary>
    /// The known covariates of the steps after an observation, up to H of them, missing for the steps that the future rows leave out where
    /// gaps are filled. Callers easily pass rows of several series, or begin with the observation itself. Future rows need no series and no
    /// time; without one, a row is the step after the row before.
    /// </summary>
    /// <param name="series">The series of the observation.</param>
    /// <param name="time">The time of the observation.</param>
    /// <exception cref="InvalidOperationException">A future row is of another series, or not later than the row before it.</exception>
    private Span<float> KnownAhead(string series, DateTimeOffset time)
    {
        _known.Clear();
        DateTimeOffset last = time;
        long stepsSince = 0;
        int size = bindings.Source.KnownCovariates;
        foreach ((int index, (string futureSeries, DateTimeOffset futureTime)) in _futureRows.Index())
        {
            ReadOnlySpan<float> known = CollectionsMarshal.AsSpan(_futureKnown).Slice(index * size, size);
            if (futureSeries != "" && futureSeries != series)
                throw new InvalidOperationException(
                    $"A row ahead is of series '{futureSeries}', but the observation of '{series}'. Give rows of the same series.");
            if (futureTime.Ticks == 0)
            {
                _known.AddRange(known);
                stepsSince++;
                continue;
            }
            if (futureTime <= last)
                throw new InvalidOperationException(
                    $"A row ahead has the time {SeriesMessages.Format(futureTime)}, which does not come after "
                    + $"{SeriesMessages.Format(last)}. Give the rows that follow the observation, in the order of time.");
            long leftOut = bindings.FilledGaps is { } interval ? interval.StepsBetween(last, futureTime) - 1 - stepsSince : 0;
            // No forecast needs more than H steps.
            for (long i = 0; i < Math.Min(leftOut, bindings.Horizon) * size; i++)
                _known.Add(float.NaN);
            _known.AddRange(known);
            (last, stepsSince) = (futureTime, 0);
        }
        return CollectionsMarshal.AsSpan(_known)[..Math.Min(_known.Count, bindings.Horizon * size)];
    }
}

/// <summary>What an engine asks of the transformers in its pipeline when it sends them a row.</summary>
internal sealed class EngineRequest
{
    public RowUse Use { get; set; }

    /// <summary>The series to forecast; null for the series of the last observation.</summary>
    public string? Series { get; set; }

    /// <summary>How many steps to forecast; null for all.</summary>
    public int? Horizon { get; set; }

    /// <summary>How many future rows have been announced since the last observation.</summary>
    public int FutureRows { get; set; }
}

/// <summary>What an engine sends a row for.</summary>
internal enum RowUse
{
    /// <summary>The next observation.</summary>
    Observe,

    /// <summary>A row without a meaning of its own, which only asks for a forecast.</summary>
    Query,

    /// <summary>A future row, which announces known covariates.</summary>
    Announce,
}
