using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// A <see cref="SeriesTransformer"/> in an engine's pipeline: it maps row to row, since all rows go through one session, in the order
/// in which they come. Saved, it is a transformer that goes on from there.
/// </summary>
internal sealed class LiveTransformer(SeriesTransformer transformer, StreamControl control, int mostNewSeries) : ITransformer
{
    public IEnumerable<string> OutputNames => transformer.Outputs.Select(output => output.Name);

    /// <summary>What all rows go through.</summary>
    public SeriesSession Session { get; } = transformer.CreateSession(new SessionUse { IsLive = true, MostNewSeries = mostNewSeries });

    public string? SeriesColumnName => transformer.Columns.Series;

    public int Horizon => transformer.Model.Layout.Horizon;

    public bool IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => transformer.GetOutputSchema(inputSchema);

    public IDataView Transform(IDataView input) => transformer.Transform(input);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new Mapper(transformer.Bind(inputSchema), Session, control);

    public void Save(ModelSaveContext ctx) => ((ICanSaveModel)Session.Snapshot()).Save(ctx);

    private sealed class Mapper(SeriesBindings bindings, SeriesSession session, StreamControl control) : IRowToRowMapper
    {
        public DataViewSchema InputSchema => bindings.InputSchema;

        public DataViewSchema OutputSchema => bindings.OutputSchema;

        public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
            => bindings.Dependencies(dependingColumns);

        public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
        {
            DataViewSchema.Column[] active = [.. activeColumns];
            // Getters of columns that the row doesn't have can't be made, so without need there is no reader.
            SeriesRowReader? reader = active.Any(bindings.IsOwn) ? new SeriesRowReader(input, bindings.Source) : null;
            var row = new LiveRow(input, reader, session, control);
            return new OutputRow(bindings, input, active, output => bindings.Outputs[output].CreateGetter(row));
        }
    }
}

/// <summary>A row of an engine: taken into the session when its first value is asked for.</summary>
internal sealed class LiveRow(DataViewRow input, SeriesRowReader? reader, SeriesSession session, StreamControl control) : ScoredRow
{
    private readonly List<float> _future = [];
    private readonly List<(string Series, DateTimeOffset Time)> _told = [];
    private long _position = -1;

    public override ReadOnlySpan<float> Output => Taken.Output;

    /// <summary>The session, which has taken the row.</summary>
    public SeriesSession Taken
    {
        get
        {
            if (input.Position != _position)
                Take();
            return session;
        }
    }

    /// <summary>Steps that are asked for; null for all.</summary>
    public int? Horizon => control.Horizon;

    private void Take()
    {
        _position = input.Position;
        if (control.Use == RowUse.Ask)
        {
            session.Ask(control.Series);
            return;
        }
        reader!.Read();
        // A row told before an observation that never came is forgotten.
        if (control.StepsTold == 0)
        {
            _future.Clear();
            _told.Clear();
        }
        if (control.Use == RowUse.Tell)
        {
            _future.AddRange(reader.Known);
            _told.Add((reader.Series, reader.Time));
        }
        else
        {
            CheckTold(reader.Series, reader.Time);
            session.Take(reader, _position, CollectionsMarshal.AsSpan(_future));
        }
    }

    // Rows of a table of several series, or from the observation itself on, are easily given. What is told may leave out names and times.
    private void CheckTold(string series, DateTimeOffset time)
    {
        DateTimeOffset last = time;
        foreach ((string toldSeries, DateTimeOffset toldTime) in _told)
        {
            if (toldSeries != "" && toldSeries != series)
                throw new InvalidOperationException(
                    $"A row ahead is of series '{toldSeries}', but the observation of '{series}'. Give rows of the same series.");
            if (toldTime.Ticks == 0)
                continue;
            if (toldTime <= last)
            {
                throw new InvalidOperationException(
                    $"A row ahead has the time {SeriesTimes.Format(toldTime)}, which does not come after {SeriesTimes.Format(last)}. "
                    + "Give the rows that follow the observation, in the order of time.");
            }
            last = toldTime;
        }
    }
}
