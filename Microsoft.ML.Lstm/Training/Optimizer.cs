using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Training;

/// <summary>Turns a gradient g into a step of the weights w, all parameters of a network as one vector.</summary>
internal abstract class Optimizer
{
    // A piece of each vector that stays in the first-level cache through all operations of a step.
    private const int PieceLength = 1024;

    private readonly float[] _scratch = new float[PieceLength];

    public static Optimizer Create(TrainingOptions options, int length) => options.Optimizer switch
    {
        OptimizerType.Adam => new Adam(length, options.WeightDecay, decoupled: false),
        OptimizerType.AdamW => new Adam(length, options.WeightDecay, decoupled: true),
        OptimizerType.Sgd => new Sgd(length, options.WeightDecay, options.Momentum),
        _ => new RmsProp(length, options.WeightDecay),
    };

    /// <summary>Moves the weights one step. The gradient is used up.</summary>
    public void Step(Span<float> weights, Span<float> gradient, float learningRate)
    {
        BeginStep();
        for (int start = 0; start < weights.Length; start += PieceLength)
        {
            int length = Math.Min(PieceLength, weights.Length - start);
            StepPiece(start, weights.Slice(start, length), gradient.Slice(start, length), learningRate, _scratch.AsSpan(0, length));
        }
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

    /// <summary>mean ← decay·mean + (1 − decay)·g.</summary>
    private static void MoveAverage(Span<float> mean, float decay, Span<float> g, Span<float> scratch)
    {
        TensorPrimitives.Multiply(g, 1 - decay, scratch);
        TensorPrimitives.MultiplyAdd(mean, decay, scratch, mean);
    }

    /// <summary>
    /// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − lr·m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
    /// (Kingma and Ba 2015); decoupled: w ← w − lr·decay·w first (Loshchilov and Hutter 2019).
    /// </summary>
    private sealed class Adam(int length, float decay, bool decoupled) : Optimizer
    {
        private const float Beta1 = 0.9f;
        private const float Beta2 = 0.999f;
        private const float Epsilon = 1e-8f;

        private readonly float[] _m = new float[length];
        private readonly float[] _v = new float[length];
        private int _t;

        protected override void BeginStep() => _t++;

        protected override void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch)
        {
            Span<float> m = _m.AsSpan(start, w.Length), v = _v.AsSpan(start, w.Length);
            if (decoupled)
                TensorPrimitives.Multiply(w, 1 - learningRate * decay, w);
            else
                AddDecay(g, w, decay);
            MoveAverage(m, Beta1, g, scratch);
            TensorPrimitives.Multiply(g, g, g);
            MoveAverage(v, Beta2, g, scratch);

            float correction1 = (float)(1 - Math.Pow(Beta1, _t));
            float correction2 = (float)Math.Sqrt(1 - Math.Pow(Beta2, _t));
            TensorPrimitives.Sqrt(v, scratch);
            TensorPrimitives.Divide(scratch, correction2, scratch);
            TensorPrimitives.Add(scratch, Epsilon, scratch);
            TensorPrimitives.Divide(m, scratch, scratch);
            TensorPrimitives.MultiplyAdd(scratch, -learningRate / correction1, w, w);
        }
    }

    /// <summary>v ← μv + g, w ← w − lr·v (Polyak 1964, as PyTorch has it).</summary>
    private sealed class Sgd(int length, float decay, float momentum) : Optimizer
    {
        private readonly float[] _v = new float[length];

        protected override void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch)
        {
            Span<float> v = _v.AsSpan(start, w.Length);
            AddDecay(g, w, decay);
            TensorPrimitives.MultiplyAdd(v, momentum, g, v);
            TensorPrimitives.MultiplyAdd(v, -learningRate, w, w);
        }
    }

    /// <summary>v ← αv + (1 − α)g², w ← w − lr·g / (√v + ε) (Tieleman and Hinton 2012).</summary>
    private sealed class RmsProp(int length, float decay) : Optimizer
    {
        private const float Alpha = 0.99f;
        private const float Epsilon = 1e-8f;

        private readonly float[] _v = new float[length];

        protected override void StepPiece(int start, Span<float> w, Span<float> g, float learningRate, Span<float> scratch)
        {
            Span<float> v = _v.AsSpan(start, w.Length);
            AddDecay(g, w, decay);
            TensorPrimitives.Multiply(v, Alpha, v);
            TensorPrimitives.Multiply(g, g, scratch);
            TensorPrimitives.MultiplyAdd(scratch, 1 - Alpha, v, v);
            TensorPrimitives.Sqrt(v, scratch);
            TensorPrimitives.Add(scratch, Epsilon, scratch);
            TensorPrimitives.Divide(g, scratch, scratch);
            TensorPrimitives.MultiplyAdd(scratch, -learningRate, w, w);
        }
    }
}
