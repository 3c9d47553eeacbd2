using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>
/// Turns a gradient g into a step of the weights w, after it was clipped by its norm (Pascanu, Mikolov and Bengio 2013): one
/// longer than the limit is shortened to it.
/// </summary>
/// <remarks>
/// Threads share it by the gradient's pieces. An embedding that no token of the batch had stays as it is, and so does what the
/// optimizer keeps of it, as with PyTorch's SparseAdam; the others see every weight at every step.
/// </remarks>
internal abstract class Optimizer
{
    // Below this many pieces waking the other threads costs more than it saves.
    private const int SharedPieces = 256;

    private readonly ParameterSet _weights;
    private readonly Gradient _gradient;
    private readonly WorkerTeam _team;
    private readonly double[] _squares;
    private readonly bool[] _isFinite;
    private readonly Action<int> _squaresPart;
    private readonly Action<int> _stepPart;
    private int _parts;

    private Optimizer(ParameterSet weights, Gradient gradient, WorkerTeam team)
    {
        _weights = weights;
        _gradient = gradient;
        _team = team;
        _squares = new double[gradient.MaxPieces];
        _isFinite = new bool[team.Threads];
        _squaresPart = SumSquares;
        _stepPart = StepPieces;
    }

    /// <param name="options">Which optimizer, and its settings.</param>
    /// <param name="weights">What it moves.</param>
    /// <param name="gradient">What it goes by.</param>
    /// <param name="team">The threads to share large networks among.</param>
    public static Optimizer Create(TrainingOptions options, ParameterSet weights, Gradient gradient, WorkerTeam team)
        => options.Optimizer switch
        {
            OptimizerType.Adam or OptimizerType.AdamW => new By<AdamRule>(options, weights, gradient, team),
            OptimizerType.Sgd => new By<SgdRule>(options, weights, gradient, team),
            _ => new By<RmsPropRule>(options, weights, gradient, team),
        };

    /// <summary>The Euclidean norm that the gradient has; not finite when one of its elements is not.</summary>
    public double GradientNorm()
    {
        // Pieces of the sum of squares are added in double: of millions of floats a float would lose some.
        _parts = _gradient.Pieces < SharedPieces ? 1 : _team.Threads;
        _team.Run(_parts, _squaresPart);
        double sum = 0;
        for (int i = 0; i < _gradient.Pieces; i++)
            sum += _squares[i];
        return Math.Sqrt(sum);
    }

    /// <summary>Moves the weights one step and makes the gradient zero again.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="maxNorm">The longest gradient to go by; 0 for any.</param>
    /// <returns>False when the gradient was not finite, and nothing was moved, or the weights are not any more.</returns>
    public bool TryStep(float learningRate, float maxNorm)
    {
        double norm = GradientNorm();
        if (!double.IsFinite(norm))
            return false;
        BeginStep(learningRate, maxNorm > 0 && norm > maxNorm ? (float)(maxNorm / norm) : 1f);
        _team.Run(_parts, _stepPart);
        _gradient.Forget();
        return !_isFinite.AsSpan(0, _parts).Contains(false);
    }

    /// <summary>Steps made so far.</summary>
    public abstract int Steps { get; }

    /// <summary>What is kept of each weight from step to step: one or two arrays, laid out as the weights.</summary>
    public abstract IReadOnlyList<ReadOnlyMemory<float>> Moments { get; }

    /// <summary>Goes on from <see cref="Steps"/> and <see cref="Moments"/> of another.</summary>
    /// <exception cref="InvalidDataException">They are those of another optimizer, or of other weights.</exception>
    public abstract void Restore(int steps, IReadOnlyList<ReadOnlyMemory<float>> moments);

    private (int Begin, int End) PiecesOf(int part)
        => ((int)((long)_gradient.Pieces * part / _parts), (int)((long)_gradient.Pieces * (part + 1) / _parts));

    private void SumSquares(int part)
    {
        (int begin, int end) = PiecesOf(part);
        for (int i = begin; i < end; i++)
        {
            (int start, int length) = _gradient.Piece(i);
            _squares[i] = TensorPrimitives.SumOfSquares(_gradient.Parameters.Values.AsSpan(start, length));
        }
    }

    private void StepPieces(int part)
    {
        bool isFinite = true;
        (int begin, int end) = PiecesOf(part);
        for (int i = begin; i < end; i++)
        {
            (int start, int length) = _gradient.Piece(i);
            isFinite &= StepPiece(start, length);
        }
        _isFinite[part] = isFinite;
    }

    /// <summary>Prepares a step.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="shortening">What the gradient is multiplied by.</param>
    protected abstract void BeginStep(float learningRate, float shortening);

    /// <summary>Moves some weights and makes their gradient zero.</summary>
    /// <returns>Whether the weights are finite.</returns>
    protected abstract bool StepPiece(int start, int length);

