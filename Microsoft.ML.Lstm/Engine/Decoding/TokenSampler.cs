using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Draws the next token of a text: the repetition penalty first, then the temperature, then the k most probable tokens, then the fewest of
/// these that have the probability p together.
/// </summary>
/// <remarks>With the same seed the same tokens are drawn, on a processor with the same vector width.</remarks>
internal sealed class TokenSampler
{
    private readonly GenerationSettings _settings;
    private readonly RandomNumbers _random;
    private readonly RepetitionPenalty _penalty;
    private readonly float[] _weights;
    private readonly float[] _keys;
    private readonly int[] _tokens;

    /// <param name="settings">How tokens are drawn.</param>
    /// <param name="outputs">O: tokens are 1 to O.</param>
    /// <param name="seed">The seed of the random numbers.</param>
    public TokenSampler(GenerationSettings settings, int outputs, int seed)
    {
        _settings = settings;
        _random = new RandomNumbers(seed);
        _penalty = new RepetitionPenalty(settings.RepetitionPenalty, outputs);
        _weights = new float[outputs];
        _keys = new float[outputs];
        _tokens = new int[outputs];
    }

    /// <summary>Draws a token.</summary>
    /// <param name="logProbabilities">The logarithm of the probability of each of the tokens 1 to O.</param>
    /// <param name="text">The tokens so far, which the repetition penalty is for.</param>
    /// <returns>The token, 1 to O.</returns>
    /// <exception cref="InvalidOperationException">A probability is NaN.</exception>
    public int Next(ReadOnlySpan<float> logProbabilities, IReadOnlyList<int> text)
    {
        logProbabilities.CopyTo(_weights);
        _penalty.Apply(_weights, text);
        int best = TensorPrimitives.IndexOfMax<float>(_weights);
        if (float.IsNaN(_weights[best]))
            throw NotANumber();
        if (_settings.Temperature == 0)
            return best + 1;
        TensorPrimitives.Subtract(_weights, _weights[best], _weights);
        TensorPrimitives.Divide(_weights, _settings.Temperature, _weights);
        TensorPrimitives.Exp<float>(_weights, _weights);
        return _settings.TopK is null && _settings.TopP is null ? Draw(_weights) + 1 : _tokens[Draw(Likeliest())] + 1;
    }

    /// <summary>What is thrown where a probability is NaN.</summary>
    public static InvalidOperationException NotANumber()
        => new("The network gives NaN, so no token can be drawn. Was its training finite?");

    /// <summary>The weights of the tokens that may be drawn, the largest first; their tokens in <see cref="_tokens"/>.</summary>
    private ReadOnlySpan<float> Likeliest()
    {
        // Of the tokens with less than (1 - p) / O, all together have less than 1 - p, so the others have p without them.
        double least = _settings.TopK is null ? (1.0 - _settings.TopP!.Value) / _weights.Length * Sum(_weights) : 0;
        int count = 0;
        for (int token = 0; token < _weights.Length; token++)
        {
            if (_weights[token] >= least)
                (_keys[count], _tokens[count++]) = (-_weights[token], token);
        }
        Span<float> weights = _keys.AsSpan(0, count);
        weights.Sort(_tokens.AsSpan(0, count));
        TensorPrimitives.Negate(weights, weights);
        weights = weights[..Math.Min(count, _settings.TopK ?? count)];
        if (_settings.TopP is not { } share)
            return weights;
        double enough = share * (_settings.TopK is null ? Sum(_weights) : Sum(weights)), sum = 0;
        int taken = 0;
        while (taken < weights.Length && (taken == 0 || sum < enough))
            sum += weights[taken++];
        return weights[..taken];
    }

    private int Draw(ReadOnlySpan<float> weights)
    {
        double left = _random.NextDouble() * Sum(weights);
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0)
                continue;
            last = i;
            left -= weights[i];
            if (left < 0)
                break;
        }
        return last;
    }

    private static double Sum(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        foreach (float weight in weights)
            sum += weight;
        return sum;
    }
}
