using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>
/// Updates the weights w by their gradient g, which is first clipped: a gradient whose norm is above the limit is scaled down to it
/// (Pascanu, Mikolov and Bengio 2013).
/// </summary>
/// <remarks>
/// Threads share the gradient's pieces. The row of an embedding whose token is not in the batch keeps its weights and its moments, as with
/// PyTorch's SparseAdam; every other weight is updated at every step.
/// </remarks>
internal abstract class Optimizer
{
    // Below this many pieces waking the other threads costs more than it saves.
    private const int SharedPieces = 256;

    private readonly WorkerTeam _team;
    private readonly double[] _squares;
    private readonly bool[] _isFinite;
    private readonly Action<int> _squaresPart;
    private readonly Action<int> _stepPart;
    private int _parts;

    private protected Optimizer(ParameterSet weights, Gradient gradient, WorkerTeam team)
    {
        Weights = weights;
        Gradient = gradient;
        _team = team;
        _squares = new double[gradient.MaxPieces];
        _isFinite = new bool[team.Threads];
        _squaresPart = SumSquares;
        _stepPart = StepPieces;
    }

    /// <param name="settings">Which optimizer, and its hyperparameters.</param>
    /// <param name="weights">The weights to update.</param>
    /// <param name="gradient">The gradient of the weights.</param>
    /// <param name="team">The threads that share large networks.</param>
    public static Optimizer Create(OptimizerSettings settings, ParameterSet weights, Gradient gradient, WorkerTeam team)
        => settings.Type switch
        {
            OptimizerType.Adam or OptimizerType.AdamW => new RuleOptimizer<AdamRule>(settings, weights, gradient, team),
            OptimizerType.Sgd => new RuleOptimizer<SgdRule>(settings, weights, gradient, team),
            _ => new RuleOptimizer<RmsPropRule>(settings, weights, gradient, team),
        };

    /// <summary>
    /// The factor of the learning rate of each parameter, in the order of the set: 0 freezes it, so that its gradient counts for nothing,
    /// not even for clipping. Null, the default, for 1.
    /// </summary>
    protected float[]? Factors { get; private set; }

    /// <summary>
    /// The steps in which each parameter was frozen, where there are <see cref="Factors"/>: its own steps are those behind them, as in
    /// PyTorch, whose optimizers count the steps of each parameter.
    /// </summary>
    protected int[] FrozenSteps { get; private set; } = [];

    /// <summary>The weights to update.</summary>
    protected ParameterSet Weights { get; }

    /// <summary>The gradient of the weights.</summary>
    protected Gradient Gradient { get; }

    /// <summary>The Euclidean norm of the whole gradient; not finite when one of its elements is not.</summary>
    public double GradientNorm()
    {
        // Pieces of the sum of squares are added in double: of millions of floats a float would lose some.
        _parts = Gradient.Pieces < SharedPieces ? 1 : _team.Threads;
        _team.Run(_parts, _squaresPart);
        double sum = 0;
        for (int i = 0; i < Gradient.Pieces; i++)
            sum += _squares[i];
        return Math.Sqrt(sum);
    }

    /// <summary>Updates the weights and sets the gradient to zero.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="maxNorm">The norm that the gradient is clipped to; 0 for no clipping.</param>
    /// <returns>False when the gradient was not finite, and nothing was updated, or an updated weight is not.</returns>
    public bool TryStep(float learningRate, float maxNorm)
    {
        double norm = GradientNorm();
        return double.IsFinite(norm) && Update(learningRate, maxNorm > 0 && norm > maxNorm ? (float)(maxNorm / norm) : 1f);
    }

    /// <summary>Updates the weights and sets the gradient to zero, after <see cref="GradientNorm"/>.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="clipCoefficient">The factor on the gradient.</param>
    /// <returns>False when an updated weight is not finite.</returns>
    public bool Update(float learningRate, float clipCoefficient)
    {
        BeginStep(learningRate, clipCoefficient);
        _team.Run(_parts, _stepPart);
        Gradient.Forget();
        return !_isFinite.AsSpan(0, _parts).Contains(false);
    }

    /// <summary>Sets the learning rates of the layers, relative to the step size.</summary>
    /// <param name="tuning">How the layers learn; null for all alike.</param>
    /// <param name="epochs">Epochs done so far.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch.</param>
    public void Tune(FineTuning? tuning, int epochs, int stepsPerEpoch)
    {
        if (tuning is null)
            return;
        NetworkShape shape = Weights.Shape;
        Factors = [.. Weights.Parameters.Select(parameter => tuning.FactorOf(parameter, shape, epochs))];
        FrozenSteps = [.. Weights.Parameters.Select(parameter =>
            (int)Math.Min(tuning.FrozenEpochsOf(parameter, shape) * stepsPerEpoch, int.MaxValue))];
    }

    /// <summary>Steps made so far.</summary>
    public abstract int Steps { get; }

