using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// What training minimizes: the loss of the outputs of a batch and its gradient, with the metrics that are reported.
/// </summary>
/// <remarks>
/// A batch begins with <see cref="Begin"/>. Its rows of outputs (one for each sequence, or for each packed step) then come in
/// any order and on any thread, so the results of each row are kept; <see cref="End"/> adds them up in the rows' order, and the sums do not
/// depend on threads. The loss of a batch is the mean over its labelled rows, each multiplied by its weight relative to the mean weight of
/// the training data.
/// </remarks>
/// <param name="stepOutputs">Whether each step has outputs of its own.</param>
/// <param name="meanWeight">The mean weight of the labelled rows of the training data.</param>
internal abstract class Objective(bool stepOutputs, double meanWeight) : OutputLoss
{
    private TrainingSequence[] _sequences = [];
    private int[] _steps = [];
    private float[] _weights = [];
    private double[] _losses = [];
    private int _labelled;
    private double _shareOfWeight;
    private double _loss;

    /// <summary>Rows of outputs of the batch.</summary>
    protected int Rows { get; private set; }

    /// <summary>The sum of the weights of all rows since <see cref="Reset"/>.</summary>
    protected double TotalWeight { get; private set; }

    /// <summary>The mean loss since <see cref="Reset"/>.</summary>
    protected double MeanLoss => _loss / TotalWeight;

    /// <summary>The metrics since <see cref="Reset"/>.</summary>
    public abstract EpochMetrics Metrics { get; }

    /// <summary>Whether every loss since <see cref="Reset"/> was finite.</summary>
    public bool IsFinite => double.IsFinite(_loss);

    /// <summary>Sets the metrics to zero.</summary>
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
        _labelled = 0;
        for (int t = 0; t < (stepOutputs ? batch.MaxLength : 1); t++)
        {
            for (int i = 0; i < batch.ActiveRows(t); i++)
            {
                int row = batch.FirstRow(t) + i;
                TrainingSequence sequence = sequences[batch.SequenceAt(i)];
                (_sequences[row], _steps[row], _weights[row]) = (sequence, t, WeightOf(sequence, t));
                _losses[row] = 0;
                _labelled += _weights[row] > 0 ? 1 : 0;
            }
        }
        _shareOfWeight = 1 / (meanWeight * Math.Max(_labelled, 1));
        BeginRows(batch);
    }

    /// <summary>The labelled rows of the batch.</summary>
    public int Labelled => _labelled;

    /// <summary>Begins a batch that has no rows here, but elsewhere.</summary>
    public void BeginEmpty() => Rows = _labelled = 0;

    /// <summary>
    /// Makes the batch a part of one that has <paramref name="labelled"/> labelled rows in all; to be called before the backward pass.
    /// </summary>
    public void SetLabelledOfAll(long labelled) => _shareOfWeight = 1 / (meanWeight * Math.Max(labelled, 1));

    /// <summary>Adds what the other ranks have measured since <see cref="Reset"/> to the metrics, which are then those of all.</summary>
    public virtual void Combine(Communicator ranks)
    {
        _loss = ranks.Sum(_loss);
        TotalWeight = ranks.Sum(TotalWeight);
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
            AddToMetrics(row, _weights[row]);
        }
    }

    /// <summary>The weight of a row, which is a sequence or one of its steps; 0 without a label.</summary>
    public abstract float WeightOf(TrainingSequence sequence, int step);

    /// <summary>Makes room for the results of <see cref="Rows"/> rows.</summary>
    protected abstract void BeginRows(SequenceBatch batch);

    /// <summary>Adds the results of a labelled row to the metrics; called in the rows' order.</summary>
    protected abstract void AddToMetrics(int row, float weight);

    /// <summary>The sequence that a row belongs to.</summary>
    protected TrainingSequence SequenceOf(int row) => _sequences[row];

    /// <summary>The step that a row belongs to; 0 where the row is a sequence.</summary>
    protected int StepOf(int row) => _steps[row];

    /// <summary>The weight of a row; 0 without a label.</summary>
    protected float RowWeight(int row) => _weights[row];

    /// <summary>The factor of a row's gradient in the gradient of the batch.</summary>
    protected double ShareOf(int row) => _weights[row] * _shareOfWeight;

    /// <summary>Sets the loss of a row, without its weight.</summary>
    protected void SetLoss(int row, double loss) => _losses[row] = loss;

    /// <summary>Adds to the loss of a row, without its weight.</summary>
    protected void AddLoss(int row, double loss) => _losses[row] += loss;
}
