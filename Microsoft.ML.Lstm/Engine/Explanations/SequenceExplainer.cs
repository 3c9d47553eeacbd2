using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Explanations;

/// <summary>How exact explanations are.</summary>
/// <param name="Tolerance">How much the gradients may miss of the sums that attributions must have, relative to the attributions' sizes.
/// </param>
/// <param name="MaximumGradients">At how many points of a line the gradient is computed at most.</param>
/// <param name="Threads">The number of threads to share large batches among.</param>
internal sealed record ExplanationSettings(double Tolerance, int MaximumGradients, int Threads);

/// <summary>
/// Explains a number that networks make of one sequence, by integrated gradients (Sundararajan, Taly and Yan 2017): what each input adds
/// to the difference between the number of the sequence and the number of a baseline is its own difference times its mean gradient on the
/// straight line from the baseline to the sequence, (x − x')·∫₀¹ ∂F(x' + α(x − x'))/∂x dα. These add up to F(x) − F(x'). It serves one
/// caller at a time.
/// </summary>
/// <remarks>
/// The line is cut into pieces, each integrated by the formula of Lobatto with four points, whose ends are shared. Of each piece it is
/// known what its integral has to add up to, the difference of F between its ends, so pieces that miss that are cut at their points until
/// all of them together are within the tolerance: a network that saturates changes on a small part of the line. What a piece misses then is
/// shared out among its inputs in proportion to the sizes of their attributions, so that sums are exact. The points of a sequence are a
/// batch of its own, so its attributions do not depend on other sequences.
/// </remarks>
internal sealed class SequenceExplainer
{
    // A straight line needs one; with some, errors of single inputs hardly cancel.
    private const int FirstPieces = 4;
    private const int PointsAtOnce = 32;
    private const int MaxValues = 1 << 22;

    // The outputs of a network have 24 bits.
    private const double Rounding = 4e-6;

    // The points of Lobatto's formula are the ends of a piece and two between them; their weights.
    private static readonly double[] Between = [(1 - Math.Sqrt(0.2)) / 2, (1 + Math.Sqrt(0.2)) / 2];
    private static readonly double[] Weights = [1 / 12.0, 5 / 12.0, 5 / 12.0, 1 / 12.0];

    private readonly ExplainedNetwork[] _networks;
    private readonly ExplainedOutput _output;
    private readonly ExplanationSettings _settings;
    private readonly WorkerTeam _team;
    private readonly List<Point> _pending = [];
    private readonly Stack<float[]> _spare = [];
    private float[] _outputs = [];
    private float[] _dOutputs = [];
    private float[] _dSteps = [];
    private double[] _shares = [];
    private double[] _sums = [];
    private double[] _piece = [];
    private float[] _difference = [];

    /// <param name="networks">The networks, packed for <see cref="NetworkPasses.InputsOnly"/>, whose outputs are averaged.</param>
    /// <param name="output">The number that is explained.</param>
    /// <param name="settings">How exact explanations are.</param>
    public SequenceExplainer(IReadOnlyList<SequenceNetwork> networks, ExplainedOutput output, ExplanationSettings settings)
    {
        _team = new WorkerTeam(settings.Threads);
        _networks = [.. networks.Select(network => new ExplainedNetwork(network, _team))];
        _output = output;
        _settings = settings;
        Sequence = new SequenceBatch(networks[0].Shape);
        Baseline = new SequenceBatch(networks[0].Shape);
    }

    /// <summary>The sequence, which the caller adds and scales before <see cref="Begin"/>.</summary>
    public SequenceBatch Sequence { get; }

    /// <summary>The baseline, likewise; of as many steps.</summary>
    public SequenceBatch Baseline { get; }

    /// <summary>The networks.</summary>
    public IReadOnlyList<ExplainedNetwork> Networks => _networks;

    /// <summary>T.</summary>
    public int Steps => _networks[0].Steps;

    /// <summary>J: attributions of a step, of each numeric feature and token; at last of the word that is read by its characters.</summary>
    public int StepSize => Shape.NumericSize + Shape.TokenColumns;

    /// <summary>The number that the networks make of the sequence, F(x); NaN if there is nothing to explain.</summary>
    public double Value { get; private set; }

    /// <summary>The number that they make of the baseline, F(x').</summary>
    public double BaselineValue { get; private set; }

    /// <summary>Whether what the gradients miss is within the tolerance.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The points where a gradient was computed.</summary>
    public int Gradients { get; private set; }

    /// <summary>What the state before the first step adds.</summary>
    public double StateAttribution { get; private set; }

    private NetworkShape Shape => _networks[0].Shape;

    /// <summary>Releases the threads for others until the next call.</summary>
    public void ReleaseThreads() => _team.Release();

    /// <summary>Takes <see cref="Sequence"/> and <see cref="Baseline"/>, of one sequence each.</summary>
    /// <param name="states">The state of each network before the sequence, before the baseline zero; empty where both are zero.</param>
    public void Begin(ReadOnlySpan<float[]> states)
    {
        Sequence.Pack();
        Baseline.Pack();
        for (int i = 0; i < _networks.Length; i++)
            _networks[i].Begin(Sequence, Baseline, states.IsEmpty ? [] : states[i]);
    }

