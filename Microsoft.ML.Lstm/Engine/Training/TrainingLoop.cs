using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Trains a network by gradient descent over shuffled batches.</summary>
internal sealed partial class TrainingLoop
{
    private readonly TrainingJob _job;
    private readonly TrainingSettings _settings;
    private readonly TrainingData _training;
    private readonly SequenceSet? _validation;
    private readonly SequenceModel _model;
    private readonly BatchRunner _runner;
    private readonly SequenceBatch _batch;
    private readonly Gradient _gradient;
    private readonly UntrainedEmbeddings _untrained;
    private readonly Optimizer _optimizer;
    private readonly Objective _trainingObjective;
    private readonly Objective? _validationObjective;
    private readonly RandomNumbers _random;
    private readonly Dropout _dropout;
    private readonly int _batchSize;
    private readonly int _batches;
    private readonly int _epochs;
    private readonly BatchPlan? _plan;
    private TrainingSequence[] _sequences = [];
    private readonly ParameterSet _kept;
    private readonly TrainingCourse _course;
    private readonly WorkerTeam _team;
    private CancellationToken _stop;
    private bool _keeps;
    private bool _hasLearned;
    private float _learningRate;
    private string? _ended;
    private bool _wasStopped;

    private TrainingLoop(TrainingJob job, CancellationToken stop)
    {
        _job = job;
        _settings = job.Settings;
        _stop = stop;
        _random = new RandomNumbers(job.Seed);
        _training = job.Training;
        _validation = job.Validation;
        if (_validation is null && _settings.ValidationFraction > 0)
            _validation = HoldOut();

        MemoryNeed.Check(NewNetwork.ShapeOf(_settings, job.Task, _training, job.Embeddings), _settings, LengthsOf(_training),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        _team = new WorkerTeam(_settings.NumberOfThreads);
        _model = (job.Resume?.Kept ?? job.Initial) is { } initial
            ? initial with { Parameters = initial.Parameters.Clone() }
            : NewNetwork.Create(job, _random, _team, stop);
        _kept = _model.Parameters.Clone();
        // Before anybody looks at the weights that training goes on from.
        job.Resume?.State.Weights.Span.CopyTo(_model.Parameters.Values);
        _keeps = job.Resume is not null || job.Initial is not null;
        if (_training is SequenceSet inMemory)
            Scale(inMemory);
        if (_validation is not null)
            Scale(_validation);
        _trainingObjective = job.Task.CreateObjective(_model, _training);
        _validationObjective = _validation is null ? null : job.Task.CreateObjective(_model, _training);

        NetworkShape shape = _model.Shape;
        var network = new SequenceNetwork(_model.Parameters,
            shape.Embeddings.Count > 0 ? NetworkPasses.BackwardToInput : NetworkPasses.Backward);
        _runner = BatchRunner.Create(network, _team);
        _runner.Stop = stop;
        _batch = new SequenceBatch(shape);
        _gradient = new Gradient(shape);
        if (_settings.Tokens.FreezePretrained)
            FreezeEmbeddings();
        _untrained = new UntrainedEmbeddings(_model.Parameters, _gradient, job.Embeddings, wasTrained: job.Initial is not null);
        _optimizer = Optimizer.Create(_settings.Optimizer, _model.Parameters, _gradient, _team);
        _dropout = _settings.Dropout with
        {
            Tokens = shape.Embeddings.Count > 0 ? _settings.Dropout.Tokens : 0,
            Layers = shape.Layers > 1 ? _settings.Dropout.Layers : 0,
        };
        _batchSize = Math.Min(_settings.BatchSize, _training.Count);
        _batches = 1 + (_training.Count - 1) / _batchSize;
        _epochs = _settings.Epochs.EpochsFor(_batches);
        _plan = _training is SequenceSet set ? PlanOf(set) : null;
        _course = job.Resume?.State.Course ?? new TrainingCourse();
        if (job.Resume is not null)
            Restore(job.Resume.State);
    }

    /// <summary>
    /// Trains and returns the model that was kept: of the epoch with the best validation metric or, with early stopping but
    /// no validation data, the best metric of the training data; else that of the last epoch that ended well.
    /// </summary>
    /// <exception cref="InvalidOperationException">The numbers stopped being finite before there was a model worth keeping.</exception>
    /// <exception cref="OperationCanceledException">The settings' token was cancelled before there was a model, or the monitor's at any
    /// time.</exception>
    public static SequenceModel Train(TrainingJob job) => Run(job).Model;

    /// <summary><see cref="Train"/>, with what is known of the training.</summary>
    public static TrainedNetwork Run(TrainingJob job)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(job.Settings.CancellationToken, job.Monitor.Abandoned);
        var loop = new TrainingLoop(job, stop.Token);
        try
        {
            loop.RunEpochs();
            return loop.End();
        }
        finally
        {
            loop._team.Release();
        }
    }

