using Microsoft.ML.Lstm.Engine.Decoding;

namespace Microsoft.ML.Lstm.Tests.Engine.Decoding;

/// <summary>Tokens are drawn as often as their probabilities say, under each rule.</summary>
[TestClass]
public sealed class TokenSamplerTests
{
    private const int Draws = 20_000;

    private static readonly double[] P = [0.4, 0.05, 0.25, 0.1, 0.2];

    [TestMethod]
    public void ADrawFollowsTheProbabilities() => AssertDrawn(new(1), P);

    [TestMethod]
    public void ATemperatureIsAPowerOfTheProbabilities()
    {
        AssertDrawn(new(1) { Temperature = 0.5f }, [.. P.Select(p => p * p)]);
        AssertDrawn(new(1) { Temperature = 2 }, [.. P.Select(Math.Sqrt)]);
        AssertDrawn(new(1) { Temperature = 0 }, [1, 0, 0, 0, 0]);
        AssertDrawn(new(1) { Temperature = 1e-6f }, [1, 0, 0, 0, 0]);
    }

    [TestMethod]
    public void TopKLeavesTheMostProbable()
    {
        AssertDrawn(new(1) { TopK = 3 }, [0.4, 0, 0.25, 0, 0.2]);
        AssertDrawn(new(1) { TopK = 1 }, [1, 0, 0, 0, 0]);
        AssertDrawn(new(1) { TopK = 100 }, P);
    }

    [TestMethod]
    public void TopPLeavesTheFewestThatHaveSoMuch()
    {
        AssertDrawn(new(1) { TopP = 0.64f }, [0.4, 0, 0.25, 0, 0]);
        AssertDrawn(new(1) { TopP = 0.66f }, [0.4, 0, 0.25, 0, 0.2]);
        AssertDrawn(new(1) { TopP = 0.01f }, [1, 0, 0, 0, 0]);
        AssertDrawn(new(1) { TopP = 1 }, P);
        // Of the k most probable, whose sum is one again.
        AssertDrawn(new(1) { TopK = 3, TopP = 0.7f }, [0.4, 0, 0.25, 0, 0]);
    }

    [TestMethod]
    public void TopPIsTheSameWithManyTokensOfLittleProbability()
    {
        double[] p = [0.5, 0.3, .. Enumerable.Repeat(0.2 / 5000, 5000)];
        AssertDrawn(new(1) { TopP = 0.79f }, [0.5, 0.3, .. new double[5000]]);
        Assert.IsGreaterThan(1000, Frequencies(new(1) { TopP = 0.9f }, p).Count(count => count > 0));

        void AssertDrawn(GenerationSettings settings, double[] expected)
        {
            double[] found = Frequencies(settings, p);
            Assert.AreEqual(expected[0] / (expected[0] + expected[1]), found[0], 0.02);
            Assert.AreEqual(0, found[2..].Sum());
        }
    }

    [TestMethod]
    public void ARepeatedTokenHasAPowerOfItsProbability()
    {
        AssertDrawn(new(1) { RepetitionPenalty = 2 }, [0.16, 0.05, 0.25, 0.01, 0.2], text: [1, 4, 1, 0, 99]);
        AssertDrawn(new(1) { RepetitionPenalty = 2, Temperature = 0 }, [0, 0, 1, 0, 0], text: [1]);
    }

    [TestMethod]
    public void TheSameSeedDrawsTheSame()
    {
        CollectionAssert.AreEqual(Draw(new(1), P, 50, seed: 7, []), Draw(new(1), P, 50, seed: 7, []));
        CollectionAssert.AreNotEqual(Draw(new(1), P, 50, seed: 7, []), Draw(new(1), P, 50, seed: 8, []));
    }

    [TestMethod]
    public void NothingIsDrawnOfNaN() => Assert.ThrowsExactly<InvalidOperationException>(
        () => new TokenSampler(new(1), 2, seed: 1).Next([float.NaN, float.NaN], []));

    private static void AssertDrawn(GenerationSettings settings, double[] weights, int[]? text = null)
    {
        double[] found = Frequencies(settings, P, text);
        for (int i = 0; i < weights.Length; i++)
        {
            double expected = weights[i] / weights.Sum();
            // Four standard deviations; never drawn is never.
            Assert.AreEqual(expected, found[i], 1e-9 + 4 * Math.Sqrt(expected * (1 - expected) / Draws), $"token {i + 1}");
        }
    }

    private static double[] Frequencies(GenerationSettings settings, double[] probabilities, int[]? text = null)
    {
        double[] frequencies = new double[probabilities.Length];
        foreach (int token in Draw(settings, probabilities, Draws, seed: 1, text ?? []))
            frequencies[token - 1] += 1.0 / Draws;
        return frequencies;
    }

    private static int[] Draw(GenerationSettings settings, double[] probabilities, int count, int seed, int[] text)
    {
        var sampler = new TokenSampler(settings, probabilities.Length, seed);
        float[] logs = [.. probabilities.Select(p => (float)Math.Log(p))];
        return [.. Enumerable.Range(0, count).Select(_ => sampler.Next(logs, text))];
    }
}
