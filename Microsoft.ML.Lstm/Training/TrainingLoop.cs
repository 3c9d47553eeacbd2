using System.Diagnostics;
using Microsoft.ML.Lstm.Kernels;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>What to train on and how.</summary>
/// <param name="Training">The training sequences, at least one. Those in memory are scaled in place.</param>
/// <param name="Validation">Sequences to validate with after each epoch, scaled in place too; <see langword="null"/> for a split of the training ones, or none.</param>
/// <param name="Options">The network and its training.</param>
/// <param name="Task">What the network is to do.</param>
/// <param name="Seed">Decides all that is random.</param>
/// <param name="Monitor">Is told what happens.</param>
/// <param name="Initial">A model of the same shape to go on from, with its scaling; <see langword="null"/> to begin anew.</param>
/// <param name="SaveCheckpoint">Called with the model of each epoch that is the best so far.</param>
/// <param name="Embeddings">For each token column, the vectors that are known before, null for none; they begin a new model's tables. <see langword="null"/> for none at all.</param>
internal sealed record TrainingJob(TrainingData Training, SequenceSet? Validation, TrainingOptions Options, TrainingTask Task,
    int Seed, ITrainingMonitor Monitor, SequenceModel? Initial = null, Action<SequenceModel>? SaveCheckpoint = null,
    IReadOnlyList<GivenEmbeddings?>? Embeddings = null);

/// <summary>Trains a network by gradient descent over shuffled batches.</summary>
internal sealed class TrainingLoop
{
    private const int MaxEvaluationBatchSize = 256;

    // Floats of outputs that a batch may have when nothing but the loss is asked of it.
    private const int MaxEvaluationOutputs = 1 << 24;

    private readonly TrainingJob _job;
    private readonly TrainingOptions _options;
    private readonly TrainingData _training;
    private readonly SequenceSet? _validation;
    private readonly SequenceModel _model;
    private readonly NetworkRunner _runner;
    private readonly SequenceBatch _batch;
    private readonly Gradient _gradient;
    private readonly UntrainedEmbeddings _untrained;
    private readonly Optimizer _optimizer;
    private readonly Objective _trainingObjective;
    private readonly Objective? _validationObjective;
    private readonly Random _random;
    private readonly Dropout _dropout;
    private readonly int _batchSize;
    private readonly int _batches;
    private readonly int _epochs;
    private readonly BatchPlan? _plan;
    private TrainingSequence[] _sequences = [];
    private readonly ParameterSet _kept;
    private bool _keeps;
    private double _keptMetric = double.PositiveInfinity;
    private double? _firstLoss;

    private TrainingLoop(TrainingJob job)
    {
        _job = job;
        _options = job.Options;
        _random = new Random(job.Seed);
        _training = job.Training;
        _validation = job.Validation;
        if (_validation is null && _options.ValidationFraction > 0)
            _validation = HoldOut();

        _model = job.Initial is { } initial ? initial with { Parameters = initial.Parameters.Clone() } : NewModel();
        _kept = _model.Parameters.Clone();
        _keeps = job.Initial is not null;
        if (_training is SequenceSet inMemory)
            Scale(inMemory);
        if (_validation is not null)
            Scale(_validation);
        _trainingObjective = job.Task.CreateObjective(_model, _training);
        _validationObjective = _validation is null ? null : job.Task.CreateObjective(_model, _training);

        NetworkShape shape = _model.Shape;
        var team = new WorkerTeam(_options.NumberOfThreads ?? Environment.ProcessorCount);
        var network = new SequenceNetwork(_model.Parameters, shape.Embeddings.Count > 0 ? NetworkPasses.BackwardToInput : NetworkPasses.Backward);
        _runner = NetworkRunner.Create(network, team);
        _batch = new SequenceBatch(shape);
        _gradient = new Gradient(shape);
        if (_options.Tokens.FreezeGiven)
            FreezeEmbeddings();
        _untrained = new UntrainedEmbeddings(_model.Parameters, _gradient, job.Embeddings, wasTrained: job.Initial is not null);
        _optimizer = Optimizer.Create(_options, _model.Parameters, _gradient, team);
        _dropout = new Dropout
        {
            Tokens = shape.Embeddings.Count > 0 ? _options.Tokens.Dropout : 0,
            Inputs = _options.InputDropout,
            States = _options.RecurrentDropout,
            Layers = shape.Layers > 1 ? _options.Dropout : 0,
            Outputs = _options.OutputDropout,
        };
        _batchSize = Math.Min(_options.BatchSize, _training.Count);
        _batches = 1 + (_training.Count - 1) / _batchSize;
        _epochs = _options.EpochsFor(_batches);
        _plan = _training is SequenceSet set ? PlanOf(set) : null;
    }

