using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <content>
/// An epoch, batch by batch, of each of which every rank computes a part. Measuring the network after it, keeping the best weights, and
/// when training has gone on long enough.
/// </content>
internal sealed partial class TrainingLoop
{
    private const int MaxEvaluationBatchSize = 256;

    // The most floats of outputs, and of the whole forward pass, in a batch that is only measured.
    private const int MaxEvaluationOutputs = 1 << 24;
    private const long MaxEvaluationFloats = 1 << 28;

    // Steps of a piece of a long sequence that is only measured, its state being carried on.
    private const int MeasuredAtOnce = 256;

    // Sequences that the initial loss is measured on.
    private const int MaxInitialSequences = 64;

    /// <summary>
    /// Moves a random part of the training data, the validation fraction, to a set of its own; at least one sequence stays on either side.
    /// Of one long text it is the end.
    /// </summary>
    public static SequenceSet? HoldOut(TrainingData data, TrainingSettings settings, Random random, ITrainingMonitor monitor)
    {
        if (data is not SequenceSet training)
            throw new InvalidOperationException("Sequences that are streamed can't be split; give validation data instead.");
        if (training.Count == 1 && settings.BackpropagationLength > 0 && training.Length(0) > 1)
            return training.SplitEnd(settings.ValidationFraction);
        if (training.Count < 2)
        {
            monitor.Warn("There is only one usable row, so none can be held out for validation.");
            return null;
        }
        int count = Math.Clamp((int)Math.Round(training.Count * (double)settings.ValidationFraction), 1, training.Count - 1);
        return settings.ValidationGap is { } gap
            ? training.SplitLast(count, Math.Min(gap, training.Count - count - 1))
            : training.Split(count, random);
    }

    /// <summary>Whether epochs are compared; otherwise the last one counts.</summary>
    private bool MeasuresEpochs => _validation is not null || _settings.EarlyStopping is not null;

    /// <summary>
    /// Measures the weights on the validation data, if there is any, and keeps them unless an earlier epoch was better.
    /// </summary>
    private EpochMetrics? MeasureAndKeep(int epoch, EpochMetrics training)
    {
        _untrained.BeginMeasuring();
        if (_linearPart is not null)
        {
            _linearPart.Add(_model.Parameters);
            _runner.PackNetwork();
        }
        try
        {
            EpochMetrics? validation = _validation is null ? null : Evaluate(_validation, _validationObjective!);
            KeepBest(epoch, training, validation);
            return validation;
        }
        finally
        {
            if (_linearPart is not null)
            {
                _linearPart.Remove(_model.Parameters);
                _runner.PackNetwork();
            }
            _untrained.EndMeasuring();
        }
    }

    /// <summary>Adds the epoch to the course, and keeps its weights unless an earlier epoch was better.</summary>
    private void KeepBest(int epoch, EpochMetrics training, EpochMetrics? validation)
    {
        // The metrics gathered during the epoch belong to weights that have changed since.
        EpochMetrics? measured = validation ?? (MeasuresEpochs ? Evaluate(_training, _trainingObjective) : null);
        _course.Add(training, validation);
        _course.EpochsWithoutGain++;
        if (!IsCompared(epoch))
            return;
        if (measured is not null)
        {
            EarlyStoppingMetric watched = _settings.EarlyStopping?.Metric ?? EarlyStoppingMetric.Loss;
            double metric = measured[watched] ?? throw new InvalidOperationException(_model.Shape.AdaptiveSoftmax is not null
                ? $"{watched} is not computed for a network with an adaptive softmax, so there is none to stop early by."
                : $"All labels of the {(validation is null ? "training" : "validation")} data are the same, "
                    + $"so there is no {watched} to stop early by.");
            if (watched is EarlyStoppingMetric.Accuracy or EarlyStoppingMetric.AreaUnderRocCurve)
                metric = -metric;
            double required = double.IsFinite(_course.KeptMetric) ? _settings.EarlyStopping?.RequiredGain(IsEnding(epoch)) ?? 0 : 0;
            if (!(metric < _course.KeptMetric - required))
                return;
            _course.KeptMetric = metric;
        }
        _keeps = true;
        (_course.KeptEpoch, _course.EpochsWithoutGain) = (epoch, 0);
        _model.Parameters.Values.CopyTo(_kept.Values, 0);
    }

