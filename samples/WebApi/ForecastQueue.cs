using System.Diagnostics;
using System.Threading.Channels;
using Forecasting;
using Microsoft.Extensions.Options;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace WebApi;

/// <summary>
/// A forecaster behind a queue. Each day changes the state that the next forecast comes from, so there is one engine, and one request after
/// the other has it, in the order in which they came; a forecast takes some tens of microseconds. The state is saved now and then, and when
/// the service stops, after the last request.
/// </summary>
/// <remarks>
/// This is why PredictionEnginePool does not fit: it has many engines, and a day that one of them has seen is unknown to the others. Where
/// shops are many and a day takes long, have several queues and give each its own shops.
/// </remarks>
internal sealed class ForecastQueue : BackgroundService
{
    private readonly MLContext _ml = new();
    private readonly ApiOptions _options;
    private readonly ILogger<ForecastQueue> _logger;
    private readonly ForecastEngine<ShopDay, SalesForecast> _engine;
    private readonly Channel<Request> _requests;
    private long _savedAt = Stopwatch.GetTimestamp();
    private bool _hasNews;

    public ForecastQueue(IOptions<ApiOptions> options, ILogger<ForecastQueue> logger)
    {
        (_options, _logger) = (options.Value, logger);
        string path = File.Exists(_options.SalesStatePath) ? _options.SalesStatePath : _options.SalesPath;
        _engine = _ml.Model.Load(path, out _).CreateForecastEngine<ShopDay, SalesForecast>(_ml);
        _requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(_options.QueueLength) { SingleReader = true });
        logger.LogInformation("The forecaster goes on from {Path}.", path);
    }

    /// <summary>Requests that wait.</summary>
    public int Length => _requests.Reader.Count;

    /// <summary>Takes a day that is over.</summary>
    /// <returns>The forecast; null where too many requests wait, or the service stops.</returns>
    /// <exception cref="InvalidOperationException">The day is not later than the last day of the shop.</exception>
    public Task<SalesForecast>? Observe(ShopDay day, IReadOnlyList<ShopDay> ahead) => Ask(new Request(engine =>
    {
        _hasNews = true;
        return engine.Predict(day, ahead);
    }));

    /// <summary>Forecasts from the last day of a shop.</summary>
    /// <returns>The forecast; null where too many requests wait, or the service stops.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such shop.</exception>
    public Task<SalesForecast>? Forecast(string shop) => Ask(new Request(engine => engine.Predict(shop)));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The server has no more requests by now; those that wait are answered.
        _requests.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _engine.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not ended by the token: what has been accepted is answered.
        Task<bool> next = _requests.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        for (; ; )
        {
            try
            {
                if (!await next.WaitAsync(_options.SaveEvery, CancellationToken.None))
                    break;
            }
            catch (TimeoutException)
            {
                Save();
                continue;
            }
            while (_requests.Reader.TryRead(out Request? request))
            {
                request.Answer(_engine);
                if (Stopwatch.GetElapsedTime(_savedAt) > _options.SaveEvery)
                    Save();
            }
            next = _requests.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        }
        Save();
    }

    private Task<SalesForecast>? Ask(Request request) => _requests.Writer.TryWrite(request) ? request.Answered : null;

    private void Save()
    {
        _savedAt = Stopwatch.GetTimestamp();
        if (!_hasNews)
            return;
        try
        {
            // The file before stays until the new one is complete.
            _engine.CheckPoint(_ml, _options.SalesStatePath);
            _hasNews = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _logger.LogError(error, "The forecaster's state can't be saved to {Path}.", _options.SalesStatePath);
        }
    }

    /// <summary>A question, and who waits for its answer.</summary>
    private sealed class Request(Func<ForecastEngine<ShopDay, SalesForecast>, SalesForecast> ask)
    {
        // Whoever waits goes on on another thread than the queue's.
        private readonly TaskCompletionSource<SalesForecast> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<SalesForecast> Answered => _answer.Task;

        public void Answer(ForecastEngine<ShopDay, SalesForecast> engine)
        {
            try
            {
                _answer.SetResult(ask(engine));
            }
            catch (Exception error)
            {
                // It is the asker's.
                _answer.SetException(error);
            }
        }
    }
}