    /// <summary>An optimizer by a rule for single weights.</summary>
    /// <remarks>
    /// All that is done to a weight is done in one go: TensorPrimitives go ten times over the gradient, the weights and what is kept of
    /// them, and take twice as long where these come from memory.
    /// </remarks>
    private sealed class By<TRule> : Optimizer
        where TRule : struct, IUpdateRule<TRule>
    {
        private readonly float[] _first;
        private readonly float[] _second;
        private readonly float _momentum;
        private readonly float _decay;
        private readonly bool _isDecoupled;
        private Step _step;
        private int _t;

        public By(TrainingOptions options, ParameterSet weights, Gradient gradient, WorkerTeam team)
            : base(weights, gradient, team)
        {
            _first = new float[weights.Values.Length];
            _second = TRule.States > 1 ? new float[weights.Values.Length] : _first;
            _momentum = options.Momentum;
            _decay = options.WeightDecay;
            _isDecoupled = options.Optimizer == OptimizerType.AdamW;
        }

        public override int Steps => _t;

        public override IReadOnlyList<ReadOnlyMemory<float>> Moments => TRule.States > 1 ? [_first, _second] : [_first];

        public override void Restore(int steps, IReadOnlyList<ReadOnlyMemory<float>> moments)
        {
            if (steps < 0 || moments.Count != TRule.States || moments.Any(moment => moment.Length != _first.Length))
                throw new InvalidDataException("The checkpoint is of another optimizer, or of other weights.");
            _t = steps;
            moments[0].CopyTo(_first);
            moments[^1].CopyTo(_second);
        }

        // Weight decay is g ← g + decay·w, or, decoupled, w ← w − lr·decay·w first (Loshchilov and Hutter 2019).
        protected override void BeginStep(float learningRate, float shortening)
            => _step = new Step(TRule.At(++_t, learningRate, _momentum), shortening, _isDecoupled ? 0 : _decay,
                _isDecoupled ? 1 - learningRate * _decay : 1);

        protected override bool StepPiece(int start, int length)
        {
            Span<float> w = _weights.Values.AsSpan(start, length), g = _gradient.Parameters.Values.AsSpan(start, length);
            Span<float> first = _first.AsSpan(start, length), second = _second.AsSpan(start, length);
            int whole = length - length % Vector<float>.Count;
            bool isFinite = Move(_step, AsVectors(w[..whole]), AsVectors(g[..whole]), AsVectors(first[..whole]),
                AsVectors(second[..whole]));
            if (whole == length)
                return isFinite;
            // The last ones with zeros behind them, which stay zeros.
            Vector<float> lastW = Padded(w[whole..]), lastG = Padded(g[whole..]), lastFirst = Padded(first[whole..]),
                lastSecond = Padded(second[whole..]);
            isFinite &= Move(_step, new(ref lastW), new(ref lastG), new(ref lastFirst), new(ref lastSecond));
            CopyTo(lastW, w[whole..]);
            CopyTo(lastG, g[whole..]);
            CopyTo(lastFirst, first[whole..]);
            if (TRule.States > 1)
                CopyTo(lastSecond, second[whole..]);
            return isFinite;
        }

        private static bool Move(in Step step, Span<Vector<float>> w, Span<Vector<float>> g, Span<Vector<float>> first,
            Span<Vector<float>> second)
        {
            TRule rule = step.Rule;
            Vector<float> shortening = new(step.Shortening), decay = new(step.Decay), kept = new(step.Kept), zeros = default;
            for (int i = 0; i < w.Length; i++)
            {
                Vector<float> weights = kept * w[i], firsts = first[i], seconds = TRule.States > 1 ? second[i] : default;
                rule.Move(ref weights, shortening * g[i] + decay * weights, ref firsts, ref seconds);
                w[i] = weights;
                g[i] = default;
                first[i] = firsts;
                if (TRule.States > 1)
                    second[i] = seconds;
                // Zero times what is not finite is NaN.
                zeros += 0 * weights;
            }
            return Vector.EqualsAll(zeros, default);
        }

        private static Span<Vector<float>> AsVectors(Span<float> values) => MemoryMarshal.Cast<float, Vector<float>>(values);

        private static Vector<float> Padded(ReadOnlySpan<float> values)
        {
            Vector<float> padded = default;
            values.CopyTo(MemoryMarshal.Cast<Vector<float>, float>(new Span<Vector<float>>(ref padded)));
            return padded;
        }

        private static void CopyTo(Vector<float> padded, Span<float> values)
            => MemoryMarshal.Cast<Vector<float>, float>(new Span<Vector<float>>(ref padded))[..values.Length].CopyTo(values);

        /// <summary>What holds for all weights in a step.</summary>
        /// <param name="Rule">The rule.</param>
        /// <param name="Shortening">What gradients are multiplied by.</param>
        /// <param name="Decay">How much of the weights is added to them.</param>
        /// <param name="Kept">What weights are multiplied by.</param>
        private readonly record struct Step(TRule Rule, float Shortening, float Decay, float Kept);
    }
}
