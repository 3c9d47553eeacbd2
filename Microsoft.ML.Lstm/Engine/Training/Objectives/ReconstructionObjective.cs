using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// The mean squared error of a reconstructed step's features, as the network sees them: scaled. A batch's loss is the mean over its steps,
/// so that long and short sequences learn alike. Beside it come the scores of the sequences: the means over their steps.
/// </summary>
/// <param name="scaler">Of the F features; those that never varied don't count.</param>
/// <param name="meanWeight">The mean weight of the training data.</param>
internal sealed class ReconstructionObjective(AffineScaler scaler, double meanWeight) : Objective(stepOutputs: true, meanWeight)
{
    private readonly int _varying = Math.Max(scaler.Size - scaler.Constants.Count(), 1);
    private readonly List<(float Score, float Weight)> _scores = [];
    private SequenceBatch _batch = null!;
    private float[] _errors = [];
    private float[] _stepErrors = [];

    public override EpochMetrics Metrics => new(MeanLoss);

    /// <summary>The scores of all sequences since <see cref="Reset"/>, and how much they count.</summary>
    public IReadOnlyList<(float Score, float Weight)> Scores => _scores;

    public override void Reset()
    {
        base.Reset();
        _scores.Clear();
    }

    public override float WeightOf(TrainingSequence sequence, int step) => sequence.Weight;

    public override void Differentiate(int row, Span<float> outputs)
    {
        ReadOnlySpan<float> target = Reconstruction.TargetOf(SequenceOf(row).Features, scaler.Size, StepOf(row));
        double error = Reconstruction.ErrorOf(outputs, target, scaler);
        SetLoss(row, error);
        _errors[row] = (float)error;
        double share = 2 * ShareOf(row) / _varying;
        for (int i = 0; i < scaler.Size; i++)
            outputs[i] = scaler.IsConstant(i) ? 0 : (float)(share * ((double)outputs[i] - target[i]));
    }

    protected override void BeginRows(SequenceBatch batch)
    {
        _batch = batch;
        FloatBuffer.Require(ref _errors, Rows);
        FloatBuffer.Require(ref _stepErrors, batch.MaxLength);
    }

    protected override void AddFigures(int row, float weight)
    {
        int t = StepOf(row), sequence = row - _batch.FirstRow(t), length = _batch.Length(sequence);
        if (t < length - 1)
            return;
        for (int step = 0; step < length; step++)
            _stepErrors[length - 1 - step] = _errors[_batch.FirstRow(step) + sequence];
        _scores.Add((Reconstruction.ScoreOf(_stepErrors.AsSpan(0, length)), weight));
    }
}
