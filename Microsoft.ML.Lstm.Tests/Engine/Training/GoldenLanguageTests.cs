using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>A text that is learned in pieces: the losses and gradients of each batch are PyTorch's, with its own detached states.</summary>
[TestClass]
public sealed class GoldenLanguageTests
{
    private const double Tolerance = 1e-5;

    public static IEnumerable<object[]> Cases =>
        from kernels in CpuKernels.Available
        from golden in GoldenLanguageCase.All
        select new object[] { kernels.Name, golden.Name };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void LossesAndGradientsOfPiecesWithCarriedStatesArePyTorchs(string kernels, string name)
    {
        GoldenLanguageCase golden = GoldenLanguageCase.All.Single(other => other.Name == name);
        var task = new NextTokenTask(hasBoundary: false, golden.Tied);
        var texts = new SequenceSet(0, 0, 0, golden.Vocabulary);
        texts.Add(new TrainingSequence { Tokens = golden.Text });
        SequenceSet pieces = task.Prepare(texts, golden.Length);
        NetworkShape shape = task.WithOutputs(new NetworkShape
        {
            Cell = golden.Cell,
            InputSize = golden.EmbeddingSize,
            Embeddings = new([new EmbeddingShape(golden.Vocabulary, golden.EmbeddingSize)]),
            HiddenSize = golden.HiddenSize,
            Layers = golden.Layers,
            OutputSize = 1,
        }, texts);
        ParameterSet parameters = EngineRun.ToParameterSet(shape, golden.Parameters);
        var model = new SequenceModel(parameters, AffineScaler.Identity(0), AffineScaler.Identity(0),
            AffineScaler.Identity(shape.OutputSize));
        Objective objective = task.CreateObjective(model, pieces);
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.BackwardToInput,
            CpuKernels.Available.Single(other => other.Name == kernels)), new WorkerTeam(2));
        var states = new CarriedStates(runner);
        var plan = BatchPlan.Of(pieces, golden.Lanes);
        Assert.HasCount(plan.Batches, golden.Batches);

        for (int i = 0; i < plan.Batches; i++)
        {
            var batch = new SequenceBatch(shape);
            TrainingSequence[] sequences = [.. plan[i].ToArray().Select(index => pieces[index])];
            for (int b = 0; b < sequences.Length; b++)
            {
                batch.Add(sequences[b].Tokens.Length);
                sequences[b].Tokens.CopyTo(batch.Tokens(b));
            }
            batch.Pack();
            states.Begin(batch, plan.LanesOf(i));
            objective.Reset();
            objective.Begin(batch, sequences);
            runner.Forward(batch, keep: true);
            states.End(batch, plan.LanesOf(i));
            var gradient = new Gradient(shape);
            runner.Backward(objective, gradient);
            objective.End();

            GoldenLanguageBatch expected = golden.Batches[i];
            Assert.AreEqual(expected.Loss, objective.Metrics.Loss, Tolerance, $"batch {i}");
            foreach ((string parameter, double[] values) in expected.Gradients)
            {
                double[] found = [.. gradient.Parameters[parameter].ToArray().Select(value => (double)value)];
                Assert.IsLessThan(Tolerance, Difference.Absolute(found, values), $"{parameter} of batch {i}");
            }
        }
    }
}