    /// <summary>Runs the networks forward over the sequence, whose states can be read afterwards.</summary>
    public void Forward()
    {
        foreach (ExplainedNetwork network in _networks)
            network.Forward([1]);
    }

    /// <summary>Computes the attributions of the sequence.</summary>
    /// <param name="steps">Receives those of the steps, [T x J].</param>
    /// <param name="statics">Receives those of the static features, [S].</param>
    /// <returns>Whether there is something to explain.</returns>
    public bool TryExplain(Span<float> steps, Span<float> statics)
    {
        Forward();
        if (!_output.TryBegin(OutputsOf(0)))
        {
            Value = BaselineValue = double.NaN;
            return false;
        }
        Integrate();
        steps.Clear();
        statics.Clear();
        StateAttribution = 0;
        ReadOnlySpan<double> rest = _sums;
        foreach (ExplainedNetwork network in _networks)
        {
            Gather(network, rest[..network.Length], steps, statics);
            rest = rest[network.Length..];
        }
        return true;
    }

    /// <summary>Integrates over the line: the attributions of all inputs.</summary>
    private void Integrate()
    {
        int length = _networks.Sum(network => network.Length);
        FloatBuffer.Require(ref _sums, length);
        FloatBuffer.Require(ref _piece, length);
        FloatBuffer.Require(ref _difference, length);
        _sums.AsSpan(0, length).Clear();
        Span<float> rest = _difference;
        foreach (ExplainedNetwork network in _networks)
        {
            network.Difference.CopyTo(rest);
            rest = rest[network.Length..];
        }
        Gradients = 0;
        var ends = new Point[FirstPieces + 1];
        for (int i = 0; i <= FirstPieces; i++)
            ends[i] = NewPoint((double)i / FirstPieces);
        List<Piece> pieces = [.. Enumerable.Range(0, FirstPieces).Select(i => NewPiece(ends[i], ends[i + 1]))];
        Evaluate();
        Value = ends[^1].Value + _output.Offset;
        BaselineValue = ends[0].Value + _output.Offset;
        double rounding = Rounding * ends.Max(end => Math.Abs(end.Value));
        for (; ; )
        {
            double gap = pieces.Sum(piece => Math.Abs(piece.Gap));
            double allowed = Math.Max(_settings.Tolerance * pieces.Sum(SizeOf), rounding);
            // Written so that NaN ends it.
            IsComplete = !(gap > allowed);
            if (IsComplete || Gradients >= _settings.MaximumGradients)
                break;
            Refine(pieces, allowed / 2);
            Evaluate();
        }
        foreach (Piece piece in pieces)
        {
            double size = SizeOf(piece), share = size > 0 ? piece.Gap / size : 0;
            Attribute(piece);
            for (int i = 0; i < length; i++)
                _sums[i] += _piece[i] - share * Math.Abs(_piece[i]);
        }
        foreach (Point point in pieces.SelectMany(piece => piece.Points).Distinct())
            _spare.Push(point.Gradient);
    }

    /// <summary>The sizes of the attributions on a piece, added up.</summary>
    private double SizeOf(Piece piece)
    {
        if (piece.Size is { } known)
            return known;
        Attribute(piece);
        double size = 0;
        int length = _networks.Sum(network => network.Length);
        for (int i = 0; i < length; i++)
            size += Math.Abs(_piece[i]);
        piece.Size = size;
        return size;
    }

    /// <summary>Computes the attributions on a piece by its gradients.</summary>
    private void Attribute(Piece piece)
    {
        Span<double> attributions = _piece.AsSpan(0, _networks.Sum(network => network.Length));
        attributions.Clear();
        for (int point = 0; point < Weights.Length; point++)
        {
            ReadOnlySpan<float> gradient = piece.Points[point].Gradient;
            double weight = Weights[point] * piece.Length;
            for (int i = 0; i < attributions.Length; i++)
                attributions[i] += weight * gradient[i] * _difference[i];
        }
    }

    /// <summary>Cuts the worst pieces, so that the others miss no more than is allowed.</summary>
    private void Refine(List<Piece> pieces, double allowed)
    {
        Piece[] worst = [.. pieces.OrderBy(piece => Math.Abs(piece.Gap))];
        double rest = 0;
        foreach (Piece piece in worst)
        {
            rest += Math.Abs(piece.Gap);
            if (rest <= allowed || Gradients + _pending.Count >= _settings.MaximumGradients)
                continue;
            pieces.Remove(piece);
            for (int i = 0; i < piece.Points.Length - 1; i++)
                pieces.Add(NewPiece(piece.Points[i], piece.Points[i + 1]));
        }
        pieces.Sort((one, other) => one.Points[0].Share.CompareTo(other.Points[0].Share));
    }

    private Piece NewPiece(Point begin, Point end)
    {
        double length = end.Share - begin.Share;
        return new Piece([begin, NewPoint(begin.Share + Between[0] * length), NewPoint(begin.Share + Between[1] * length), end]);
    }

