using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>A pooled head that reads the last steps too.</summary>
[TestClass]
public sealed class SkipStepsTests
{
    private const int Skips = 3;
    private const int Static = 1;

    private static readonly int[] Lengths = [1, 5, 3, 2];

    [TestMethod]
    [DataRow(Pooling.Last, 1)]
    [DataRow(Pooling.Max, 2)]
    [DataRow(Pooling.Attention, 2)]
    public void TheLastStepsAreAddedLinearly(Pooling pooling, int threads)
    {
        NetworkShape shape = Shape(pooling);
        ParameterSet parameters = Random(shape), without = Random(shape with { SkipSteps = 0 });
        Span<float> weights = parameters[ParameterSet.HeadWeight], shorter = without[ParameterSet.HeadWeight];
        int encoding = shape.EncodingSize + Static;
        foreach (Parameter parameter in without.Parameters.Where(parameter => parameter.Name != ParameterSet.HeadWeight))
            parameters[parameter.Name].CopyTo(without[parameter]);
        for (int output = 0; output < shape.OutputSize; output++)
            weights.Slice(output * shape.HeadInputSize, encoding).CopyTo(shorter[(output * encoding)..]);

        (float[][] outputs, float[][] sequences) = Run(parameters, threads);
        (float[][] rest, _) = Run(without, threads);
        for (int i = 0; i < Lengths.Length; i++)
        {
            for (int output = 0; output < shape.OutputSize; output++)
            {
                double expected = rest[i][output];
                for (int back = 1; back <= Math.Min(Skips, Lengths[i]); back++)
                {
                    for (int f = 0; f < shape.NumericSize; f++)
                        expected += sequences[i][(Lengths[i] - back) * shape.NumericSize + f]
                            * (double)weights[output * shape.HeadInputSize + encoding + (Skips - back) * shape.NumericSize + f];
                }
                Assert.AreEqual(expected, outputs[i][output], 1e-5);
            }
        }
    }

    [TestMethod]
    public void GradientsAreThoseOfDifferences()
    {
        ParameterSet parameters = Random(Shape(Pooling.Mean));
        (float[] ofWeights, float[] ofInputs) = Differentiate(parameters, shift: 0, at: 0);
        Parameter head = parameters.Find(ParameterSet.HeadWeight);
        const float step = 1e-2f;
        for (int i = head.Offset; i < head.Offset + head.Length; i++)
        {
            float was = parameters.Values[i];
            parameters.Values[i] = was + step;
            double above = Loss(parameters);
            parameters.Values[i] = was - step;
            double below = Loss(parameters);
            parameters.Values[i] = was;
            Assert.AreEqual((above - below) / (2 * step), ofWeights[i], 2e-3, $"weight {i - head.Offset}");
        }
        for (int i = 0; i < ofInputs.Length; i++)
        {
            double slope = (Loss(parameters, step, i) - Loss(parameters, -step, i)) / (2 * step);
            Assert.AreEqual(slope, ofInputs[i], 2e-3, $"input {i}");
        }
    }

    [TestMethod]
    public void AFileSaysHowManyStepsAreRead()
    {
        NetworkShape shape = Shape(Pooling.Last);
        string text = SavedNetwork.Write([shape]);
        StringAssert.Contains(text, "\"skipSteps\":3");
        Assert.AreEqual(shape, SavedNetwork.Read(text)[0]);
        Assert.DoesNotContain("skipSteps", SavedNetwork.Write([shape with { SkipSteps = 0 }]));
        foreach (string steps in new[] { "0", "-1", "2147483647" })
        {
            string damaged = text.Replace("\"skipSteps\":3", $"\"skipSteps\":{steps}", StringComparison.Ordinal);
            Assert.ThrowsExactly<InvalidDataException>(() => SavedNetwork.Read(damaged), steps);
        }
        string perStep = SavedNetwork.Write([shape with { Head = Head.EveryStep }]);
        Assert.ThrowsExactly<InvalidDataException>(() => SavedNetwork.Read(perStep));
    }

    private static NetworkShape Shape(Pooling pooling) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 2,
        HiddenSize = 4,
        Pooling = pooling,
        StaticSize = Static,
        OutputSize = 2,
        SkipSteps = Skips,
    };

    private static ParameterSet Random(NetworkShape shape)
    {
        var random = new Random(5);
        var parameters = new ParameterSet(shape);
        foreach (ref float value in parameters.Values.AsSpan())
            value = random.NextSingle() * 2 - 1;
        return parameters;
    }

    private static SequenceBatch Batch(NetworkShape shape, out float[][] sequences, float shift = 0, int at = -1)
    {
        var random = new Random(9);
        var batch = new SequenceBatch(shape);
        sequences = new float[Lengths.Length][];
        int index = 0;
        for (int i = 0; i < Lengths.Length; i++)
        {
            Span<float> features = batch.Add(Lengths[i]);
            foreach (ref float value in features)
                value = random.NextSingle() * 2 - 1 + (index++ == at ? shift : 0);
            sequences[i] = features.ToArray();
            batch.Statics(i).Fill(0.5f * i);
        }
        batch.Pack();
        return batch;
    }

    private static (float[][] Outputs, float[][] Sequences) Run(ParameterSet parameters, int threads)
    {
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Forward), new WorkerTeam(threads));
        SequenceBatch batch = Batch(parameters.Shape, out float[][] sequences);
        runner.Forward(batch, keep: false);
        float[][] outputs = new float[Lengths.Length][];
        for (int row = 0; row < Lengths.Length; row++)
            outputs[batch.SequenceAt(row)] = runner.Output(row).ToArray();
        return (outputs, sequences);
    }

    private static double Loss(ParameterSet parameters, float shift = 0, int at = -1)
    {
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.Forward), new WorkerTeam(1));
        runner.Forward(Batch(parameters.Shape, out _, shift, at), keep: false);
        return Enumerable.Range(0, Lengths.Length).Sum(row => runner.Output(row).ToArray().Sum(output => 0.5 * output * output));
    }

    private static (float[] OfWeights, float[] OfInputs) Differentiate(ParameterSet parameters, float shift, int at)
    {
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.BackwardToInput), new WorkerTeam(1));
        SequenceBatch batch = Batch(parameters.Shape, out _, shift, at);
        var gradient = new Gradient(parameters.Shape);
        runner.Forward(batch, keep: true);
        runner.Backward(new HalfSquares(), gradient);
        int f = parameters.Shape.NumericSize;
        float[] ofInputs = new float[Lengths.Sum() * f];
        for (int row = 0; row < Lengths.Length; row++)
        {
            for (int t = 0; t < batch.Length(row); t++)
                runner.InputGradient(batch.FirstRow(t) + row)[..f].CopyTo(ofInputs.AsSpan((batch.FirstStep(row) + t) * f));
        }
        return (gradient.Parameters.Values, ofInputs);
    }
}