    /// <summary>The optimizer's state: one or two numbers a weight, in as many arrays laid out as the weights.</summary>
    public abstract IReadOnlyList<ReadOnlyMemory<float>> Moments { get; }

    /// <summary>Restores the <see cref="Steps"/> and <see cref="Moments"/> of an interrupted training.</summary>
    /// <exception cref="InvalidDataException">They belong to another optimizer, or to other weights.</exception>
    public abstract void Restore(int steps, IReadOnlyList<ReadOnlyMemory<float>> moments);

    private (int Begin, int End) PiecesOf(int part)
        => ((int)((long)Gradient.Pieces * part / _parts), (int)((long)Gradient.Pieces * (part + 1) / _parts));

    private void SumSquares(int part)
    {
        (int begin, int end) = PiecesOf(part);
        for (int i = begin; i < end; i++)
        {
            (int start, int length) = Gradient.Piece(i);
            if (Factors is not null)
                ClearFrozen(start, length);
            _squares[i] = SumOfSquares(Gradient.Parameters.Values.AsSpan(start, length));
        }
    }

    // Optimized from the first call on, unlike TensorPrimitives' sum, which in the first seconds takes as long as the update itself.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumOfSquares(ReadOnlySpan<float> x)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        // Four sums, so that one need not wait for the one before it.
        Vector<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i + 3 < vectors.Length; i += 4)
        {
            sum0 += vectors[i] * vectors[i];
            sum1 += vectors[i + 1] * vectors[i + 1];
            sum2 += vectors[i + 2] * vectors[i + 2];
            sum3 += vectors[i + 3] * vectors[i + 3];
        }
        for (; i < vectors.Length; i++)
            sum0 += vectors[i] * vectors[i];
        float sum = Vector.Sum(sum0 + sum1 + (sum2 + sum3));
        foreach (float rest in x[(vectors.Length * Vector<float>.Count)..])
            sum += rest * rest;
        return sum;
    }

    private void StepPieces(int part)
    {
        bool isFinite = true;
        (int begin, int end) = PiecesOf(part);
        for (int i = begin; i < end; i++)
        {
            (int start, int length) = Gradient.Piece(i);
            isFinite &= Factors is null ? StepPiece(start, length, parameter: 0) : StepParameters(start, length);
        }
        _isFinite[part] = isFinite;
    }

    /// <summary>Steps of a piece, which may have weights of several parameters.</summary>
    private bool StepParameters(int start, int length)
    {
        bool isFinite = true;
        for (int end = start + length; start < end;)
        {
            (int parameter, int count) = ParameterAt(start, end);
            if (Factors![parameter] > 0)
                isFinite &= StepPiece(start, count, parameter);
            start += count;
        }
        return isFinite;
    }

    private void ClearFrozen(int start, int length)
    {
        for (int end = start + length; start < end;)
        {
            (int parameter, int count) = ParameterAt(start, end);
            if (Factors![parameter] == 0)
                Gradient.Parameters.Values.AsSpan(start, count).Clear();
            start += count;
        }
    }

    /// <summary>The parameter that a value belongs to, and how many values from there on do, up to <paramref name="end"/>.</summary>
    private (int Parameter, int Count) ParameterAt(int start, int end)
    {
        // The parameters of the set are in the order of their values, whose array may be shared with the decoder of an autoencoder.
        int parameter = 0;
        while (Weights.Parameters[parameter] is var at && at.Offset + at.Length <= start)
            parameter++;
        return (parameter, Math.Min(end, Weights.Parameters[parameter].Offset + Weights.Parameters[parameter].Length) - start);
    }

    /// <summary>Prepares a step.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="clipCoefficient">The factor on the gradient, from clipping.</param>
    protected abstract void BeginStep(float learningRate, float clipCoefficient);

    /// <summary>Updates some of the weights and sets their gradient to zero.</summary>
    /// <param name="start">The first weight.</param>
    /// <param name="length">The number of weights.</param>
    /// <param name="parameter">With <see cref="Factors"/> the parameter that they belong to, else 0.</param>
    /// <returns>Whether these weights are finite.</returns>
    protected abstract bool StepPiece(int start, int length, int parameter);
}

/// <summary>An optimizer and its hyperparameters.</summary>
/// <param name="Type">The optimizer.</param>
/// <param name="Momentum">The momentum of <see cref="OptimizerType.Sgd"/>.</param>
/// <param name="WeightDecay">The weight decay.</param>
internal readonly record struct OptimizerSettings(OptimizerType Type, float Momentum, float WeightDecay)
{
    /// <summary>Whether weight decay shrinks the weights directly, rather than being added to the gradient.</summary>
    public bool IsDecoupled => Type == OptimizerType.AdamW;

    /// <summary>Numbers that the optimizer keeps of each weight.</summary>
    public int Moments => Type switch
    {
        OptimizerType.Adam or OptimizerType.AdamW => AdamRule.States,
        OptimizerType.Sgd => SgdRule.States,
        _ => RmsPropRule.States,
    };
}
