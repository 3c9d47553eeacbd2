using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>A batch of labelled sequences with made-up outputs, to run an objective on.</summary>
internal sealed class ObjectiveRun
{
    private readonly SequenceBatch _batch;
    private readonly TrainingSequence[] _sequences;
    private readonly bool _stepOutputs;

    public ObjectiveRun(TrainingSequence[] sequences, int[] lengths, bool stepOutputs)
    {
        _sequences = sequences;
        _stepOutputs = stepOutputs;
        _batch = new SequenceBatch(new NetworkShape { Cell = CellType.Lstm, InputSize = 1, HiddenSize = 1, OutputSize = 1 });
        foreach (int length in lengths)
            _batch.Add(length);
        _batch.Pack();
        for (int t = 0; t < (stepOutputs ? _batch.MaxLength : 1); t++)
        {
            for (int i = 0; i < _batch.ActiveRows(t); i++)
                Rows.Add((sequences[_batch.SequenceAt(i)], t));
        }
    }

    /// <summary>The sequence and the step of each row of outputs.</summary>
    public List<(TrainingSequence Sequence, int Step)> Rows { get; } = [];

    /// <summary>Outputs drawn from a seed, for each row.</summary>
    public double[][] DrawOutputs(int size, double scale, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Rows.Select(_ =>
            Enumerable.Range(0, size).Select(_ => (double)(float)(scale * (2 * random.NextDouble() - 1))).ToArray())];
    }

    /// <summary>
    /// Puts a batch through <paramref name="objective"/>, its rows from the last to the first if asked to, and gives the gradients of the
    /// outputs.
    /// </summary>
    public double[][] Differentiate(Objective objective, double[][] outputs, bool backwards = false)
    {
        double[][] gradients = new double[Rows.Count][];
        objective.Begin(_batch, _sequences);
        foreach (int row in backwards ? Enumerable.Range(0, Rows.Count).Reverse() : Enumerable.Range(0, Rows.Count))
        {
            float[] values = [.. outputs[row].Select(z => (float)z)];
            objective.Differentiate(row, values);
            gradients[row] = [.. values.Select(g => (double)g)];
        }
        objective.End();
        return gradients;
    }

    /// <summary>The sums of the weights and of the weighted losses of all labelled rows, by the definition of the loss.</summary>
    /// <param name="weightOf">The weight of a row.</param>
    /// <param name="lossOf">The loss of a row's outputs, given its label.</param>
    /// <param name="outputs">The outputs.</param>
    public (double Weight, double Loss, int Labelled) Sum(Func<TrainingSequence, int, double> weightOf, Func<double[], int, double> lossOf,
        double[][] outputs)
    {
        (double weight, double loss, int labelled) = (0, 0, 0);
        for (int row = 0; row < Rows.Count; row++)
        {
            int label = Rows[row].Sequence.Labels[_stepOutputs ? Rows[row].Step : 0];
            double rowWeight = label < 0 ? 0 : weightOf(Rows[row].Sequence, label);
            if (rowWeight == 0)
                continue;
            (weight, loss, labelled) = (weight + rowWeight, loss + rowWeight * lossOf(outputs[row], label), labelled + 1);
        }
        return (weight, loss, labelled);
    }
}
