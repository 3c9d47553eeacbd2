using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Explanations;

/// <summary>Gradients of a network's inputs, as explanations need them.</summary>
[TestClass]
public sealed class InputGradientTests
{
    public static IEnumerable<object[]> Shapes
    {
        get
        {
            var shape = new NetworkShape { Cell = CellType.Lstm, InputSize = 3, HiddenSize = 5, OutputSize = 2 };
            yield return [shape with { Layers = 2, Bidirectional = true, StaticSize = 2, Pooling = Pooling.Attention }];
            yield return [shape with { Cell = CellType.Gru, Pooling = Pooling.Mean, StepsPerFrame = 3 }];
            yield return [shape with { Cell = CellType.Rnn, Pooling = Pooling.Max, Layers = 2 }];
            yield return [shape with { Convolutions = new([new(4, 3), new(6, 2)]), StepsPerFrame = 2, StaticSize = 1 }];
            yield return [shape with { InputConvolutions = new([new(4, 3, 2), new(6, 2, 1)]), Bidirectional = true, StaticSize = 1 }];
            yield return [shape with { Head = Head.EveryStepWithSkip, StaticSize = 2 }];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void TheyAreTheCentralDifferencesOfTheReferenceInDoubleOnEveryVectorWidth(object networkShape)
    {
        var shape = (NetworkShape)networkShape;
        // A frame that is not full, and a sequence of one step.
        foreach (int steps in new[] { 7, 1 })
        {
            var sample = new NetworkSample(shape, [steps], seed: 5);
            var reference = new ReferenceNetwork(shape, sample.Parameters) { IsScoring = true };
            double[] expected = CentralDifferences.Of([sample.Sequences[0], sample.Statics[0]],
                () => reference.Forward(sample).Outputs[0][^1]);
            foreach (CpuKernels kernels in CpuKernels.Available)
            {
                float[] actual = Gradient(sample, kernels);
                for (int i = 0; i < expected.Length; i++)
                    Assert.AreEqual(expected[i], actual[i], 2e-5, $"{kernels.Name}, {steps} steps, input {i}");
            }
        }
    }

    [TestMethod]
    [DataRow((int)CellType.Lstm)]
    [DataRow((int)CellType.Gru)]
    public void ASequenceGoesOnFromAStateAndTheStateHasAGradient(int cell)
    {
        var shape = new NetworkShape
        {
            Cell = (CellType)cell,
            InputSize = 2,
            HiddenSize = 5,
            Layers = 2,
            Head = Head.EveryStepWithSkip,
            OutputSize = 1,
        };
        var sample = new NetworkSample(shape, [9]);
        ParameterSet parameters = EngineRun.ToParameterSet(shape, sample.Parameters);
        float[] features = [.. sample.Sequences[0].Select(value => (float)value)];
        var stream = new SequenceStream(new SequenceNetwork(parameters, NetworkPasses.Forward));
        for (int t = 0; t < 4; t++)
            stream.Step(features.AsSpan(2 * t, 2));
        float[] state = new float[stream.StateLength];
        stream.CopyStateTo(state);

        var network = new ExplainedNetwork(new SequenceNetwork(parameters, NetworkPasses.InputsOnly), new WorkerTeam(1));
        network.Begin(Batch(features[8..]), Batch(new float[10]), state);
        network.Forward([1]);
        float[] outputs = new float[5];
        network.AddOutputs(0, outputs);
        Assert.AreEqual(From(state), outputs[^1]);

        network.Backward([0, 0, 0, 0, 1], 1);
        float[] gradient = new float[network.Length];
        network.CopyGradient(0, gradient);
        for (int i = 0; i < state.Length; i++)
        {
            float[] more = [.. state], less = [.. state];
            (more[i], less[i]) = (more[i] + 0.02f, less[i] - 0.02f);
            Assert.AreEqual((From(more) - From(less)) / 0.04f, gradient[network.StateAt + i], 5e-4, $"state {i}");
        }
        Assert.IsGreaterThan(1e-3, gradient[network.StateAt..].Max(Math.Abs));

        float From(float[] before)
        {
            stream.CopyStateFrom(before);
            for (int t = 4; t < 8; t++)
                stream.Step(features.AsSpan(2 * t, 2));
            return stream.Step(features.AsSpan(16, 2))[0];
        }

        SequenceBatch Batch(float[] values)
        {
            var batch = new SequenceBatch(shape);
            values.CopyTo(batch.Add(values.Length / 2));
            batch.Pack();
            return batch;
        }
    }

    /// <summary>The gradients of the last output by the steps and then the static features.</summary>
    private static float[] Gradient(NetworkSample sample, CpuKernels kernels)
    {
        ParameterSet parameters = EngineRun.ToParameterSet(sample.Shape, sample.Parameters);
        var network = new ExplainedNetwork(new SequenceNetwork(parameters, NetworkPasses.InputsOnly, kernels), new WorkerTeam(2));
        SequenceBatch sequence = Packed(sample), baseline = Packed(sample);
        network.Begin(sequence, baseline, []);
        // The line has no length, so that all its points are the sequence; two, which must not disturb each other.
        network.Forward([0, 1]);
        float[] dOutputs = new float[2 * network.OutputRows * network.OutputSize];
        dOutputs[^1] = 1;
        network.Backward(dOutputs, 1);
        float[] gradient = new float[network.Length], other = new float[network.Length];
        network.CopyGradient(1, gradient);
        network.CopyGradient(0, other);
        Assert.IsTrue(Array.TrueForAll(other, value => value == 0), "the other point has no gradient");
        return gradient;
    }

    private static SequenceBatch Packed(NetworkSample sample)
    {
        var batch = new SequenceBatch(sample.Shape);
        float[] features = [.. sample.Sequences[0].Select(value => (float)value)];
        features.CopyTo(batch.Add(features.Length / sample.Shape.NumericSize));
        for (int i = 0; i < sample.Statics[0].Length; i++)
            batch.Statics(0)[i] = (float)sample.Statics[0][i];
        batch.Pack();
        return batch;
    }
}