    /// <summary>Keeps the weights as they are where there are no better ones, since none have been compared yet.</summary>
    private void KeepAnything()
    {
        if (_keeps)
            return;
        _untrained.Replace();
        _linearPart?.Add(_model.Parameters);
        _model.Parameters.Values.CopyTo(_kept.Values, 0);
        _keeps = true;
    }

    /// <summary>The epochs that the schedule counts on.</summary>
    private int PlannedEpochs => _course.PlannedEpochs > 0 ? _course.PlannedEpochs : _epochs;

    private bool IsPatienceOver => _settings.EarlyStopping is { Decays: false } && HasStalled;

    private bool HasStalled => _settings.EarlyStopping is { } stopping
        && _course.Epochs > 0
        && (stopping.IsPerfect(_course.KeptMetric) || _course.EpochsWithoutGain >= stopping.PatienceAfter(_batches, _course.KeptEpoch));

    /// <summary>Begins the fall of the learning rate where training has stalled, unless its end is near anyway.</summary>
    private void PlanDecay()
    {
        if (_settings.EarlyStopping is not { Decays: true } || _course.PlannedEpochs > 0 || !HasStalled)
            return;
        int end = EarlyStoppingRule.EndAfterStall(_course.Epochs);
        if (end < _epochs)
            _course.PlannedEpochs = end;
    }

    /// <summary>Whether an epoch is compared with the best so far: the last of each stage, and all while the learning rate falls.</summary>
    private bool IsCompared(int epoch) => epoch % _stage == 0 || IsEnding(epoch);

    private bool IsEnding(int epoch) => _course.PlannedEpochs > 0 || 4L * epoch > 3L * _epochs;

    /// <summary>
    /// Measures the kept model on the validation data or, without any, on the training data, and returns the objective that did.
    /// </summary>
    private Objective MeasureKept()
    {
        Objective objective = _validationObjective ?? _trainingObjective;
        RestoreKept();
        Evaluate(_validation ?? _training, objective);
        return objective;
    }

    /// <summary>
    /// Whether the kept model is worth returning. Where epochs are not measured, it may be on its way to infinity already: it has to be no
    /// worse on the training data than the first epoch. An initial model is returned whatever its loss.
    /// </summary>
    private bool IsKeptModelSound()
    {
        if (MeasuresEpochs || _course.Epochs == 0)
            return true;
        RestoreKept();
        return Evaluate(_training, _trainingObjective).Loss <= _course.TrainingLosses[0];
    }

    private void RestoreKept()
    {
        _kept.Values.CopyTo(_model.Parameters.Values, 0);
        _runner.PackNetwork();
    }

    private EpochMetrics Evaluate(TrainingData data, Objective objective)
    {
        objective.Reset();
        foreach (SequenceSet set in data.Sets(random: null))
        {
            if (set != data)
                Scale(_model.Scalers, set, _stop);
            Measure(set, objective);
        }
        if (_parallel is not null)
            objective.Combine(_parallel.Ranks);
        return objective.Metrics;
    }

    private void Measure(SequenceSet set, Objective objective)
    {
        if (set.Sequences.Any(sequence => sequence.GoesOn))
        {
            MeasurePieces(set, objective);
            return;
        }
        long floatsOfStep = _model.Shape.StepSize + _model.Shape.CellDescription.Gates * _model.Shape.LayerSize;
        Span<int> indices = stackalloc int[MaxEvaluationBatchSize];
        (int start, int stride) = _parallel?.Turns ?? (0, 1);
        while (start < set.Count)
        {
            int count = 0;
            long steps = 0;
            for (; count < indices.Length && start < set.Count && (count == 0 || HasRoomFor(set.Length(start), steps)); start += stride)
            {
                indices[count++] = start;
                steps += set.Length(start);
            }
            MeasureBatch(set, indices[..count], objective);
        }

        bool HasRoomFor(int length, long steps)
            => steps * _model.Shape.HeadOutputSize < MaxEvaluationOutputs && (steps + length) * floatsOfStep <= MaxEvaluationFloats;
    }

