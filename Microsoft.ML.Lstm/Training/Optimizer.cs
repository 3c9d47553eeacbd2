using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Kernels;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

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
    private readonly float[][] _scratch;
    private readonly bool[] _isFinite;
    private readonly Action<int> _squaresPart;
    private readonly Action<int> _stepPart;
    private int _parts;
    private float _learningRate;
    private float _shortening;

    private Optimizer(ParameterSet weights, Gradient gradient, WorkerTeam team)
    {
        _weights = weights;
        _gradient = gradient;
        _team = team;
        _squares = new double[gradient.MaxPieces];
        _scratch = [.. Enumerable.Range(0, team.Threads).Select(_ => new float[gradient.MaxPieceLength])];
        _isFinite = new bool[team.Threads];
        _squaresPart = SumSquares;
        _stepPart = StepPieces;
    }

    /// <param name="options">Which optimizer, and its settings.</param>
    /// <param name="weights">What it moves.</param>
    /// <param name="gradient">What it goes by.</param>
    /// <param name="team">The threads to share large networks among.</param>
    public static Optimizer Create(TrainingOptions options, ParameterSet weights, Gradient gradient, WorkerTeam team) => options.Optimizer switch
    {
        OptimizerType.Adam => new Adam(weights, gradient, team, options.WeightDecay, decoupled: false),
        OptimizerType.AdamW => new Adam(weights, gradient, team, options.WeightDecay, decoupled: true),
        OptimizerType.Sgd => new Sgd(weights, gradient, team, options.WeightDecay, options.Momentum),
        _ => new RmsProp(weights, gradient, team, options.WeightDecay),
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
        _learningRate = learningRate;
        _shortening = maxNorm > 0 && norm > maxNorm ? (float)(maxNorm / norm) : 1f;
        BeginStep();
        _team.Run(_parts, _stepPart);
        _gradient.Forget();
        return !_isFinite.AsSpan(0, _parts).Contains(false);
    }

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
            Span<float> w = _weights.Values.AsSpan(start, length), g = _gradient.Parameters.Values.AsSpan(start, length);
            if (_shortening != 1f)
                TensorPrimitives.Multiply(g, _shortening, g);
            StepPiece(start, w, g, _learningRate, _scratch[part].AsSpan(0, length));
            g.Clear();
            isFinite &= TensorPrimitives.IsFiniteAll<float>(w);
        }
        _isFinite[part] = isFinite;
    }

    protected virtual void BeginStep()
    {
    }

    protected abstract void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch);

    /// <summary>g ← g + decay·w.</summary>
    private static void AddDecay(Span<float> g, Span<float> w, float decay)
    {
        if (decay > 0)
            TensorPrimitives.MultiplyAdd(w, decay, g, g);
    }

    /// <summary>
    /// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − lr·m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
    /// (Kingma and Ba 2015); decoupled: w ← w − lr·decay·w first (Loshchilov and Hutter 2019).
    /// </summary>
    private sealed class Adam(ParameterSet weights, Gradient gradient, WorkerTeam team, float decay, bool decoupled) : Optimizer(weights, gradient, team)
    {
        private const float Beta1 = 0.9f;
        private const float Beta2 = 0.999f;
        private const float Epsilon = 1e-8f;

        private readonly float[] _m = new float[weights.Values.Length];
        private readonly float[] _v = new float[weights.Values.Length];
        private int _t;

        protected override void BeginStep() => _t++;

        protected override void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch)
        {
            Span<float> m = _m.AsSpan(start, w.Length), v = _v.AsSpan(start, w.Length);
            if (decoupled)
                TensorPrimitives.Multiply(w, 1 - learningRate * decay, w);
            else
                AddDecay(g, w, decay);
            TensorPrimitives.Lerp(m, g, 1 - Beta1, m);
            TensorPrimitives.Multiply(g, g, g);
            TensorPrimitives.Lerp(v, g, 1 - Beta2, v);

            // The corrections of m and v are made to the step and to ε, once for all.
            double correction1 = 1 - Math.Pow(Beta1, _t), correction2 = Math.Sqrt(1 - Math.Pow(Beta2, _t));
            TensorPrimitives.Sqrt(v, scratch);
            TensorPrimitives.Add(scratch, (float)(Epsilon * correction2), scratch);
            TensorPrimitives.Divide(m, scratch, scratch);
            TensorPrimitives.MultiplyAdd(scratch, (float)(-learningRate * correction2 / correction1), w, w);
        }
    }

    /// <summary>v ← μv + g, w ← w − lr·v (Polyak 1964, as PyTorch has it).</summary>
    private sealed class Sgd(ParameterSet weights, Gradient gradient, WorkerTeam team, float decay, float momentum) : Optimizer(weights, gradient, team)
    {
        private readonly float[] _v = new float[weights.Values.Length];

        protected override void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch)
        {
            Span<float> v = _v.AsSpan(start, w.Length);
            AddDecay(g, w, decay);
            TensorPrimitives.MultiplyAdd(v, momentum, g, v);
            TensorPrimitives.MultiplyAdd(v, -learningRate, w, w);
        }
    }

    /// <summary>v ← αv + (1 − α)g², w ← w − lr·g / (√v + ε) (Tieleman and Hinton 2012).</summary>
    private sealed class RmsProp(ParameterSet weights, Gradient gradient, WorkerTeam team, float decay) : Optimizer(weights, gradient, team)
    {
        private const float Alpha = 0.99f;
        private const float Epsilon = 1e-8f;

        private readonly float[] _v = new float[weights.Values.Length];

        protected override void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch)
        {
            Span<float> v = _v.AsSpan(start, w.Length);
            AddDecay(g, w, decay);
            TensorPrimitives.Multiply(g, g, scratch);
            TensorPrimitives.Lerp(v, scratch, 1 - Alpha, v);
            TensorPrimitives.Sqrt(v, scratch);
            TensorPrimitives.Add(scratch, Epsilon, scratch);
            TensorPrimitives.Divide(g, scratch, scratch);
            TensorPrimitives.MultiplyAdd(scratch, -learningRate, w, w);
        }
    }
}