    /// <summary>The shape of the network that <paramref name="options"/> ask for.</summary>
    /// <param name="options">The network and its training.</param>
    /// <param name="task">What the network is to do.</param>
    /// <param name="data">The training data.</param>
    /// <param name="given">The embeddings that are known before, whose sizes are then the tables'; see <see cref="TrainingJob"/>.</param>
    /// <exception cref="ArgumentException">The given embeddings are not those of the data's token columns.</exception>
    public static NetworkShape ShapeOf(TrainingOptions options, TrainingTask task, TrainingData data, IReadOnlyList<GivenEmbeddings?>? given = null)
    {
        if (given is not null && given.Count != data.Vocabularies.Count)
            throw new ArgumentException($"Embeddings are given for {given.Count} token columns, but there are {data.Vocabularies.Count}.", nameof(given));
        EmbeddingShape[] tables = [.. data.Vocabularies.Select((vocabulary, i) => (given?[i]?.Shape ?? new EmbeddingShape(vocabulary, options.Tokens.EmbeddingSize)) with { Keys = data.Keys[i] })];
        for (int i = 0; i < tables.Length; i++)
        {
            if (tables[i].Vocabulary != data.Vocabularies[i])
                throw new ArgumentException($"Embeddings are given for {tables[i].Vocabulary} tokens, but token column {i} has {data.Vocabularies[i]}.", nameof(given));
        }
        var embeddings = new EmbeddingShapes(tables);
        return task.WithOutputs(new NetworkShape
        {
            Cell = options.CellType,
            InputSize = data.FeatureSize + embeddings.Sum(embedding => embedding.Size),
            Embeddings = embeddings,
            HiddenSize = options.HiddenSize,
            Layers = options.NumberOfLayers,
            Bidirectional = options.Bidirectional,
            Pooling = options.EncodingPooling,
            StaticSize = data.StaticSize,
            OutputSize = 1,
        }, data);
    }

    /// <summary>
    /// Trains and returns the model that was kept: of the epoch with the best validation metric or, with early stopping but
    /// no validation data, the best metric of the training data; else that of the last epoch that ended well.
    /// </summary>
    /// <exception cref="InvalidOperationException">The numbers stopped being finite before there was a model worth keeping.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled before there was a model.</exception>
    public static SequenceModel Train(TrainingJob job) => new TrainingLoop(job).Run();

    private SequenceModel Run()
    {
        var clock = Stopwatch.StartNew();
        int epochsWithoutGain = 0;
        for (int epoch = 1; epoch <= _epochs; epoch++)
        {
            if (!TryRunEpoch(epoch, out float learningRate))
                break;
            _untrained.Settle();
            EpochMetrics training = _trainingObjective.Metrics;
            _firstLoss ??= training.Loss;
            EpochMetrics? validation = _validation is null ? null : Evaluate(_validation, _validationObjective!);
            bool isBest = Keep(validation);
            epochsWithoutGain = isBest ? 0 : epochsWithoutGain + 1;

            var completed = new EpochCompletedEventArgs(epoch, _epochs, training, validation, learningRate, clock.Elapsed, isBest);
            _job.Monitor.EpochCompleted(completed);
            _options.EpochCompleted?.Invoke(completed);
            if (completed.Cancel || (_options.EarlyStopping is { } stopping && epochsWithoutGain >= stopping.Patience))
                break;
        }
        if (!_keeps)
            throw new InvalidOperationException("No epoch had a finite validation metric, so there is no best model to return.");
        if (_job.Task.Calibrate is { } calibrate)
            calibrate(MeasureKept(), _job.Monitor);
        return _model with { Parameters = _kept };
    }

    /// <summary>The objective of the validation data or, without any, of the training data, with the figures of the model that was kept.</summary>
    private Objective MeasureKept()
    {
        Objective objective = _validationObjective ?? _trainingObjective;
        RestoreKept();
        Evaluate(_validation ?? _training, objective);
        return objective;
    }

    private void RestoreKept()
    {
        _kept.Values.CopyTo(_model.Parameters.Values, 0);
        _runner.PackNetwork();
    }

    /// <summary>Goes over the training data once. False when it was stopped: by the user, or by numbers that are not finite.</summary>
    private bool TryRunEpoch(int epoch, out float learningRate)
    {
        _trainingObjective.Reset();
        learningRate = 0;
        int batch = 0;
        foreach (SequenceSet set in _training.Sets(_random))
        {
            if (set != _training)
                Scale(set);
            if (!TryRunSet(epoch, set, ref batch, ref learningRate))
                return false;
        }
        return true;
    }