    /// <summary>Measures whole sequences in pieces, as many side by side as there is room for.</summary>
    private void MeasurePieces(SequenceSet set, Objective objective)
    {
        long outputs = (long)_model.Shape.HeadOutputSize * Enumerable.Range(0, set.Count).Max(set.Length);
        int lanes = (int)Math.Clamp(MaxEvaluationOutputs / outputs, 1, MaxEvaluationBatchSize);
        var plan = BatchPlan.Of(set, lanes, cutsRuns: false);
        for (int batch = 0; batch < plan.Batches; batch++)
        {
            ReadOnlySpan<int> indices = plan[batch];
            ReadOnlySpan<Lane> pieces = plan.LanesOf(batch);
            _parallel?.TakeShare(ref indices, ref pieces);
            if (indices.Length > 0)
                MeasureBatch(set, indices, objective, pieces);
        }
    }

    private void MeasureBatch(SequenceSet set, ReadOnlySpan<int> indices, Objective objective, ReadOnlySpan<Lane> lanes = default)
    {
        _stop.ThrowIfCancellationRequested();
        BeginBatch(set, indices, lanes, objective);
        _runner.Forward(_batch, keep: false);
        _states?.End(_batch, lanes);
        _runner.Measure(objective);
        objective.End();
    }

    /// <summary>The loss of the weights before the first update, on some of the sequences.</summary>
    private double MeasureInitial(SequenceSet set)
    {
        int count = Math.Min(set.Count, MaxInitialSequences);
        ReadOnlySpan<int> indices = (int[])[.. Enumerable.Range(0, count).Select(i => (int)((long)set.Count * i / count))];
        ReadOnlySpan<Lane> lanes = [];
        _parallel?.TakeShare(ref indices, ref lanes);
        if (indices.Length > 0)
            MeasureBatch(set, indices, _trainingObjective);
        if (_parallel is not null)
            _trainingObjective.Combine(_parallel.Ranks);
        double loss = _trainingObjective.Metrics.Loss;
        _trainingObjective.Reset();
        return loss;
    }

    /// <summary>Runs an epoch. False when numbers are not finite any more.</summary>
    private bool TryRunEpoch(int epoch, out float learningRate)
    {
        _trainingObjective.Reset();
        _optimizer.Tune(_settings.FineTuning, epoch - 1, _batches);
        learningRate = 0;
        int batch = 0;
        RandomNumbers? own = _parallel?.OwnRandom(_job.Seed, epoch);
        IEnumerable<SequenceSet> sets = _training.Sets(own ?? _random);
        foreach (SequenceSet set in _parallel?.InStep(sets, () => ((StreamedSequences)_training).NewSet()) ?? sets)
        {
            if (set != _training)
                Scale(_model.Scalers, set, _stop);
            if (!TryRunSet(epoch, set, own ?? _random, ref batch, ref learningRate))
                return false;
        }
        if (_parallel is not null)
            _trainingObjective.Combine(_parallel.Ranks);
        return true;
    }

