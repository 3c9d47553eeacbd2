using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Labelling of the steps of sequences with a linear-chain conditional random field.</summary>
/// <param name="classes">The number of labels.</param>
/// <param name="known">The labels that the network knows; null for all labels.</param>
internal sealed class CrfTask(int classes, KeySubset? known = null) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = known?.Count ?? classes, Classes = known, Head = Head.Crf };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new CrfObjective(model.Parameters,
            MeanWeight(training, stepOutputs: true, (sequence, step) => sequence.Labels[step] < 0 ? 0f : sequence.Weight));
}

/// <summary>
/// The negative log-likelihood of whole paths of labels under a linear-chain conditional random field whose emissions are the outputs
/// of the steps. A batch's loss is the mean over its labelled steps, so that long and short sequences learn alike.
/// </summary>
/// <remarks>
/// Sequences come on any thread, so each has its own gradient of the transitions; <see cref="AddGradients"/> adds these up in the rows'
/// order.
/// </remarks>
/// <param name="parameters">The parameters of the network, which include the transitions.</param>
/// <param name="meanWeight">The mean weight of the labelled steps of the training data.</param>
internal sealed class CrfObjective(ParameterSet parameters, double meanWeight) : Objective(stepOutputs: true, meanWeight)
{
    private readonly LinearChainCrf _crf = new(parameters.Shape.OutputSize);
    private readonly Parameter _transitions = parameters.Find(ParameterSet.CrfTransitions);
    private readonly Parameter _start = parameters.Find(ParameterSet.CrfStart);
    private readonly Parameter _end = parameters.Find(ParameterSet.CrfEnd);
    private readonly List<SequenceRun> _runs = [];
    private bool[] _isRight = [];
    private double _right;
    private int _sequences;

    public override EpochMetrics Metrics => new(MeanLoss) { Accuracy = _right / TotalWeight };

    public override void Reset()
    {
        base.Reset();
        _right = 0;
    }

    public override void Combine(Communicator ranks)
    {
        base.Combine(ranks);
        _right = ranks.Sum(_right);
    }

    public override float WeightOf(TrainingSequence sequence, int step) => sequence.Labels[step] < 0 ? 0f : sequence.Weight;

    public override void Differentiate(int row, Span<float> outputs)
        => throw new NotSupportedException("A conditional random field needs all steps of a sequence.");

    public override void Differentiate(SequenceBatch batch, int row, OutputRows outputs)
    {
        SequenceRun run = _runs[row];
        int steps = batch.Length(row), labels = _crf.Labels;
        run.Require(steps);
        Span<float> emissions = run.Emissions.AsSpan(0, steps * labels), dEmissions = run.DEmissions.AsSpan(0, steps * labels);
        Span<int> path = run.Path.AsSpan(0, steps);
        for (int t = 0; t < steps; t++)
            outputs[batch.FirstRow(t) + row].CopyTo(emissions[(t * labels)..]);

        int[] expected = SequenceOf(row).Labels;
        run.Runner.Decode(emissions, path);
        int labelled = 0;
        double share = 0;
        for (int t = 0; t < steps; t++)
        {
            int packedRow = batch.FirstRow(t) + row;
            _isRight[packedRow] = path[t] == expected[t];
            if (RowWeight(packedRow) > 0)
                (labelled, share) = (labelled + 1, ShareOf(packedRow));
        }
        double loss = run.Runner.LossAndGradients(emissions, expected, share, dEmissions, run.DTransitions, run.DStart, run.DEnd);
        for (int t = 0; t < steps; t++)
        {
            int packedRow = batch.FirstRow(t) + row;
            SetLoss(packedRow, loss / labelled);
            dEmissions.Slice(t * labels, labels).CopyTo(outputs[packedRow]);
        }
    }

    public override void AddGradients(Gradient gradient)
    {
        Span<float> dTransitions = gradient.Parameters[_transitions];
        Span<float> dStart = gradient.Parameters[_start];
        Span<float> dEnd = gradient.Parameters[_end];
        for (int i = 0; i < _sequences; i++)
        {
            SequenceRun run = _runs[i];
            TensorPrimitives.Add(dTransitions, run.DTransitions, dTransitions);
            TensorPrimitives.Add(dStart, run.DStart, dStart);
            TensorPrimitives.Add(dEnd, run.DEnd, dEnd);
        }
    }

    protected override void BeginRows(SequenceBatch batch)
    {
        _crf.Pack(parameters[_transitions], parameters[_start], parameters[_end]);
        FloatBuffer.Require(ref _isRight, Rows);
        _sequences = batch.Count;
        while (_runs.Count < _sequences)
            _runs.Add(new SequenceRun(_crf));
        foreach (SequenceRun run in _runs)
            run.Clear();
    }

    protected override void AddToMetrics(int row, float weight) => _right += _isRight[row] ? weight : 0;

    /// <summary>The buffers and gradients of one sequence of a batch.</summary>
    private sealed class SequenceRun(LinearChainCrf crf)
    {
        private float[] _emissions = [];
        private float[] _dEmissions = [];
        private int[] _path = [];

        public CrfRunner Runner { get; } = new(crf);

        public float[] Emissions => _emissions;

        public float[] DEmissions => _dEmissions;

        public int[] Path => _path;

        public float[] DTransitions { get; } = new float[crf.Labels * crf.Labels];

        public float[] DStart { get; } = new float[crf.Labels];

        public float[] DEnd { get; } = new float[crf.Labels];

        public void Require(int steps)
        {
            FloatBuffer.Require(ref _emissions, (long)steps * crf.Labels);
            FloatBuffer.Require(ref _dEmissions, (long)steps * crf.Labels);
            FloatBuffer.Require(ref _path, steps);
        }

        public void Clear()
        {
            DTransitions.AsSpan().Clear();
            DStart.AsSpan().Clear();
            DEnd.AsSpan().Clear();
        }
    }
}
