using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Distributed;
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

    // Whether what the head makes of the last steps is a ridge regression, which stays as it is.
    private readonly bool _keepsLinearPart;
    private readonly double[]? _ridges;

    // What the head makes of the last steps where training has no part in it; in the weights only while they are measured, and when kept.
    private readonly LinearPart? _linearPart;
    private readonly SequenceModel _model;
    private readonly BatchRunner _runner;
    private readonly CarriedStates? _states;
    private readonly SequenceBatch _batch;
    private readonly Gradient _gradient;
    private readonly UntrainedEmbeddings _untrained;
    private readonly Optimizer _optimizer;
    private readonly Objective _trainingObjective;
    private readonly Objective? _validationObjective;
    private readonly RandomNumbers _random;
    private readonly Dropout _dropout;
    private readonly FrozenParameters _frozen;
    private readonly int _batchSize;
    private readonly int _batches;
    private readonly int _epochs;
    private readonly int _stage;
    private readonly BatchPlan? _plan;
    private readonly TrainingCourse _course;
    private readonly WorkerTeam _team;
    private readonly DataParallel? _parallel;
    private TrainingSequence[] _sequences = [];
    private CancellationToken _stop;
    private bool _hasLearned;

    // The best weights so far, if there are any.
    private readonly ParameterSet _kept;
    private bool _keeps;

    // Why training ended before the last epoch; null where it did not.
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
            _validation = HoldOut(_training, _settings, _random, job.Monitor);
        if (_training is SequenceSet rows)
            _training = job.Task.Prepare(rows, _settings.BackpropagationLength);
        if (_validation is not null)
            _validation = job.Task.Prepare(_validation, MeasuredAtOnce);

        MemoryNeed.Check(NewNetwork.ShapeOf(_settings, job.Task, _training, job.Embeddings), _settings, LengthsOf(_training),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        _team = new WorkerTeam(_settings.NumberOfThreads);
        _model = (job.Resume?.Kept ?? job.Initial) is { } initial
            ? initial with { Parameters = initial.Parameters.Clone() }
            : NewNetwork.Create(job, _random, _team, stop);
        _kept = _model.Parameters.Clone();
        _frozen = new FrozenParameters(_model.Parameters, _settings.FineTuning);
        // First of all, since what follows reads the weights.
        job.Resume?.State.Weights.Span.CopyTo(_model.Parameters.Values);
        _keeps = job.Resume is not null || job.Initial is not null;
        if (job.Scalers is null)
            ScaleInMemory(_model.Scalers, job.All ?? _training, job.All is null ? _validation : null, stop);
        if (_model.Shape.SkipSteps > 0 && job.Initial is null && _training is SequenceSet scaled)
        {
            _linearPart = job.Task.FitLinearPart(_model.Shape, scaled);
            _keepsLinearPart = _training.TargetSize > 0;
            if (_linearPart is not null)
                LinearPart.Clear(_model.Parameters);
            else if (_keepsLinearPart)
                _ridges = RidgeStart.Fit(_model, scaled, _validation, job.LastValue, job.Ridges, keepsWeights: job.Resume is not null);
        }
        _trainingObjective = job.Task.CreateObjective(_model, _training);
        _validationObjective = _validation is null ? null : job.Task.CreateObjective(_model, _training);

        NetworkShape shape = _model.Shape;
        var network = new SequenceNetwork(_model.Parameters,
            shape.TokenColumns > 0 ? NetworkPasses.BackwardToInput : NetworkPasses.Backward);
        _runner = BatchRunner.Create(network, _team);
        _runner.Stop = stop;
        _states = job.Task.CarriesStates ? new CarriedStates(_runner) : null;
        _batch = new SequenceBatch(shape);
        _gradient = new Gradient(shape);
        foreach ((int table, int token, _) in _settings.Tokens.FreezePretrained ? NewNetwork.PretrainedVectors(job) : [])
            _gradient.Freeze(table, token);
        _untrained = new UntrainedEmbeddings(_model.Parameters, _gradient, job.Embeddings, wasTrained: job.Initial is not null,
            isFrozen: job.BeginsTrained ? _frozen.Contains : _ => false);
        _optimizer = Optimizer.Create(_settings.Optimizer, _model.Parameters, _gradient, _team);
        _dropout = _settings.Dropout with
        {
            Rank = _settings.Communicator?.Rank ?? 0,
            OtherRanks = (_settings.Communicator?.Size ?? 1) - 1,
            Tokens = shape.Embeddings.Count > 0 ? _settings.Dropout.Tokens : 0,
            TokenRates = shape.Embeddings.Count == 0 || _settings.Dropout.RareTokens == 0 ? null
                : TokenRates.Of(_training.Sequences.Select(sequence => sequence.Tokens), _training.TokenColumns, shape.Embeddings,
                    _settings.Dropout.Tokens, _settings.Dropout.RareTokens),
            Characters = shape.Characters is null ? 0 : _settings.Dropout.Characters,
            Layers = shape.Layers > 1 ? _settings.Dropout.Layers : 0,
        };
        _batchSize = Math.Min(_settings.BatchSize, _training.Count);
        _plan = _training is SequenceSet set ? BatchPlan.Of(set, _batchSize) : null;
        _batches = _plan?.Batches ?? 1 + (_training.Count - 1) / _batchSize;
        _epochs = _settings.Epochs.EpochsFor(_batches);
        _stage = _settings.EarlyStopping?.StageOf(_batches) ?? 1;
        _course = job.Resume?.State.Course ?? new TrainingCourse();
        if (_ridges is not null && job.Resume is null)
            _course.LinearBiases = _model.Parameters[ParameterSet.HeadBias].ToArray();
        if (job.Resume is not null)
            Restore(job.Resume.State);
        if (_settings.Communicator is not { Size: > 1 } ranks)
            return;
        _parallel = new DataParallel(ranks, _runner, _gradient, _training is StreamedSequences { HasShares: true },
            _settings.CancellationToken, job.Monitor.Abandoned);
        _stop = _runner.Stop = _parallel.Stop;
    }

    /// <summary>
    /// Trains a network and returns the kept model: of the epoch with the best validation metric or, with early stopping but no validation
    /// data, with the best metric of the training data; else of the last epoch that ended well.
    /// </summary>
    /// <exception cref="InvalidOperationException">The numbers stopped being finite before there was a model worth keeping.</exception>
    /// <exception cref="OperationCanceledException">The settings' token was cancelled before there was a model, or the monitor's at any
    /// time.</exception>
    public static SequenceModel Train(TrainingJob job) => Run(job).Model;

    /// <summary>Trains a network as <see cref="Train"/> does, and tells how the training ended.</summary>
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
            loop._parallel?.Dispose();
        }
    }

    private void RunEpochs()
    {
        var clock = Stopwatch.StartNew();
        TimeSpan before = _job.Resume?.State.Elapsed ?? _job.Elapsed;
        int last = Math.Min(PlannedEpochs, _job.EndAfter ?? _epochs);
        _parallel?.CheckSame(0, _model.Parameters, _job.Seed, _training.Count, _validation?.Count ?? 0, _batches, _epochs);
        if (_keepsLinearPart && _validation is not null && _course.Epochs == 0)
            _course.LinearError = Evaluate(_validation, _validationObjective!).RootMeanSquaredError;
        while (_course.Epochs < last && !IsPatienceOver)
        {
            int epoch = _course.Epochs + 1;
            EpochMetrics training;
            EpochMetrics? validation;
            float learningRate;
            try
            {
                if (!TryRunEpoch(epoch, out learningRate))
                    return;
                training = _trainingObjective.Metrics;
                validation = MeasureAndKeep(epoch, training);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested && !_job.Monitor.Abandoned.IsCancellationRequested)
            {
                EndCancelled();
                return;
            }
            _parallel?.CheckSame(epoch, _model.Parameters);
            PlanDecay();
            last = Math.Min(PlannedEpochs, _job.EndAfter ?? _epochs);
            TimeSpan elapsed = before + clock.Elapsed;
            _job.SaveCheckpoint?.Invoke(_model with { Parameters = _kept }, StateAfter(elapsed));
            var completed = new EpochCompletedEventArgs(
                epoch, PlannedEpochs, training, validation, learningRate, elapsed, isBest: _course.KeptEpoch == epoch)
            {
                Member = _job.Member,
                NumberOfMembers = _job.Members,
            };
            _job.Monitor.EpochCompleted(completed);
            if (_parallel?.Tells ?? true)
                _settings.EpochCompleted?.Invoke(completed);
            if (_parallel?.Any(completed.Cancel) ?? completed.Cancel)
            {
                (_ended, _wasStopped) = ("when it was stopped", _course.Epochs < last || _job.Member < _job.Members);
                KeepAnything();
                return;
            }
        }
        if (_course.PlannedEpochs > 0)
            _ended = $"since {_settings.EarlyStopping!.Metric} had stalled; over the last epochs the learning rate fell to zero";
        else if (_course.Epochs < last)
            _ended = $"since {_settings.EarlyStopping!.Metric} did not improve for {_course.EpochsWithoutGain} epochs";
    }

    private TrainedNetwork End()
    {
        if (!_keeps)
            throw new InvalidOperationException("No epoch had a finite validation metric, so there is no best model to return.");
        _job.Monitor.Info(_course.Describe(_epochs, _ended));
        if (_course.DescribeExplosion() is { } explosion)
            _job.Monitor.Warn(explosion);
        EpochMetrics? heldOut = null;
        if (_validation is not null || _job.Task.Calibrate is not null)
        {
            IgnoreStop();
            Objective objective = MeasureKept();
            heldOut = _validation is null ? null : objective.Metrics;
            _job.Task.Calibrate?.Invoke(objective, _job.Monitor);
        }
        return new TrainedNetwork(_model with { Parameters = _kept }, _course, PlannedEpochs, _ended, _wasStopped)
        {
            HeldOut = _validation,
            HeldOutMetrics = heldOut,
            Ridges = _ridges,
        };
    }

    /// <summary>Ends a training that is cancelled: with the weights so far where no epoch has ended yet.</summary>
    private void EndCancelled()
    {
        (_ended, _wasStopped) = ("when it was cancelled", true);
        IgnoreStop();
        if (!_keeps && !_hasLearned)
            throw new OperationCanceledException("Training was cancelled before there was a model.", _settings.CancellationToken);
        KeepAnything();
    }

    // What is left to do belongs to the returned model; only abandoning the training can still end it.
    private void IgnoreStop() => _stop = _runner.Stop = _parallel is null ? _job.Monitor.Abandoned : default;

    /// <summary>Ends a training whose numbers are not finite any more: with the kept model, or an error where that is no good.</summary>
    private void EndDiverged(string what)
    {
        if (!_keeps || !IsKeptModelSound())
            throw new InvalidOperationException(what + ". A lower LearningRate, a GradientClipNorm or scaled features may help.");
        _ended = "when its numbers were not finite any more";
        _job.Monitor.Warn(what + "; the best model so far is kept.");
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

    /// <summary>Scales the sequences that are in memory, in place; streamed ones are scaled each time they have been read.</summary>
    public static void ScaleInMemory(ModelScalers scalers, TrainingData training, SequenceSet? validation, CancellationToken stop)
    {
        if (training is SequenceSet inMemory)
            Scale(scalers, inMemory, stop);
        if (validation is not null)
            Scale(scalers, validation, stop);
    }

    // Streamed sequences would have to be read once more to know their lengths.
    private static IEnumerable<int> LengthsOf(TrainingData data) => data is StreamedSequences ? [] : data.Sequences.Select(data.LengthOf);

    private static void Scale(ModelScalers scalers, SequenceSet set, CancellationToken stop)
    {
        foreach (TrainingSequence sequence in set.Sequences)
        {
            stop.ThrowIfCancellationRequested();
            sequence.ScaleFeatures(scalers.Input);
            scalers.Static.Apply(sequence.Statics);
            if (set.TargetSize > 0)
                scalers.Output.ApplyToTargets(sequence.Targets);
        }
    }
}