    /// <summary>Runs the batches of a set, which are the epoch's batches from <paramref name="batch"/> on.</summary>
    private bool TryRunSet(int epoch, SequenceSet set, Random order, ref int batch, ref float learningRate)
    {
        BatchPlan plan = _plan ?? BatchPlan.Of(set, _parallel?.BatchSizeOf(_batchSize) ?? _batchSize);
        plan.Shuffle(order);
        if (double.IsNaN(_course.InitialLoss))
        {
            _course.InitialLoss = MeasureInitial(set);
            // A linear model may fit a few rows exactly; without it the loss would be the variance of the targets.
            if (_keepsLinearPart)
                _course.InitialLoss = Math.Max(_course.InitialLoss, 1);
        }
        int batchesOfAll = _parallel?.BatchesOf(plan.Batches) ?? plan.Batches;
        for (int i = 0; i < batchesOfAll; i++, batch++)
        {
            bool isOver = i >= plan.Batches;
            _stop.ThrowIfCancellationRequested();
            // Sets that are no whole number of batches make a few more batches than the data would in one set.
            int batches = Math.Max(_batches, batch + 1);
            double done = epoch - 1 + (double)batch / batches;
            learningRate = LearningRateAt(done);
            if (!TryRunBatch(set, isOver ? [] : plan[i], isOver ? [] : plan.LanesOf(i), learningRate, DropoutAt(done)))
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
        double factor = _settings.LearningRateSchedule.GetFactor(epoch, PlannedEpochs);
        if (!(factor >= 0 && double.IsFinite(factor)))
            throw new InvalidOperationException(
                $"{nameof(TrainingSettings.LearningRateSchedule)} gave the factor {factor} after {epoch:0.##} epochs; "
                + "it must be 0 or more and finite.");
        return (float)(_settings.LearningRate * factor);
    }

    private Dropout DropoutAt(double epoch)
    {
        Dropout dropout = _dropout with { OwnTokens = _job.Task.OwnTokensAt(epoch, PlannedEpochs) };
        return dropout.IsOn ? dropout with { Key = (ulong)_random.NextInt64() } : default;
    }

    /// <summary>One weight update. False when loss, gradient or weights are not finite.</summary>
    private bool TryRunBatch(SequenceSet set, ReadOnlySpan<int> indices, ReadOnlySpan<Lane> lanes, float learningRate, Dropout dropout)
    {
        _parallel?.TakeShare(ref indices, ref lanes);
        // A rank may have no part of a small batch.
        bool isEmpty = indices.IsEmpty;
        if (isEmpty)
            _trainingObjective.BeginEmpty();
        else
            BeginBatch(set, indices, lanes, _trainingObjective);
        _parallel?.BeginAgreement(_trainingObjective.Labelled);
        if (!isEmpty)
        {
            _runner.Forward(_batch, keep: true, dropout);
            _states?.End(_batch, lanes);
        }
        if (_parallel is not null)
            _trainingObjective.SetLabelledOfAll(_parallel.EndAgreement());
        if (!isEmpty)
        {
            _runner.Backward(_trainingObjective, _gradient);
            _trainingObjective.AddGradients(_gradient);
        }
        _trainingObjective.End();
        _parallel?.AddGradients(isEmpty, _trainingObjective.IsFinite);
        if (_keepsLinearPart)
            RidgeStart.ClearGradient(_gradient.Parameters);
        if (_linearPart is not null)
            LinearPart.Clear(_gradient.Parameters);
        if (!_trainingObjective.IsFinite || !_optimizer.TryStep(learningRate, _settings.GradientClipNorm))
            return false;
        // An initial model brings statistics along.
        if (!isEmpty)
            _runner.UpdateStatistics(_job.BeginsTrained ? null : _optimizer.Steps);
        _parallel?.CombineStatistics(_model.Parameters, isEmpty);
        _frozen.RestoreStatistics();
        _runner.PackNetwork();
        return true;
    }

    private void BeginBatch(SequenceSet set, ReadOnlySpan<int> indices, ReadOnlySpan<Lane> lanes, Objective objective)
    {
        FloatBuffer.Require(ref _sequences, indices.Length);
        _batch.Clear();
        if (set.Words is { } words)
            _batch.Spellings = words.Spellings;
        for (int i = 0; i < indices.Length; i++)
        {
            TrainingSequence sequence = set[indices[i]];
            sequence.CopyFeaturesTo(_batch.Add(set.Length(indices[i])));
            sequence.Tokens.CopyTo(_batch.Tokens(i));
            sequence.Statics.CopyTo(_batch.Statics(i));
            _batch.Targets?.AddLabels(sequence.Labels);
            _sequences[i] = sequence;
        }
        _batch.Pack();
        _states?.Begin(_batch, lanes);
        objective.Begin(_batch.Targets ?? _batch, _sequences.AsSpan(0, indices.Length));
    }
}
