using System.Numerics;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>The update of a weight by its gradient, for a vector of weights at a time.</summary>
internal interface IUpdateRule<TSelf>
{
    /// <summary>Numbers that the rule keeps of each weight from step to step, 1 or 2; they begin at zero.</summary>
    static abstract int States { get; }

    /// <summary>The rule of one step.</summary>
    /// <param name="t">The number of the step, from 1.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="momentum">The momentum, for rules that have one.</param>
    static abstract TSelf At(int t, float learningRate, float momentum);

    /// <summary>Updates the weights <paramref name="w"/> by their gradient <paramref name="g"/>, and the rule's state.</summary>
    void Update(ref Vector<float> w, Vector<float> g, ref Vector<float> first, ref Vector<float> second);
}

/// <summary>
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − lr·m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂
/// = v / (1 − β₂ᵗ) (Kingma and Ba 2015).
/// </summary>
/// <param name="step">lr and the corrections of m and v, for all weights.</param>
/// <param name="epsilon">ε, corrected like √v.</param>
internal readonly struct AdamRule(float step, float epsilon) : IUpdateRule<AdamRule>
{
    private const float Beta1 = 0.9f;
    private const float Beta2 = 0.999f;
    private const float Epsilon = 1e-8f;

    public static int States => 2;

    public static AdamRule At(int t, float learningRate, float momentum)
    {
        double correction1 = 1 - Math.Pow(Beta1, t), correction2 = Math.Sqrt(1 - Math.Pow(Beta2, t));
        return new AdamRule((float)(learningRate * correction2 / correction1), (float)(Epsilon * correction2));
    }

    public void Update(ref Vector<float> w, Vector<float> g, ref Vector<float> m, ref Vector<float> v)
    {
        m += (1 - Beta1) * (g - m);
        v += (1 - Beta2) * (g * g - v);
        w -= step * m / (Vector.SquareRoot(v) + new Vector<float>(epsilon));
    }
}

/// <summary>v ← μv + g, w ← w − lr·v (Polyak 1964, as PyTorch has it).</summary>
/// <param name="learningRate">lr.</param>
/// <param name="momentum">μ.</param>
internal readonly struct SgdRule(float learningRate, float momentum) : IUpdateRule<SgdRule>
{
    public static int States => 1;

    public static SgdRule At(int t, float learningRate, float momentum) => new(learningRate, momentum);

    public void Update(ref Vector<float> w, Vector<float> g, ref Vector<float> v, ref Vector<float> none)
    {
        v = momentum * v + g;
        w -= learningRate * v;
    }
}

/// <summary>v ← αv + (1 − α)g², w ← w − lr·g / (√v + ε) (Tieleman and Hinton 2012).</summary>
/// <param name="learningRate">lr.</param>
internal readonly struct RmsPropRule(float learningRate) : IUpdateRule<RmsPropRule>
{
    private const float Alpha = 0.99f;
    private const float Epsilon = 1e-8f;

    public static int States => 1;

    public static RmsPropRule At(int t, float learningRate, float momentum) => new(learningRate);

    public void Update(ref Vector<float> w, Vector<float> g, ref Vector<float> v, ref Vector<float> none)
    {
        v += (1 - Alpha) * (g * g - v);
        w -= learningRate * g / (Vector.SquareRoot(v) + new Vector<float>(Epsilon));
    }
}
