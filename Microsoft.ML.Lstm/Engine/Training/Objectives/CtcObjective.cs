using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Labels without alignment: the items that a sequence has one after the other, nobody knows at which steps.</summary>
/// <param name="items">The number of different items.</param>
/// <param name="known">The items that the network knows; null for all.</param>
internal sealed class CtcTask(int items, KeySubset? known = null) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = (known?.Count ?? items) + 1, Classes = known, Head = Head.Ctc };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
    {
        var fit = new LabelFit(training, model.Shape.FrameSteps);
        return new CtcObjective(model.Shape.OutputSize, fit,
            MeanWeight(training, stepOutputs: false, (sequence, _) => fit.WeightOf(sequence)));
    }
}

/// <summary>Whether labels have an alignment with the frames of their sequences.</summary>
/// <param name="data">The training data.</param>
/// <param name="frameSteps">Steps from one frame to the next.</param>
internal readonly struct LabelFit(TrainingData data, int frameSteps)
{
    /// <summary>Whether the frames of a sequence are enough for its label.</summary>
    public bool Fits(TrainingSequence sequence)
        => CtcLattice.FramesOf(sequence.Labels) <= NetworkShape.FramesOf(data.LengthOf(sequence), frameSteps);

    /// <summary>The weight of a sequence: 0 where its label can't be aligned, or has an item that the network does not know.</summary>
    public float WeightOf(TrainingSequence sequence)
        => Fits(sequence) && !sequence.Labels.AsSpan().Contains(-1) ? sequence.Weight : 0;
}

/// <summary>
/// The negative log-likelihood of labels over all their alignments (<see cref="CtcLattice"/>). A batch's loss is the mean over its
/// sequences.
/// </summary>
/// <param name="outputs">O: the blank and the items.</param>
/// <param name="fit">Whether labels fit.</param>
/// <param name="meanWeight">The mean weight of the sequences of the training data whose labels fit.</param>
internal sealed class CtcObjective(int outputs, LabelFit fit, double meanWeight) : Objective(stepOutputs: false, meanWeight)
{
    private readonly List<SequenceRun> _runs = [];
    private int[] _edits = [];
    private double _editSum;
    private double _itemSum;

    /// <summary>
    /// The metrics; the accuracy is that of speech recognition, 1 − edits / items, where the edits make the label of the best path's.
    /// </summary>
    public override EpochMetrics Metrics => new(MeanLoss) { Accuracy = _itemSum > 0 ? 1 - _editSum / _itemSum : null };

    public override void Reset()
    {
        base.Reset();
        _editSum = _itemSum = 0;
    }

    public override void Combine(Communicator ranks)
    {
        base.Combine(ranks);
        _editSum = ranks.Sum(_editSum);
        _itemSum = ranks.Sum(_itemSum);
    }

    public override float WeightOf(TrainingSequence sequence, int step) => fit.WeightOf(sequence);

    public override void Differentiate(int row, Span<float> outputs)
        => throw new NotSupportedException("The alignments of a label need all frames of a sequence.");

    public override void Differentiate(SequenceBatch frames, int row, OutputRows rows)
    {
        SequenceRun run = _runs[row];
        int length = frames.Length(row);
        run.Require(length * outputs);
        Span<float> z = run.Outputs.AsSpan(0, length * outputs), dz = run.Gradient.AsSpan(0, length * outputs);
        for (int t = 0; t < length; t++)
            rows[frames.FirstRow(t) + row].CopyTo(z[(t * outputs)..]);
        if (RowWeight(row) > 0)
        {
            int[] label = SequenceOf(row).Labels;
            SetLoss(row, run.Lattice.LossAndGradient(z, label, ShareOf(row), dz));
            _edits[row] = EditDistance.Between(label, run.Decoder.BestPath(z));
        }
        else
        {
            dz.Clear();
        }
        for (int t = 0; t < length; t++)
            dz.Slice(t * outputs, outputs).CopyTo(rows[frames.FirstRow(t) + row]);
    }

    protected override void BeginRows(SequenceBatch batch)
    {
        FloatBuffer.Require(ref _edits, Rows);
        while (_runs.Count < batch.Count)
            _runs.Add(new SequenceRun(outputs));
    }

    protected override void AddToMetrics(int row, float weight)
    {
        _editSum += weight * _edits[row];
        _itemSum += weight * SequenceOf(row).Labels.Length;
    }

    /// <summary>The buffers of one sequence of a batch.</summary>
    private sealed class SequenceRun(int outputs)
    {
        private float[] _outputs = [];
        private float[] _gradient = [];

        public CtcLattice Lattice { get; } = new(outputs);

        public CtcDecoder Decoder { get; } = new(outputs);

        public float[] Outputs => _outputs;

        public float[] Gradient => _gradient;

        public void Require(int length)
        {
            FloatBuffer.Require(ref _outputs, length);
            FloatBuffer.Require(ref _gradient, length);
        }
    }
}
