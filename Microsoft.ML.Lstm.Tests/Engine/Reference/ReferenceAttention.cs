namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// a_t = tanh(W·h_t + b), s_t = v·a_t, α = softmax(s), e = Σ α_t·h_t, over the steps of one sequence. W [E x E], b and v [E], and
/// their gradients, to which <see cref="Backward"/> adds.
/// </summary>
internal sealed class ReferenceAttention(IReadOnlyDictionary<string, double[]> parameters, IReadOnlyDictionary<string, double[]> gradients)
{
    private double[][] _steps = [];
    private double[][] _hidden = [];

    /// <summary>α of each step.</summary>
    public double[] Weights { get; private set; } = [];

    public double[] Forward(double[][] steps)
    {
        double[] w = parameters["attention.weight"], b = parameters["attention.bias"], v = parameters["attention.vector"];
        int size = b.Length;
        _steps = steps;
        _hidden = [.. steps.Select(h =>
            Enumerable.Range(0, size).Select(j => Math.Tanh(b[j] + h.Select((x, k) => w[j * size + k] * x).Sum())).ToArray())];
        double[] powers = [.. _hidden.Select(a => Math.Exp(a.Zip(v, (p, q) => p * q).Sum()))];
        Weights = [.. powers.Select(power => power / powers.Sum())];
        return [.. Enumerable.Range(0, size).Select(k => steps.Select((h, t) => Weights[t] * h[k]).Sum())];
    }

    /// <summary>Adds the gradients of the steps to <paramref name="dSteps"/>.</summary>
    public void Backward(double[] dEncoding, double[][] dSteps)
    {
        double[] w = parameters["attention.weight"], v = parameters["attention.vector"];
        int size = v.Length;
        double[] dWeights = [.. _steps.Select(h => h.Zip(dEncoding, (p, q) => p * q).Sum())];
        for (int t = 0; t < _steps.Length; t++)
        {
            // The softmax's derivative, entry by entry of its Jacobian.
            double dScore = Enumerable.Range(0, _steps.Length).Sum(s => dWeights[s] * Weights[s] * ((s == t ? 1 : 0) - Weights[t]));
            for (int k = 0; k < size; k++)
                dSteps[t][k] += Weights[t] * dEncoding[k];
            for (int j = 0; j < size; j++)
            {
                double a = _hidden[t][j], da = dScore * v[j] * (1 - a * a);
                gradients["attention.vector"][j] += dScore * a;
                gradients["attention.bias"][j] += da;
                for (int k = 0; k < size; k++)
                {
                    gradients["attention.weight"][j * size + k] += da * _steps[t][k];
                    dSteps[t][k] += da * w[j * size + k];
                }
            }
        }
    }
}
