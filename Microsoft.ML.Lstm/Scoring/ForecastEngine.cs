using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Persistence;
using Microsoft.ML.Lstm.Scoring;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Forecasts while observations come in, one at a time: each costs one step of the network, however many came before. After n observations it
/// says, bit for bit, what <see cref="SeriesTransformer.Transform"/> says at row n.
/// </summary>
/// <typeparam name="TSource">The observations.</typeparam>
/// <typeparam name="TPrediction">The forecasts.</typeparam>
/// <remarks>
/// An engine serves one thread at a time; any number of engines may be made of one model. The model stays its owner's: unlike a <see cref="PredictionEngine{TSrc, TDst}"/>, which
/// by default disposes its model with itself, an engine leaves the model's transformers as they are, and they must not be disposed before it.
/// </remarks>
/// <seealso cref="LstmCatalog.CreateForecastEngine{TSource, TPrediction}(ITransformer, MLContext)"/>
public sealed class ForecastEngine<TSource, TPrediction> : IDisposable
    where TSource : class
    where TPrediction : class, new()
{
    private readonly StreamControl _control = new();
    private readonly TransformerChain<ITransformer> _pipeline;
    private readonly PredictionEngine<TSource, TPrediction> _engine;
    private readonly DataViewSchema _inputSchema;
    private readonly int _maxHorizon;
    private readonly int _longestHorizon;
    private TSource? _last;
    private bool _disposed;

    internal ForecastEngine(MLContext ml, ITransformer transformer)
    {
        ArgumentNullException.ThrowIfNull(ml);
        ArgumentNullException.ThrowIfNull(transformer);
        ITransformer[] parts = [.. Flatten(transformer).Select(part => part is SeriesTransformer series ? new LiveTransformer(series, _control) : part)];
        LiveTransformer[] live = [.. parts.OfType<LiveTransformer>()];
        if (live.Length == 0)
            throw new ArgumentException("The model has no transformer for series, such as ForecastByLstm gives.", nameof(transformer));
        (_maxHorizon, _longestHorizon) = (live.Min(part => part.Horizon), live.Max(part => part.Horizon));
        _pipeline = new TransformerChain<ITransformer>(parts);
        _inputSchema = ml.Data.LoadFromEnumerable(Array.Empty<TSource>()).Schema;
        var wanted = ml.Data.LoadFromEnumerable(Array.Empty<TPrediction>()).Schema.Select(column => column.Name).ToHashSet();
        if (Array.Find(live, part => !part.OutputNames.Any(wanted.Contains)) is { } unread)
            throw new ArgumentException($"{typeof(TPrediction).Name} has none of the columns {string.Join(", ", unread.OutputNames)}, so the engine would not go on.", nameof(transformer));
        // Other engines are made of the same transformers.
        _engine = ml.Model.CreatePredictionEngine<TSource, TPrediction>(_pipeline, new PredictionEngineOptions { OwnsTransformer = false });
    }

    /// <summary>Takes the next observation and forecasts from there.</summary>
    /// <param name="example">The observation; of several series, it says by its series column which it belongs to.</param>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The observation's time is not later than that of the one before it, or of the last one that the model knows.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public TPrediction Predict(TSource example, int? horizon = null) => Predict(example, [], horizon);

    /// <summary>Takes the next observation and forecasts from there, with known covariates of the steps that follow.</summary>
    /// <param name="example">The observation.</param>
    /// <param name="future">What is known of the steps that follow, of the same series: of these only the known covariates are read. As many as the model's horizon; fewer are gone on from with the last one's.</param>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The observation's time is not later than that of the one before it, or of the last one that the model knows.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public TPrediction Predict(TSource example, IEnumerable<TSource> future, int? horizon = null)
    {
        ArgumentNullException.ThrowIfNull(example);
        ArgumentNullException.ThrowIfNull(future);
        Check(horizon);
        _control.StepsTold = 0;
        foreach (TSource step in future.Take(_longestHorizon))
        {
            Send(step, RowUse.Tell, null);
            _control.StepsTold++;
        }
        TPrediction prediction = Send(example, RowUse.Observe, horizon);
        _last = example;
        return prediction;
    }

    /// <summary>Forecasts from the last observation, without a new one: of several series, that of the last observation.</summary>
    /// <param name="horizon">Steps to forecast, from 1 to the model's; <see langword="null"/> for all.</param>
    /// <returns>The forecast; NaN as long as there is no observation to forecast from.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public TPrediction Predict(int? horizon = null)
    {
        Check(horizon);
        // Columns of the input that the prediction asks for are the last observation's.
        return Send(_last ?? (TSource)RuntimeHelpers.GetUninitializedObject(typeof(TSource)), RowUse.Ask, horizon);
    }

    /// <summary>Saves the model with all that the engine has seen. Load it with <c>ml.Model.Load</c> and make an engine of it to go on.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="path">The file, which is replaced once the new one is complete.</param>
    /// <exception cref="DirectoryNotFoundException">The file's folder does not exist.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public void CheckPoint(MLContext ml, string path)
    {
        ArgumentNullException.ThrowIfNull(ml);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(_disposed, this);
        AtomicFile.Write(path, stream => CheckPoint(ml, stream));
    }

    /// <summary>Saves the model with all that the engine has seen to a stream.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public void CheckPoint(MLContext ml, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(ml);
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(_disposed, this);
        ml.Model.Save(_pipeline, _inputSchema, stream);
    }

    /// <summary>Ends the engine, but not the model: other engines of it go on. Disposing it again does nothing.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _engine.Dispose();
    }

    private static IEnumerable<ITransformer> Flatten(ITransformer transformer)
        => transformer is IEnumerable<ITransformer> chain ? chain.SelectMany(Flatten) : [transformer];

    private TPrediction Send(TSource row, RowUse use, int? horizon)
    {
        (_control.Use, _control.Horizon) = (use, horizon);
        return _engine.Predict(row);
    }

    private void Check(int? horizon)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (horizon < 1 || horizon > _maxHorizon)
            throw new ArgumentOutOfRangeException(nameof(horizon), horizon, $"{nameof(horizon)} must be from 1 to the model's {_maxHorizon}, or null.");
    }
}
