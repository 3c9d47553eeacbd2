using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Kernels;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>What to train on and how.</summary>
/// <param name="Training">The training sequences, at least one. They are scaled in place.</param>
/// <param name="Validation">Sequences to validate with after each epoch, scaled in place too; <see langword="null"/> for a split of the training ones, or none.</param>
/// <param name="Options">The network and its training.</param>
/// <param name="Loss">What is minimized.</param>
/// <param name="NormalizeTargets">Whether targets are brought to mean 0 and variance 1.</param>
/// <param name="Seed">Decides all that is random.</param>
/// <param name="Monitor">Is told what happens.</param>
/// <param name="Initial">A model of the same shape to go on from, with its scaling; <see langword="null"/> to begin anew.</param>
/// <param name="SaveCheckpoint">Called with the model of each epoch that is the best so far.</param>
internal sealed record TrainingJob(SequenceSet Training, SequenceSet? Validation, TrainingOptions Options, RegressionLoss Loss,
    bool NormalizeTargets, int Seed, ITrainingMonitor Monitor, SequenceModel? Initial = null, Action<SequenceModel>? SaveCheckpoint = null);

/// <summary>Trains a network by gradient descent over shuffled batches.</summary>
internal sealed class TrainingLoop
{
    private readonly TrainingJob _job;
    private readonly TrainingOptions _options;
    private readonly SequenceSet _training;
    private readonly SequenceSet? _validation;
    private readonly SequenceModel _model;
    private readonly SequenceNetwork _network;
    private readonly NetworkWorkspace _workspace;
    private readonly SequenceBatch _batch;
    private readonly ParameterSet _gradient;
    private readonly Optimizer _optimizer;
    private readonly RegressionObjective _trainingObjective;
    private readonly RegressionObjective? _validationObjective;
    private readonly Random _random;
    private readonly int[] _order;
    private readonly float[] _dOutputs;
    private SequenceModel? _best;
    private double _bestMetric = double.PositiveInfinity;

    private TrainingLoop(TrainingJob job)
    {
        _job = job;
        _options = job.Options;
        _random = new Random(job.Seed);
        _training = job.Training;
        _validation = job.Validation;
        int held = (int)Math.Round(_training.Count * (double)_options.ValidationFraction);
        if (_validation is null && held > 0 && held < _training.Count)
            _validation = _training.Split(held, _random);

        _model = job.Initial is { } initial ? initial with { Parameters = initial.Parameters.Clone() } : NewModel();
        Scale(_training);
        if (_validation is not null)
            Scale(_validation);
        double meanWeight = MeanWeight(_training);
        _trainingObjective = new RegressionObjective(job.Loss, _model.OutputScaler, meanWeight);
        _validationObjective = _validation is null ? null : new RegressionObjective(job.Loss, _model.OutputScaler, meanWeight);

        NetworkShape shape = _model.Shape;
        _network = new SequenceNetwork(_model.Parameters, training: true);
        _workspace = new NetworkWorkspace(_network, new WorkerTeam(_options.NumberOfThreads ?? Environment.ProcessorCount));
        _batch = new SequenceBatch(shape.InputSize, shape.StaticSize);
        _gradient = new ParameterSet(shape);
        _optimizer = Optimizer.Create(_options, _gradient.Values.Length);
        _order = [.. Enumerable.Range(0, _training.Count)];
        _dOutputs = new float[Math.Min(_options.BatchSize, Math.Max(_training.Count, _validation?.Count ?? 0)) * shape.OutputSize];
    }

    /// <summary>The shape of the network that <paramref name="options"/> ask for.</summary>
    public static NetworkShape ShapeOf(TrainingOptions options, SequenceSet data) => new()
    {
        Cell = options.CellType,
        InputSize = data.InputSize,
        HiddenSize = options.HiddenSize,
        Layers = options.NumberOfLayers,
        Bidirectional = options.Bidirectional,
        Pooling = options.Pooling,
        StaticSize = data.StaticSize,
        OutputSize = data.TargetSize,
    };

    /// <summary>
    /// Trains and returns the model: that of the best epoch where there are validation data, early stopping or a
    /// cancellation, else that of the last.
    /// </summary>
    /// <exception cref="InvalidOperationException">The loss or gradient stopped being finite before any epoch had ended well.</exception>
    public static SequenceModel Train(TrainingJob job) => new TrainingLoop(job).Run();

    private SequenceModel Run()
    {
        var clock = Stopwatch.StartNew();
        int epochsWithoutGain = 0;
        for (int epoch = 1; epoch <= _options.NumberOfEpochs; epoch++)
        {
            if (!TryRunEpoch(epoch, out float learningRate))
                return _best ?? _model;
            EpochMetrics training = _trainingObjective.Metrics;
            EpochMetrics? validation = Validate();
            bool isBest = KeepIfBest(validation ?? training);
            epochsWithoutGain = isBest ? 0 : epochsWithoutGain + 1;

            var completed = new EpochCompletedEventArgs(epoch, _options.NumberOfEpochs, training, validation, learningRate, clock.Elapsed, isBest);
            _job.Monitor.EpochCompleted(completed);
            _options.EpochCompleted?.Invoke(completed);
            if (completed.Cancel)
                return _best ?? _model;
            if (_options.EarlyStopping is { } stopping && epochsWithoutGain >= stopping.Patience)
                break;
        }
        // The loss of a training epoch is no reason to prefer its weights to later ones, unless the user says so.
        return _validation is not null || _options.EarlyStopping is not null ? _best ?? _model : _model;
    }