    private void RunEpochs()
    {
        var clock = Stopwatch.StartNew();
        TimeSpan before = _job.Resume?.State.Elapsed ?? TimeSpan.Zero;
        int last = Math.Min(_epochs, _job.EndAfter ?? _epochs);
        while (_course.Epochs < last && !IsPatienceOver)
        {
            int epoch = _course.Epochs + 1;
            EpochMetrics training;
            EpochMetrics? validation;
            try
            {
                if (!TryRunEpoch(epoch, out float learningRate))
                    return;
                training = _trainingObjective.Metrics;
                validation = MeasureAndKeep(epoch, training);
                _learningRate = learningRate;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested && !_job.Monitor.Abandoned.IsCancellationRequested)
            {
                EndCancelled();
                return;
            }
            TimeSpan elapsed = before + clock.Elapsed;
            _job.SaveCheckpoint?.Invoke(_model with { Parameters = _kept }, StateAfter(elapsed));
            var completed = new EpochCompletedEventArgs(epoch, _epochs, training, validation, _learningRate, elapsed,
                _course.KeptEpoch == epoch);
            _job.Monitor.EpochCompleted(completed);
            _settings.EpochCompleted?.Invoke(completed);
            if (completed.Cancel)
            {
                (_ended, _wasStopped) = ("when it was stopped", _course.Epochs < last);
                return;
            }
        }
        if (_course.Epochs < last)
            _ended = $"since {_settings.EarlyStopping!.Metric} did not improve for {_settings.EarlyStopping.Patience} epochs";
    }

    private bool IsPatienceOver
        => _settings.EarlyStopping is { } stopping && _course.Epochs > 0 && _course.EpochsWithoutGain >= stopping.Patience;

    private TrainedNetwork End()
    {
        if (!_keeps)
            throw new InvalidOperationException("No epoch had a finite validation metric, so there is no best model to return.");
        _job.Monitor.Info(_course.Describe(_epochs, _ended));
        if (_course.DescribeExplosion() is { } explosion)
            _job.Monitor.Warn(explosion);
        if (_job.Task.Calibrate is { } calibrate)
            calibrate(MeasureKept(), _job.Monitor);
        return new TrainedNetwork(_model with { Parameters = _kept }, _course.KeptEpoch, _epochs, _wasStopped);
    }

    private TrainingState StateAfter(TimeSpan elapsed) => new()
    {
        NumberOfEpochs = _epochs,
        Course = _course,
        Elapsed = elapsed,
        Weights = _model.Parameters.Values,
        Steps = _optimizer.Steps,
        Moments = _optimizer.Moments,
        Random = _random.Save(),
        Order = _plan?.Order ?? [],
        BatchOrder = _plan?.BatchOrder ?? [],
        Unreached = _untrained.Unreached,
    };

    private void Restore(TrainingState state)
    {
        if (state.NumberOfEpochs != _epochs)
            throw new InvalidDataException(
                $"The checkpoint is of a training over {state.NumberOfEpochs} epochs, but this one is over {_epochs}.");
        _optimizer.Restore(state.Steps, state.Moments);
        _random.Restore(state.Random);
        _untrained.Unreached = state.Unreached;
        _plan?.Restore(state.Order, state.BatchOrder);
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
        if (double.IsNaN(_course.InitialLoss))
            _course.InitialLoss = MeasureInitial(set);
        for (int i = 0; i < plan.Batches; i++, batch++)
        {
            _stop.ThrowIfCancellationRequested();
            // Parts that are no whole number of batches have a few more than the data would have in one.
            int batches = Math.Max(_batches, batch + 1);
            learningRate = LearningRateAt(epoch - 1 + (double)batch / batches);
            if (!TryRunBatch(set, plan[i], learningRate))
            {
                EndDiverged($"The loss or its gradient is not finite any more in epoch {epoch}, batch {batch + 1} of {batches}");
                return false;
            }
            _hasLearned = true;
            _job.Monitor.BatchCompleted(epoch, batch + 1, batches);
        }
        return true;
    }

    private float LearningRateAt(double epoch)
    {
        double factor = _settings.LearningRateSchedule.GetFactor(epoch, _epochs);
        if (!(factor >= 0 && double.IsFinite(factor)))
            throw new InvalidOperationException(
                $"{nameof(TrainingSettings.LearningRateSchedule)} gave the factor {factor} after {epoch:0.##} epochs; it must be 0 or more "
                + "and finite.");
        return (float)(_settings.LearningRate * factor);
    }

    /// <summary>Cancelled before an epoch had ended: better the weights so far than none.</summary>
    private void EndCancelled()
    {
        (_ended, _wasStopped) = ("when it was cancelled", true);
        // What is left to do belongs to the model that is returned; only who wants none can still end it.
        _stop = _runner.Stop = _job.Monitor.Abandoned;
        if (_keeps)
            return;
        if (!_hasLearned)
            throw new OperationCanceledException("Training was cancelled before there was a model.", _settings.CancellationToken);
        _untrained.Settle();
        _model.Parameters.Values.CopyTo(_kept.Values, 0);
        _keeps = true;
    }