    private Point NewPoint(double share)
    {
        int length = _networks.Sum(network => network.Length);
        float[] gradient = _spare.TryPop(out float[]? spare) && spare.Length >= length ? spare : new float[length];
        var point = new Point(share, gradient);
        _pending.Add(point);
        return point;
    }

    /// <summary>Computes value and gradient at the pending points.</summary>
    private void Evaluate()
    {
        long stepSize = _networks.Max(network => network.Shape.StepSize * network.Shape.CellDescription.Slots);
        int atOnce = (int)Math.Clamp(MaxValues / (stepSize * Steps), 1, PointsAtOnce);
        for (int first = 0; first < _pending.Count; first += atOnce)
            Evaluate(_pending[first..Math.Min(first + atOnce, _pending.Count)]);
        Gradients += _pending.Count;
        _pending.Clear();
    }

    private void Evaluate(List<Point> points)
    {
        FloatBuffer.Require(ref _shares, points.Count);
        for (int i = 0; i < points.Count; i++)
            _shares[i] = points[i].Share;
        foreach (ExplainedNetwork network in _networks)
            network.Forward(_shares.AsSpan(0, points.Count));
        int outputs = _networks[0].OutputRows * _networks[0].OutputSize, steps = _networks[0].StaticsAt;
        FloatBuffer.Require(ref _dOutputs, (long)outputs * points.Count);
        FloatBuffer.Require(ref _dSteps, (long)steps * points.Count);
        _dOutputs.AsSpan(0, outputs * points.Count).Clear();
        _dSteps.AsSpan(0, steps * points.Count).Clear();
        for (int i = 0; i < points.Count; i++)
        {
            points[i].Value = _output.Differentiate(OutputsOf(i), _dOutputs.AsSpan(i * outputs, outputs),
                _networks[0].StepsAt(points[i].Share), _dSteps.AsSpan(i * steps, steps));
        }
        int at = 0;
        foreach (ExplainedNetwork network in _networks)
        {
            network.Backward(_dOutputs, 1f / _networks.Length);
            for (int i = 0; i < points.Count; i++)
            {
                Span<float> gradient = points[i].Gradient.AsSpan(at, network.Length);
                network.CopyGradient(i, gradient);
                if (at == 0)
                    TensorPrimitives.Add(gradient[..steps], _dSteps.AsSpan(i * steps, steps), gradient);
                points[i].Slope += Dot(gradient, network.Difference);
            }
            at += network.Length;
        }
    }

    /// <summary>The mean outputs of the networks at a point.</summary>
    private ReadOnlySpan<float> OutputsOf(int point)
    {
        int length = _networks[0].OutputRows * _networks[0].OutputSize;
        FloatBuffer.Require(ref _outputs, length);
        Span<float> outputs = _outputs.AsSpan(0, length);
        outputs.Clear();
        foreach (ExplainedNetwork network in _networks)
            network.AddOutputs(point, outputs);
        if (_networks.Length > 1)
            TensorPrimitives.Multiply(outputs, 1f / _networks.Length, outputs);
        return outputs;
    }

    /// <summary>Adds the attributions of a network's inputs, those of an embedding together.</summary>
    private void Gather(ExplainedNetwork network, ReadOnlySpan<double> inputs, Span<float> steps, Span<float> statics)
    {
        NetworkShape shape = network.Shape;
        for (int t = 0; t < Steps; t++)
        {
            int at = t * shape.InputSize;
            Span<float> step = steps.Slice(t * StepSize, StepSize);
            for (int i = 0; i < shape.NumericSize; i++, at++)
                step[i] += (float)inputs[at];
            for (int token = 0; token < shape.TokenColumns; token++)
            {
                int size = token < shape.Embeddings.Count ? shape.Embeddings[token].Size : shape.Characters!.Value.Filters;
                step[shape.NumericSize + token] += (float)TensorPrimitives.Sum(inputs.Slice(at, size));
                at += size;
            }
        }
        for (int i = 0; i < statics.Length; i++)
            statics[i] += (float)inputs[network.StaticsAt + i];
        StateAttribution += TensorPrimitives.Sum(inputs[network.StateAt..]);
    }

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += (double)x[i] * y[i];
        return sum;
    }

    /// <summary>A point of the line, with what is known there.</summary>
    private sealed class Point(double share, float[] gradient)
    {
        public double Share { get; } = share;

        public float[] Gradient { get; } = gradient;

        public double Value { get; set; }

        /// <summary>The derivative of the value along the line.</summary>
        public double Slope { get; set; }
    }

    /// <summary>A piece of the line.</summary>
    private sealed class Piece(Point[] points)
    {
        public Point[] Points { get; } = points;

        public double Length => Points[^1].Share - Points[0].Share;

        /// <summary>The sizes of the attributions, added up, once they are known.</summary>
        public double? Size { get; set; }

        /// <summary>The integral of the slope, less what it has to be.</summary>
        public double Gap
        {
            get
            {
                double mean = 0;
                for (int i = 0; i < Points.Length; i++)
                    mean += Weights[i] * Points[i].Slope;
                return mean * Length - (Points[^1].Value - Points[0].Value);
            }
        }
    }
}
