using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Forecasts while observations come in, one at a time: each costs one step of the network, however many came before. After n observations
/// the forecast equals, bit for bit, the one that <see cref="SeriesTransformer.Transform"/> gives at row n.
/// </summary>
/// <typeparam name="TSource">The class of the observations, with the columns that the model reads.</typeparam>
/// <typeparam name="TPrediction">The class of the forecasts, with columns that the model gives.</typeparam>
/// <remarks>
/// An engine keeps a state for each series as long as it lives: <see cref="ForecastEngineOptions.MaximumNewSeries"/> limits how many, and
/// <see cref="Forget"/> drops a series that has ended.
///
/// An engine serves one thread at a time; any number of engines may share one model. Unlike a
/// <see cref="PredictionEngine{TSrc, TDst}"/>, which by default disposes its model with itself, an engine does not own the model's
/// transformers. They must not be disposed before it.
/// </remarks>
/// <seealso cref="LstmCatalog.CreateForecastEngine{TSource, TPrediction}(ITransformer, MLContext, ForecastEngineOptions)"/>
public sealed class ForecastEngine<TSource, TPrediction> : IDisposable
    where TSource : class
    where TPrediction : class, new()
{
    private const int SeriesNamed = 5;

    private readonly EngineRequest _request = new();
    private readonly TransformerChain<ITransformer> _pipeline;
    private readonly LiveTransformer[] _live;
    private readonly PredictionEngine<TSource, TPrediction> _engine;
    private readonly DataViewSchema _inputSchema;
    private readonly Action<TSource, string> _setSeries;
    private readonly int _maxHorizon;
    private readonly int _longestHorizon;
    private TSource? _last;
    private bool _disposed;

    internal ForecastEngine(MLContext ml, ITransformer transformer, ForecastEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(ml);
        ArgumentNullException.ThrowIfNull(transformer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ITransformer[] parts =
        [
            .. Flatten(transformer)
                .Select(part => part is SeriesTransformer series ? new LiveTransformer(series, _request, options.MaximumNewSeries) : part),
        ];
        _live = [.. parts.OfType<LiveTransformer>()];
        if (_live.Length == 0)
            throw new ArgumentException("The model has no transformer for series, such as ForecastByLstm gives.", nameof(transformer));
        (_maxHorizon, _longestHorizon) = (_live.Min(part => part.Horizon), _live.Max(part => part.Horizon));
        _setSeries = CreateSeriesSetter([.. _live.Select(part => part.SeriesColumnName).OfType<string>()]);
        _pipeline = new TransformerChain<ITransformer>(parts);
        _inputSchema = ml.Data.LoadFromEnumerable(Array.Empty<TSource>()).Schema;
        var wanted = ml.Data.LoadFromEnumerable(Array.Empty<TPrediction>()).Schema.Select(column => column.Name).ToHashSet();
        if (Array.Find(_live, part => !part.OutputNames.Any(wanted.Contains)) is { } unread)
            throw new ArgumentException(
                $"{typeof(TPrediction).Name} has none of the columns {string.Join(", ", unread.OutputNames)}, "
                + "so the engine would not go on.", nameof(transformer));
        // Other engines may use the same transformers.
        _engine = ml.Model.CreatePredictionEngine<TSource, TPrediction>(_pipeline, new PredictionEngineOptions { OwnsTransformer = false });
    }

    /// <summary>
    /// The names of the series that the engine can forecast, in no particular order: those that the model knows and those that have had an
    /// observation; one empty name where there is no series column.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public IReadOnlyCollection<string> SeriesNames
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return [.. _live.SelectMany(part => part.Session.Names).Distinct()];
        }
    }

    /// <summary>Takes the next observation and forecasts from there.</summary>
    /// <param name="example">The observation; where there is a series column, it belongs to the series named there.</param>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="example"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The observation's time is not later than the last time of its series, in the engine or
    /// known to the model; or its series column has the missing key; or its series is one more than
    /// <see cref="ForecastEngineOptions.MaximumNewSeries"/>.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    // Makes Predict(null) a call of this overload, which refuses it, rather than of one with a horizon or a series.
    [OverloadResolutionPriority(1)]
    public TPrediction Predict(TSource example, int? horizon = null) => Predict(example, [], horizon);

    /// <summary>Takes the next observation and forecasts from there, with known covariates of the steps that follow.</summary>
    /// <param name="example">The observation.</param>
    /// <param name="future">The steps that follow in the same series, the first row for the first step ahead. Only their known covariates
    /// are read; series and times, where a row has them, are checked. Where gaps are filled
    /// (<see cref="SeriesEstimatorOptions.FillGaps"/>), steps that the rows' times leave out have missing covariates, as they do in
    /// <see cref="SeriesTransformer.Transform"/>. Rows beyond the model's horizon are not read; if there are fewer rows, the covariates of
    /// the last row are repeated.</param>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="example"/> or <paramref name="future"/> is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The observation's time is not later than the last time of its series, in the engine or
    /// known to the model; or its series column has the missing key; or its series is one more than
    /// <see cref="ForecastEngineOptions.MaximumNewSeries"/>; or a row of <paramref name="future"/> is of another series, or not later than
    /// the row before it.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public TPrediction Predict(TSource example, IEnumerable<TSource> future, int? horizon = null)
    {
        ArgumentNullException.ThrowIfNull(example);
        ArgumentNullException.ThrowIfNull(future);
        Check(horizon);
        _request.FutureRows = 0;
        foreach (TSource step in future.Take(_longestHorizon))
        {
            Send(step, RowUse.Announce, null);
            _request.FutureRows++;
        }
        TPrediction prediction = Send(example, RowUse.Observe, horizon);
        _last = example;
        return prediction;
    }

    /// <summary>
    /// Forecasts the series of the last observation, from there. Before the first observation, it forecasts the only series that the model
    /// knows, from its end; where the model knows several, name one. A detector of anomalies repeats its result for the last observation;
    /// before the first observation, it gives the value that it expects next.
    /// </summary>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast; NaN as long as there is no observation to forecast from.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="InvalidOperationException">There is no observation yet, and the model knows several series.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public TPrediction Predict(int? horizon = null)
    {
        Check(horizon);
        foreach (LiveTransformer part in _live)
        {
            if (!part.Session.HasRow && part.Session.Names is { Count: > 1 } names)
                throw new InvalidOperationException(
                    $"The model knows {names.Count} series, {Some(names)}, and there is no observation yet: name the one to forecast, as "
                    + $"in Predict(\"{names.First()}\").");
        }
        // A prediction may have input columns: they come from the last observation.
        return Query(_last ?? Blank(), null, horizon);
    }

    /// <summary>
    /// Forecasts one of several series from its last observation or, without one, from where the model knows it.
    /// </summary>
    /// <param name="series">The name of the series: the text in the series column or, in a column of keys, the key value.</param>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast or, from a detector of anomalies, the value that it expects next and its bounds. Of the input columns only the
    /// series column is set, if it is a text.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="series"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range, or <paramref name="series"/> is none
    /// of <see cref="SeriesNames"/>.</exception>
    /// <exception cref="InvalidOperationException">The model has no series column.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public TPrediction Predict(string series, int? horizon = null)
    {
        ArgumentNullException.ThrowIfNull(series);
        Check(horizon);
        if (Array.TrueForAll(_live, part => part.SeriesColumnName is null))
            throw new InvalidOperationException("The model has no series column, and so one series without a name: use Predict().");
        if (!Array.TrueForAll(_live, part => part.SeriesColumnName is null || part.Session.Knows(series)))
            throw new ArgumentOutOfRangeException(nameof(series), series,
                $"The engine knows no series '{series}', but {Some(SeriesNames)}.");
        TSource row = Blank();
        _setSeries(row, series);
        return Query(row, series, horizon);
    }

    /// <summary>
    /// Forgets all that the engine knows of a series, including what the model knows: its next observation will be its first, and
    /// checkpoints will not contain it. That makes room for another series.
    /// </summary>
    /// <param name="series">The name of the series.</param>
    /// <returns>Whether the engine knew it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="series"/> is <see langword="null"/>.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public bool Forget(string series)
    {
        ArgumentNullException.ThrowIfNull(series);
        ObjectDisposedException.ThrowIf(_disposed, this);
        bool wasKnown = false;
        foreach (LiveTransformer part in _live)
            wasKnown |= part.Session.Forget(series);
        return wasKnown;
    }

    /// <summary>
    /// Saves the model with all that the engine has seen. Load it with <c>ml.Model.Load</c> and make an engine of it to go on.
    /// </summary>
    /// <param name="ml">The context.</param>
    /// <param name="path">The file, which is replaced once the new one is complete.</param>
    /// <exception cref="ArgumentNullException"><paramref name="ml"/> or <paramref name="path"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="DirectoryNotFoundException">The file's folder does not exist.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public void CheckPoint(MLContext ml, string path)
    {
        ArgumentNullException.ThrowIfNull(ml);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(_disposed, this);
        // In memory first: ML.NET ignores errors while it writes the directory of the zip, so that a file on a full disk would seem
        // complete.
        var model = new MemoryStream();
        CheckPoint(ml, model);
        AtomicFile.Write(path, model.WriteTo);
    }

    /// <summary>Saves the model with all that the engine has seen to a stream.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="stream">The stream to write to.</param>
    /// <exception cref="ArgumentNullException"><paramref name="ml"/> or <paramref name="stream"/> is <see langword="null"/>.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public void CheckPoint(MLContext ml, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(ml);
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(_disposed, this);
        ml.Model.Save(_pipeline, _inputSchema, stream);
    }

    /// <summary>Ends the engine, but not the model, which other engines may share. Disposing it again does nothing.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _engine.Dispose();
    }

    private static IEnumerable<ITransformer> Flatten(ITransformer transformer)
        => transformer is IEnumerable<ITransformer> chain ? chain.SelectMany(Flatten) : [transformer];

    /// <summary>
    /// An action that sets the name of a series in the members of an observation that hold the text of one of <paramref name="columns"/>.
    /// </summary>
    private static Action<TSource, string> CreateSeriesSetter(IReadOnlyCollection<string> columns)
    {
        MemberInfo[] members =
        [
            .. SchemaDefinition.Create(typeof(TSource))
                .Where(column => columns.Contains(column.ColumnName) && column.ColumnType is TextDataViewType)
                .SelectMany(column => typeof(TSource).GetMember(column.MemberName)),
        ];
        return (row, name) =>
        {
            foreach (MemberInfo member in members)
            {
                if (member is PropertyInfo { CanWrite: true } property)
                    property.SetValue(row, TextOf(property.PropertyType, name));
                else if (member is FieldInfo { IsInitOnly: false } field)
                    field.SetValue(row, TextOf(field.FieldType, name));
            }
        };
    }

    private static object TextOf(Type type, string name) => type == typeof(string) ? name : name.AsMemory();

    private static TSource Blank() => (TSource)RuntimeHelpers.GetUninitializedObject(typeof(TSource));

    private static string Some(IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
            return "none";
        string some = string.Join(", ", names.Take(SeriesNamed).Select(name => $"'{name}'"));
        return names.Count > SeriesNamed ? $"{some} and {names.Count - SeriesNamed} more" : some;
    }

    private TPrediction Query(TSource row, string? series, int? horizon)
    {
        _request.Series = series;
        return Send(row, RowUse.Query, horizon);
    }

    private TPrediction Send(TSource row, RowUse use, int? horizon)
    {
        (_request.Use, _request.Horizon) = (use, horizon);
        return _engine.Predict(row);
    }

    private void Check(int? horizon)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (horizon < 1 || horizon > _maxHorizon)
            throw new ArgumentOutOfRangeException(nameof(horizon), horizon,
                $"{nameof(horizon)} must be from 1 to the model's {_maxHorizon}, or null.");
    }
}
