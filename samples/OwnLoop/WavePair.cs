using System.Numerics.Tensors;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;

namespace OwnLoop;

/// <summary>
/// A generator makes pieces of a signal of noise, a discriminator tells them from real ones, and each learns from the other (Goodfellow
/// et al. 2014; over sequences Mogren 2016). The generator's gradient comes through the discriminator's inputs.
/// </summary>
internal static class WavePair
{
    private const int Batch = 32;
    private const int Steps = Signal.Steps;
    private const int Noise = 4;
    private const int Hidden = 24;
    private const int Rounds = 1500;
    private const int Lags = 12;

    /// <summary>How far the autocorrelations of noise, and of a generator before and after training, are from the signal's.</summary>
    public static (double Noise, double Untrained, double Trained) Train(Signal signal, int seed, Sample sample)
    {
        var random = new Random(seed);
        var generator = new LstmLayer(Noise, Hidden, seed: seed) { ComputesInputGradient = false };
        var toWave = new LinearLayer(Hidden, 1, seed: seed + 1);
        var discriminator = new LstmLayer(1, Hidden, bidirectional: true, seed: seed + 2);
        var toLogit = new LinearLayer(2 * Hidden, 1, seed: seed + 3);
        var generating = new LayerOptimizer([generator, toWave], learningRate: 0.002f) { GradientClipNorm = 1 };
        var discriminating = new LayerOptimizer([discriminator, toLogit], learningRate: 0.002f) { GradientClipNorm = 1 };
        double[] real = Correlations(Pieces(1000, new Random(7)));
        double untrained = Distance(Generate(1000));
        Tensor<float> gradient = Tensor.Create(new float[Batch * Steps], [Batch, Steps, 1]);
        for (int round = 0; round < Rounds; round++)
        {
            Judge(Pieces(Batch, random), isReal: 0.9f);
            Judge(Generate(Batch), isReal: 0);
            discriminating.Step();

            // What would make the discriminator take these for real?
            Tensor<float> fake = Generate(Batch);
            Tensor<float> slope = Judge(fake, isReal: 1);
            discriminator.ClearGradients();
            toLogit.ClearGradients();
            generator.Backward(toWave.Backward(slope));
            generating.Step();
        }
        generator.IsTraining = false;
        Tensor<float> generated = Generate(1000);
        sample.WriteChart("waves.svg", new Chart("Made of noise, and real") { XLabel = "step" }
            .AddLine("real", Ink.Neutral, 0, signal.Draw(random).ToArray())
            .AddLine("generated", Ink.Accent, 0, Values(generated)[..Steps])
            .AddLine("another", Ink.Accent, 0, Values(generated)[Steps..(2 * Steps)], dashed: true));
        return (Distance(WhiteNoise()), untrained, Distance(generated));

        Tensor<float> Generate(int count)
            => toWave.Forward(generator.Forward(Tensor.Create(Numbers(count * Steps * Noise), [count, Steps, Noise])).Output);

        // The loss of a judgement goes back to the inputs.
        Tensor<float> Judge(Tensor<float> sequences, float isReal)
        {
            Tensor<float> logits = toLogit.Forward(discriminator.Forward(sequences).Output);
            var targets = Tensor.Create(Enumerable.Repeat(isReal, Batch * Steps).ToArray(), logits.Lengths);
            Losses.BinaryCrossEntropy(logits, targets, gradient);
            return discriminator.Backward(toLogit.Backward(gradient)).Input!;
        }

        Tensor<float> Pieces(int count, Random random)
        {
            float[] values = new float[count * Steps];
            for (int i = 0; i < count; i++)
                signal.Draw(random).CopyTo(values.AsSpan(i * Steps));
            return Tensor.Create(values, [count, Steps, 1]);
        }

        // The mean difference of autocorrelations, not centred, at lags 0 to 12 from those of the signal.
        double Distance(Tensor<float> sequences)
            => real.Zip(Correlations(sequences), (one, other) => Math.Abs(one - other)).Average();

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];

        // Of the same mean and deviation as the signal.
        Tensor<float> WhiteNoise()
            => Tensor.Create(Array.ConvertAll(Numbers(1000 * Steps), number => number / MathF.Sqrt(2)), [1000, Steps, 1]);
    }

    private static float[] Values(Tensor<float> sequences)
    {
        float[] values = new float[sequences.FlattenedLength];
        sequences.FlattenTo(values);
        return values;
    }

    private static double[] Correlations(Tensor<float> sequences)
    {
        int count = (int)sequences.Lengths[0];
        float[] all = Values(sequences);
        double[] sums = new double[Lags + 1];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> values = all.AsSpan(i * Steps, Steps);
            for (int lag = 0; lag <= Lags; lag++)
                sums[lag] += TensorPrimitives.Dot(values[..(Steps - lag)], values[lag..]) / (Steps - lag);
        }
        return Array.ConvertAll(sums, sum => sum / count);
    }
}
