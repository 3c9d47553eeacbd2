namespace Microsoft.ML.Lstm.Engine.Training;

/// <content>How a network is measured while it is trained and after that.</content>
internal sealed partial class TrainingLoop
{
    private const int MaxEvaluationBatchSize = 256;

    // Floats of outputs, and of all that a forward pass has, that a batch may have when nothing but the loss is asked of it.
    private const int MaxEvaluationOutputs = 1 << 24;
    private const long MaxEvaluationFloats = 1 << 28;

    // Sequences that tell the loss of the weights that training begins with.
    private const int MaxInitialSequences = 64;

    /// <summary>
    /// The objective of the validation data or, without any, of the training data, with the figures of the model that was kept.
    /// </summary>
    private Objective MeasureKept()
    {
        Objective objective = _validationObjective ?? _trainingObjective;
        RestoreKept();
        Evaluate(_validation ?? _training, objective);
        return objective;
    }

    /// <summary>
    /// A model that was kept without being measured may be on its way to infinity already. It is sound when it is no worse on the
    /// training data than the weights of the first epoch. An initial model is what the user wanted, whatever its loss.
    /// </summary>
    private bool IsKeptModelSound()
    {
        if (MeasuresEpochs || _course.Epochs == 0)
            return true;
        RestoreKept();
        return Evaluate(_training, _trainingObjective).Loss <= _course.TrainingLosses[0];
    }

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
        long floatsOfStep = _model.Shape.StepSize + _model.Shape.CellDescription.Gates * _model.Shape.EncodingSize;
        Span<int> indices = stackalloc int[MaxEvaluationBatchSize];
        for (int start = 0; start < set.Count;)
        {
            int count = 0;
            long steps = 0;
            while (count < indices.Length && start < set.Count
                && (count == 0 || (steps * _model.Shape.OutputSize < MaxEvaluationOutputs && (steps
                    + set.Length(start)) * floatsOfStep <= MaxEvaluationFloats)))
            {
                indices[count++] = start;
                steps += set.Length(start++);
            }
            MeasureBatch(set, indices[..count], objective);
        }
    }

    private void MeasureBatch(SequenceSet set, ReadOnlySpan<int> indices, Objective objective)
    {
        _stop.ThrowIfCancellationRequested();
        BeginBatch(set, indices, objective);
        _runner.Forward(_batch, keep: false);
        _runner.Measure(objective);
        objective.End();
    }

    /// <summary>The loss of the weights before the first update, on some of the sequences.</summary>
    private double MeasureInitial(SequenceSet set)
    {
        int count = Math.Min(set.Count, MaxInitialSequences);
        int[] indices = [.. Enumerable.Range(0, count).Select(i => (int)((long)set.Count * i / count))];
        MeasureBatch(set, indices, _trainingObjective);
        double loss = _trainingObjective.Metrics.Loss;
        _trainingObjective.Reset();
        return loss;
    }
}