    /// <summary>Goes over a part of the training data, or all of it, from the epoch's batch <paramref name="batch"/> on.</summary>
    private bool TryRunSet(int epoch, SequenceSet set, ref int batch, ref float learningRate)
    {
        BatchPlan plan = _plan ?? PlanOf(set);
        plan.Shuffle(_random);
        for (int i = 0; i < plan.Batches; i++, batch++)
        {
            if (_options.CancellationToken.IsCancellationRequested)
            {
                if (!_keeps)
                    KeepUnfinished(anyBatch: batch > 0);
                return false;
            }
            // Parts that are no whole number of batches have a few more than the data would have in one.
            int batches = Math.Max(_batches, batch + 1);
            learningRate = LearningRateAt(epoch - 1 + (double)batch / batches);
            if (!TryRunBatch(set, plan[i], learningRate))
            {
                EndDiverged($"The loss or its gradient is not finite any more in epoch {epoch}, batch {batch + 1} of {batches}");
                return false;
            }
            _job.Monitor.BatchCompleted(epoch, batch + 1, batches);
        }
        return true;
    }

    private float LearningRateAt(double epoch)
    {
        double factor = _options.LearningRateSchedule.GetFactor(epoch, _epochs);
        if (!(factor >= 0 && double.IsFinite(factor)))
            throw new InvalidOperationException($"{nameof(TrainingOptions.LearningRateSchedule)} gave the factor {factor} after {epoch:0.##} epochs; it must be 0 or more and finite.");
        return (float)(_options.LearningRate * factor);
    }

    /// <summary>Cancelled before an epoch had ended: better the weights so far than none.</summary>
    private void KeepUnfinished(bool anyBatch)
    {
        if (!anyBatch)
            _options.CancellationToken.ThrowIfCancellationRequested();
        _untrained.Settle();
        _model.Parameters.Values.CopyTo(_kept.Values, 0);
        _keeps = true;
    }

    /// <summary>Sees to it that what was kept is worth returning when the numbers are not finite any more.</summary>
    private void EndDiverged(string what)
    {
        if (!_keeps || !IsKeptModelSound())
            throw new InvalidOperationException(what + ". A lower LearningRate, a GradientClipNorm or scaled features may help.");
        _job.Monitor.Warn(what + "; the best model so far is kept.");
    }

    /// <summary>
    /// A model that was kept without being measured may be on its way to infinity already. It is sound when it is no worse on the
    /// training data than the weights of the first epoch. An initial model is what the user wanted, whatever its loss.
    /// </summary>
    private bool IsKeptModelSound()
    {
        if (MeasuresEpochs || _firstLoss is not { } firstLoss)
            return true;
        RestoreKept();
        return Evaluate(_training, _trainingObjective).Loss <= firstLoss;
    }

    /// <summary>One weight update. False when loss, gradient or weights are not finite.</summary>
    private bool TryRunBatch(SequenceSet set, ReadOnlySpan<int> indices, float learningRate)
    {
        BeginBatch(set, indices, _trainingObjective);
        _runner.Forward(_batch, keep: true, _dropout.IsOn ? _dropout with { Key = (ulong)_random.NextInt64() } : default);
        _runner.Backward(_trainingObjective, _gradient);
        _trainingObjective.AddGradients(_gradient);
        _trainingObjective.End();
        if (!_trainingObjective.IsFinite || !_optimizer.TryStep(learningRate, _options.GradientClipNorm))
            return false;
        _runner.PackNetwork();
        return true;
    }

    private BatchPlan PlanOf(SequenceSet set) => new([.. Enumerable.Range(0, set.Count).Select(set.Length)], _batchSize);

    private EpochMetrics Evaluate(TrainingData data, Objective objective)
    {
        objective.Reset();
        foreach (SequenceSet set in data.Sets(random: null))
        {
            if (set != data)
                Scale(set);
            Measure(set, objective);
        }
        return objective.Metrics;
    }

    private void Measure(SequenceSet set, Objective objective)
    {
        Span<int> indices = stackalloc int[MaxEvaluationBatchSize];
        for (int start = 0; start < set.Count;)
        {
            int count = 0;
            long outputs = 0;
            while (count < indices.Length && start < set.Count && (count == 0 || outputs < MaxEvaluationOutputs))
            {
                indices[count++] = start;
                outputs += (long)set.Length(start++) * _model.Shape.OutputSize;
            }
            BeginBatch(set, indices[..count], objective);
            _runner.Forward(_batch, keep: false);
            _runner.Measure(objective);
            objective.End();
        }
    }

