using System.Collections.Concurrent;
using Microsoft.ML;

namespace WebApi;

/// <summary>
/// A saved model that any number of requests use at once, and that can be exchanged without any of them noticing: a request that has begun
/// with a model ends with it, one that begins later has the new one.
/// </summary>
/// <remarks>
/// A PredictionEngine serves one caller at a time, so each model has as many as there have been requests at once. A model counts its users,
/// the service among them: exchanging it only takes it out of sight, and whoever leaves it last disposes its engines. That is what
/// PredictionEnginePool of Microsoft.Extensions.ML is for too; this is the same in a page of code, with a version that answers tell.
/// </remarks>
internal sealed class ServedModel<TSource, TPrediction> : IDisposable
    where TSource : class
    where TPrediction : class, new()
{
    private readonly string _path;
    private readonly Lock _reloading = new();
    private Generation _current;

    /// <param name="path">The saved model.</param>
    public ServedModel(string path)
    {
        _path = path;
        _current = new Generation(path, version: 1);
    }

    /// <summary>How often the model was loaded, the first time included.</summary>
    public int Version => Volatile.Read(ref _current).Version;

    /// <summary>Predicts with the present model.</summary>
    /// <param name="source">The row.</param>
    /// <param name="version">The model's number.</param>
    public TPrediction Predict(TSource source, out int version)
    {
        Generation generation = Enter();
        try
        {
            version = generation.Version;
            return generation.Predict(source);
        }
        finally
        {
            generation.Leave();
        }
    }

    /// <summary>Loads the file once more and exchanges the model; if the file can't be read, the model stays.</summary>
    /// <returns>The number of the new model.</returns>
    public int Reload()
    {
        lock (_reloading)
        {
            var next = new Generation(_path, _current.Version + 1);
            Interlocked.Exchange(ref _current, next).Leave();
            return next.Version;
        }
    }

    public void Dispose() => _current.Leave();

    private Generation Enter()
    {
        // Fails only when the model is exchanged between the two calls; then there is another one.
        Generation generation;
        do
            generation = Volatile.Read(ref _current);
        while (!generation.TryEnter());
        return generation;
    }

    /// <summary>One loaded model with its engines.</summary>
    private sealed class Generation
    {
        private readonly MLContext _ml = new();
        private readonly ITransformer _model;
        private readonly ConcurrentBag<PredictionEngine<TSource, TPrediction>> _idle = [];

        // The service is the first user.
        private int _users = 1;

        public Generation(string path, int version)
        {
            Version = version;
            _model = _ml.Model.Load(path, out _);
            // What is wrong with the model's columns shows now, and the first request does not wait for the compilation.
            _idle.Add(NewEngine());
        }

        public int Version { get; }

        public bool TryEnter()
        {
            for (int users = Volatile.Read(ref _users); users > 0;)
            {
                int found = Interlocked.CompareExchange(ref _users, users + 1, users);
                if (found == users)
                    return true;
                users = found;
            }
            return false;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref _users) > 0)
                return;
            while (_idle.TryTake(out PredictionEngine<TSource, TPrediction>? engine))
                engine.Dispose();
        }

        public TPrediction Predict(TSource source)
        {
            if (!_idle.TryTake(out PredictionEngine<TSource, TPrediction>? engine))
                engine = NewEngine();
            // An engine that has thrown is not used again.
            TPrediction prediction = engine.Predict(source);
            _idle.Add(engine);
            return prediction;
        }

        private PredictionEngine<TSource, TPrediction> NewEngine() => _ml.Model.CreatePredictionEngine<TSource, TPrediction>(_model);
    }
}