    /// <summary>Sees to it that what was kept is worth returning when the numbers are not finite any more.</summary>
    private void EndDiverged(string what)
    {
        if (!_keeps || !IsKeptModelSound())
            throw new InvalidOperationException(what + ". A lower LearningRate, a GradientClipNorm or scaled features may help.");
        _ended = "when its numbers were not finite any more";
        _job.Monitor.Warn(what + "; the best model so far is kept.");
    }

    /// <summary>One weight update. False when loss, gradient or weights are not finite.</summary>
    private bool TryRunBatch(SequenceSet set, ReadOnlySpan<int> indices, float learningRate)
    {
        BeginBatch(set, indices, _trainingObjective);
        _runner.Forward(_batch, keep: true, _dropout.IsOn ? _dropout with { Key = (ulong)_random.NextInt64() } : default);
        _runner.Backward(_trainingObjective, _gradient);
        _trainingObjective.AddGradients(_gradient);
        _trainingObjective.End();
        if (!_trainingObjective.IsFinite || !_optimizer.TryStep(learningRate, _settings.GradientClipNorm))
            return false;
        _runner.PackNetwork();
        return true;
    }

    private BatchPlan PlanOf(SequenceSet set) => new([.. Enumerable.Range(0, set.Count).Select(set.Length)], _batchSize);

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
    private bool MeasuresEpochs => _validation is not null || _settings.EarlyStopping is not null;

    /// <summary>
    /// Measures an epoch's weights on the validation data, if there are any, and keeps them unless earlier ones were better.
    /// </summary>
    private EpochMetrics? MeasureAndKeep(int epoch, EpochMetrics training)
    {
        _untrained.BeginMeasuring();
        try
        {
            EpochMetrics? validation = _validation is null ? null : Evaluate(_validation, _validationObjective!);
            KeepBest(epoch, training, validation);
            return validation;
        }
        finally
        {
            _untrained.EndMeasuring();
        }
    }

    /// <summary>Notes how an epoch went, and keeps its weights unless earlier ones were better.</summary>
    private void KeepBest(int epoch, EpochMetrics training, EpochMetrics? validation)
    {
        // What was gathered while the epoch went on belongs to other weights than those it ended with.
        EpochMetrics? measured = validation ?? (MeasuresEpochs ? Evaluate(_training, _trainingObjective) : null);
        _course.Add(training, validation);
        _course.EpochsWithoutGain++;
        if (measured is not null)
        {
            EarlyStoppingMetric watched = _settings.EarlyStopping?.Metric ?? EarlyStoppingMetric.Loss;
            double metric = measured[watched]
                ?? throw new InvalidOperationException(
                $"All labels of the {(validation is null ? "training" : "validation")} data are the same, so there is no {watched} to "
                + "stop early by.");
            if (watched is EarlyStoppingMetric.Accuracy or EarlyStoppingMetric.AreaUnderRocCurve)
                metric = -metric;
            double required = double.IsFinite(_course.KeptMetric) ? _settings.EarlyStopping?.MinimumDelta ?? 0 : 0;
            if (!(metric < _course.KeptMetric - required))
                return;
            _course.KeptMetric = metric;
        }
        _keeps = true;
        (_course.KeptEpoch, _course.EpochsWithoutGain) = (epoch, 0);
        _model.Parameters.Values.CopyTo(_kept.Values, 0);
    }

    /// <summary>
    /// Moves the validation fraction of the training data, drawn at random, to a set of its own; at least one sequence stays on either
    /// side.
    /// </summary>
    private SequenceSet? HoldOut()
    {
        if (_training is not SequenceSet training)
            throw new InvalidOperationException("Sequences that are streamed can't be split; give validation data instead.");
        if (training.Count < 2)
        {
            _job.Monitor.Warn("There is only one usable row, so none can be held out for validation.");
            return null;
        }
        int count = (int)Math.Round(training.Count * (double)_settings.ValidationFraction);
        return training.Split(Math.Clamp(count, 1, training.Count - 1), _random);
    }

    // What is streamed would have to be read once more for that.
    private static IEnumerable<int> LengthsOf(TrainingData data) => data is StreamedSequences ? [] : data.Sequences.Select(data.LengthOf);

    private void FreezeEmbeddings()
    {
        foreach ((int table, int token, _) in NewNetwork.GivenVectors(_job))
            _gradient.Freeze(table, token);
    }

    private void Scale(SequenceSet set)
    {
        foreach (TrainingSequence sequence in set.Sequences)
        {
            _stop.ThrowIfCancellationRequested();
            _model.InputScaler.Apply(sequence.Features);
            _model.StaticScaler.Apply(sequence.Statics);
            if (set.TargetSize > 0)
                _model.OutputScaler.ApplyToTargets(sequence.Targets);
        }
    }
}
