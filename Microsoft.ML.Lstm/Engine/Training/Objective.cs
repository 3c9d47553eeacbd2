using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// What training minimizes: the loss of the outputs of a batch, its gradient, and the figures that are reported beside it.
/// </summary>
/// <remarks>
/// A batch begins with <see cref="Begin"/>. Its rows of outputs (one for each sequence, or for each packed step) then come in
/// any order and on any thread, so what a row gives is kept under its number; <see cref="End"/> adds it all up in the rows'
/// order, and the sums do not depend on threads. The loss of a batch is the mean over its labelled rows, each times its weight
/// as a multiple of the mean weight of the training data.
/// </remarks>
/// <param name="stepOutputs">Whether each step has outputs of its own.</param>
/// <param name="meanWeight">The mean weight of the labelled rows of the training data.</param>
internal abstract class Objective(bool stepOutputs, double meanWeight) : OutputLoss
{
    private TrainingSequence[] _sequences = [];
    private int[] _steps = [];
    private float[] _weights = [];
    private double[] _losses = [];
    private double _shareOfWeight;
    private double _loss;

    /// <summary>Rows of outputs of the batch.</summary>
    protected int Rows { get; private set; }

    /// <summary>The weights of all rows since <see cref="Reset"/>.</summary>
    protected double TotalWeight { get; private set; }

    /// <summary>The mean loss since <see cref="Reset"/>.</summary>
    protected double MeanLoss => _loss / TotalWeight;

    /// <summary>The figures since <see cref="Reset"/>.</summary>
    public abstract EpochMetrics Metrics { get; }

    /// <summary>Whether every loss since <see cref="Reset"/> was a number.</summary>
    public bool IsFinite => double.IsFinite(_loss);

    /// <summary>Forgets the figures gathered so far.</summary>
    public virtual void Reset() => _loss = TotalWeight = 0;

    /// <summary>Begins a batch.</summary>
    /// <param name="batch">The packed batch.</param>
    /// <param name="sequences">Its sequences, in the order of adding.</param>
    public void Begin(SequenceBatch batch, ReadOnlySpan<TrainingSequence> sequences)
    {
        Rows = stepOutputs ? batch.TotalSteps : batch.Count;
        FloatBuffer.Require(ref _sequences, Rows);
        FloatBuffer.Require(ref _steps, Rows);
        FloatBuffer.Require(ref _weights, Rows);
        FloatBuffer.Require(ref _losses, Rows);
        int labelled = 0;
        for (int t = 0; t < (stepOutputs ? batch.MaxLength : 1); t++)
        {
            for (int i = 0; i < batch.ActiveRows(t); i++)
            {
                int row = batch.FirstRow(t) + i;
                TrainingSequence sequence = sequences[batch.SequenceAt(i)];
                (_sequences[row], _steps[row], _weights[row]) = (sequence, t, WeightOf(sequence, t));
                _losses[row] = 0;
                labelled += _weights[row] > 0 ? 1 : 0;
            }
        }
        _shareOfWeight = 1 / (meanWeight * Math.Max(labelled, 1));
        BeginRows(batch);
    }

    /// <summary>Adds the gradients of parameters that only the objective knows, after all rows of the batch.</summary>
    public virtual void AddGradients(Gradient gradient)
    {
    }

    /// <summary>Ends a batch, after all its rows.</summary>
    public void End()
    {
        for (int row = 0; row < Rows; row++)
        {
            if (_weights[row] == 0)
                continue;
            _loss += _weights[row] * _losses[row];
            TotalWeight += _weights[row];
            AddFigures(row, _weights[row]);
        }
    }

    /// <summary>How much a row counts: a sequence, or one of its steps; 0 for one that has no label.</summary>
    public abstract float WeightOf(TrainingSequence sequence, int step);

    /// <summary>Makes room for the figures of <see cref="Rows"/> rows.</summary>
    protected abstract void BeginRows(SequenceBatch batch);

    /// <summary>Adds the figures of a row that has a label, in the rows' order.</summary>
    protected abstract void AddFigures(int row, float weight);

    /// <summary>The sequence that a row belongs to.</summary>
    protected TrainingSequence SequenceOf(int row) => _sequences[row];

    /// <summary>The step that a row belongs to; 0 when it is a sequence's.</summary>
    protected int StepOf(int row) => _steps[row];

    /// <summary>How much a labelled row counts; 0 for one without a label.</summary>
    protected float RowWeight(int row) => _weights[row];

    /// <summary>What the gradient of a row's loss is multiplied by in the batch's.</summary>
    protected double ShareOf(int row) => _weights[row] * _shareOfWeight;

    /// <summary>Notes a row's loss, as if it were the only one.</summary>
    protected void SetLoss(int row, double loss) => _losses[row] = loss;
}