    private void BeginBatch(SequenceSet set, ReadOnlySpan<int> indices, Objective objective)
    {
        FloatBuffer.Require(ref _sequences, indices.Length);
        _batch.Clear();
        for (int i = 0; i < indices.Length; i++)
        {
            TrainingSequence sequence = set[indices[i]];
            sequence.Features.CopyTo(_batch.Add(set.Length(indices[i])));
            sequence.Tokens.CopyTo(_batch.Tokens(i));
            sequence.Statics.CopyTo(_batch.Statics(i));
            _sequences[i] = sequence;
        }
        _batch.Pack();
        objective.Begin(_batch, _sequences.AsSpan(0, indices.Length));
    }

    /// <summary>Whether epochs are compared; otherwise each supersedes the one before.</summary>
    private bool MeasuresEpochs => _validation is not null || _options.EarlyStopping is not null;

    /// <summary>Keeps the epoch's weights, unless earlier ones were better.</summary>
    private bool Keep(EpochMetrics? validation)
    {
        if (MeasuresEpochs)
        {
            // What was gathered while the epoch went on belongs to other weights than those it ended with.
            EpochMetrics metrics = validation ?? Evaluate(_training, _trainingObjective);
            EarlyStoppingMetric watched = _options.EarlyStopping?.Metric ?? EarlyStoppingMetric.Loss;
            double metric = metrics[watched] ?? throw new InvalidOperationException($"All labels of the {(validation is null ? "training" : "validation")} data are the same, so there is no {watched} to stop early by.");
            if (watched is EarlyStoppingMetric.Accuracy or EarlyStoppingMetric.AreaUnderRocCurve)
                metric = -metric;
            double required = double.IsFinite(_keptMetric) ? _options.EarlyStopping?.MinimumDelta ?? 0 : 0;
            if (!(metric < _keptMetric - required))
                return false;
            _keptMetric = metric;
        }
        _keeps = true;
        _model.Parameters.Values.CopyTo(_kept.Values, 0);
        _job.SaveCheckpoint?.Invoke(_model with { Parameters = _kept });
        return true;
    }

    /// <summary>Moves the validation fraction of the training data, drawn at random, to a set of its own; at least one sequence stays on either side.</summary>
    private SequenceSet? HoldOut()
    {
        if (_training is not SequenceSet training)
            throw new InvalidOperationException("Sequences that are streamed can't be split; give validation data instead.");
        if (training.Count < 2)
        {
            _job.Monitor.Warn("There is only one usable row, so none can be held out for validation.");
            return null;
        }
        int count = (int)Math.Round(training.Count * (double)_options.ValidationFraction);
        return training.Split(Math.Clamp(count, 1, training.Count - 1), _random);
    }

    private SequenceModel NewModel()
    {
        var parameters = new ParameterSet(ShapeOf(_options, _job.Task, _training, _job.Embeddings));
        Initializer.Initialize(parameters, _options.InitialForgetBias, _random);
        foreach ((int table, int token, float[] vector) in GivenVectors())
            vector.CopyTo(parameters[ParameterSet.EmbeddingName(table)][(token * vector.Length)..]);
        return new SequenceModel(parameters,
            Scaler(_training.FeatureSize, _training.Sequences.Select(sequence => sequence.Features)),
            Scaler(_training.StaticSize, _training.Sequences.Select(sequence => sequence.Statics)),
            _job.Task.ScaleTargets(parameters.Shape.OutputSize, _training));

        AffineScaler Scaler(int size, IEnumerable<float[]> values)
            => size == 0 ? AffineScaler.Identity(0) : _options.NormalizeFeatures ? AffineScaler.Standardize(size, values) : AffineScaler.KeepUnits(size, values);
    }

    private void FreezeEmbeddings()
    {
        foreach ((int table, int token, _) in GivenVectors())
            _gradient.Freeze(table, token);
    }

    private IEnumerable<(int Table, int Token, float[] Vector)> GivenVectors() =>
        from table in Enumerable.Range(0, _job.Embeddings?.Count ?? 0)
        let given = _job.Embeddings![table]
        where given is not null
        from token in given.Tokens
        select (table, token, given[token]!);

    private void Scale(SequenceSet set)
    {
        foreach (TrainingSequence sequence in set.Sequences)
        {
            _model.InputScaler.Apply(sequence.Features);
            _model.StaticScaler.Apply(sequence.Statics);
            if (set.TargetSize > 0)
                _model.OutputScaler.ApplyToTargets(sequence.Targets);
        }
    }
}