    /// <summary>Goes over the training data once. False when it was stopped: by the user, or by numbers that are not finite.</summary>
    private bool TryRunEpoch(int epoch, out float learningRate)
    {
        _random.Shuffle(_order);
        _trainingObjective.Reset();
        learningRate = 0;
        int batches = (_order.Length + _options.BatchSize - 1) / _options.BatchSize;
        for (int batch = 0; batch < batches; batch++)
        {
            if (_options.CancellationToken.IsCancellationRequested)
                return false;
            double progress = epoch - 1 + (double)batch / batches;
            learningRate = (float)(_options.LearningRate * _options.LearningRateSchedule.GetFactor(progress, _options.NumberOfEpochs));
            if (!TryRunBatch(batch * _options.BatchSize, learningRate))
            {
                string what = $"The loss or its gradient is not finite any more in epoch {epoch}, batch {batch + 1} of {batches}";
                if (_best is null)
                    throw new InvalidOperationException(what + ". A lower LearningRate, a GradientClipNorm or scaled features may help.");
                _job.Monitor.Warn(what + "; the best model so far is kept.");
                return false;
            }
            _job.Monitor.BatchCompleted(epoch, batch + 1, batches);
        }
        return true;
    }

    /// <summary>One weight update. False when loss, gradient or weights are not finite.</summary>
    private bool TryRunBatch(int start, float learningRate)
    {
        ReadOnlySpan<int> indices = _order.AsSpan(start, Math.Min(_options.BatchSize, _order.Length - start));
        FillBatch(_training, indices);
        bool drops = _options.Dropout > 0 && _options.NumberOfLayers > 1;
        _workspace.Forward(_batch, keep: true, drops ? new Dropout(_options.Dropout, (ulong)_random.NextInt64()) : null);
        AddLosses(_trainingObjective, _training, indices);
        if (!_trainingObjective.IsFinite)
            return false;

        Span<float> gradient = _gradient.Values;
        gradient.Clear();
        _workspace.Backward(_dOutputs, _gradient);
        float norm = TensorPrimitives.Norm<float>(gradient);
        if (!float.IsFinite(norm))
            return false;
        if (_options.GradientClipNorm > 0 && norm > _options.GradientClipNorm)
            TensorPrimitives.Multiply(gradient, _options.GradientClipNorm / norm, gradient);
        _optimizer.Step(_model.Parameters.Values, gradient, learningRate);
        _network.Pack();
        return TensorPrimitives.IsFiniteAll<float>(_model.Parameters.Values);
    }

    private EpochMetrics? Validate()
    {
        if (_validation is null || _validationObjective is null)
            return null;
        _validationObjective.Reset();
        Span<int> indices = stackalloc int[Math.Min(_options.BatchSize, 256)];
        for (int start = 0; start < _validation.Count; start += indices.Length)
        {
            int count = Math.Min(indices.Length, _validation.Count - start);
            for (int i = 0; i < count; i++)
                indices[i] = start + i;
            FillBatch(_validation, indices[..count]);
            _workspace.Forward(_batch, keep: false);
            AddLosses(_validationObjective, _validation, indices[..count]);
        }
        return _validationObjective.Metrics;
    }

    private void FillBatch(SequenceSet set, ReadOnlySpan<int> indices)
    {
        _batch.Clear();
        for (int i = 0; i < indices.Length; i++)
        {
            set.Steps(indices[i]).CopyTo(_batch.Add(set.Length(indices[i])));
            set.Statics(indices[i]).CopyTo(_batch.Statics(i));
        }
        _batch.Pack();
    }

    /// <summary>Adds the batch's losses, in the rows' order, so that the sums do not depend on threads.</summary>
    private void AddLosses(RegressionObjective objective, SequenceSet set, ReadOnlySpan<int> indices)
    {
        int outputSize = set.TargetSize;
        for (int row = 0; row < indices.Length; row++)
        {
            int index = indices[_batch.SequenceAt(row)];
            objective.Add(_workspace.Output(row), set.Targets(index), set.Weight(index), indices.Length, _dOutputs.AsSpan(row * outputSize, outputSize));
        }
    }

    private bool KeepIfBest(EpochMetrics metrics)
    {
        double metric = _options.EarlyStopping?.Metric switch
        {
            EarlyStoppingMetric.RootMeanSquaredError => metrics.RootMeanSquaredError,
            EarlyStoppingMetric.MeanAbsoluteError => metrics.MeanAbsoluteError,
            _ => metrics.Loss,
        };
        if (!(metric < _bestMetric - (_best is null ? 0 : _options.EarlyStopping?.MinimumDelta ?? 0)))
            return false;
        _bestMetric = metric;
        _best = _model with { Parameters = _model.Parameters.Clone() };
        _job.SaveCheckpoint?.Invoke(_best);
        return true;
    }

    private SequenceModel NewModel()
    {
        var parameters = new ParameterSet(ShapeOf(_options, _training));
        Initializer.Initialize(parameters, _options.InitialForgetBias, _random);
        return new SequenceModel(parameters,
            Scaler(_training.InputSize, _training.AllSteps, _options.NormalizeFeatures),
            Scaler(_training.StaticSize, _training.AllStatics, _options.NormalizeFeatures),
            Scaler(_training.TargetSize, _training.AllTargets, _job.NormalizeTargets));

        static AffineScaler Scaler(int size, IEnumerable<float[]> values, bool normalize)
            => normalize && size > 0 ? AffineScaler.Standardize(size, values) : AffineScaler.Identity(size);
    }

    private void Scale(SequenceSet set)
    {
        for (int i = 0; i < set.Count; i++)
        {
            _model.InputScaler.Apply(set.Steps(i));
            _model.StaticScaler.Apply(set.Statics(i));
            _model.OutputScaler.Apply(set.Targets(i));
        }
    }

    private static double MeanWeight(SequenceSet set)
    {
        double sum = 0;
        for (int i = 0; i < set.Count; i++)
            sum += set.Weight(i);
        return sum / set.Count;
    }
}
