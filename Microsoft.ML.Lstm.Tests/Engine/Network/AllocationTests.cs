using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;
using Microsoft.ML.Lstm.Tests.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Once it has its buffers, the engine allocates nothing.</summary>
[TestClass]
public sealed class AllocationTests
{
    private const int WarmUp = 3;
    private const int Repetitions = 20;

    [TestMethod]
    [DataRow(CellType.Lstm, Pooling.Last, 1)]
    [DataRow(CellType.Gru, Pooling.Mean, 2)]
    [DataRow(CellType.Rnn, Pooling.Max, 3)]
    [DataRow(CellType.Lstm, Pooling.Attention, 2)]
    [DataRow(CellType.Lstm, Pooling.Max, 1, true)]
    [DataRow(CellType.Lstm, Pooling.Last, 2, true)]
    [DataRow(CellType.Lstm, Pooling.Attention, 2, false, true)]
    public void ATrainingStepAllocatesNothing(CellType cell, Pooling pooling, int threads, bool convolutions = false,
        bool convolutionsInFront = false)
    {
        NetworkShape shape = convolutions ? WithConvolutions(Shape(cell, pooling)) : Shape(cell, pooling);
        shape = convolutionsInFront ? WithInputConvolutions(shape) : shape;
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var network = new SequenceNetwork(parameters, NetworkPasses.Backward);
        var runner = new NetworkBatchRunner(network, new WorkerTeam(threads));
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), parameters, gradient, new WorkerTeam(threads));
        float[] dOutputs = new float[40 * shape.OutputSize];
        Array.Fill(dOutputs, 0.01f);
        var loss = new GivenGradient(dOutputs);

        long allocated = AllocatedBytes(step =>
        {
            Fill(batch, step);
            runner.Forward(batch, keep: true, new Dropout((ulong)step) { Inputs = 0.1f, States = 0.2f, Layers = 0.3f, Outputs = 0.4f });
            runner.Backward(loss, gradient);
            optimizer.TryStep(learningRate: 0.001f, maxNorm: 1);
            runner.UpdateStatistics(step);
            runner.PackNetwork();
        });

        Assert.AreEqual(0, allocated);
    }

    public static IEnumerable<object[]> Tasks
        => from task in (string[])["binary", "multiclass", "steps", "crf"]
           from threads in (int[])[1, 2]
           select new object[] { task,
            threads };

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(1, true)]
    [DataRow(2, true)]
    public void ATrainingStepWithAWideHeadAllocatesNothing(int threads, bool isAdaptive = false)
    {
        NetworkShape shape = Shape(CellType.Lstm, Pooling.Last) with
        {
            InputSize = 5 + 8,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(50, 8)),
            Head = Head.EveryStep,
            OutputSize = 10_240,
            AdaptiveSoftmax = isAdaptive
                ? AdaptiveSoftmaxShape.ByFrequency(new long[10_240], [100, 1000], inputSize: 74, factor: 4)
                : null,
        };
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var team = new WorkerTeam(threads);
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.BackwardToInput), team);
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), parameters, gradient, team);
        var objective = new ClassificationObjective(stepOutputs: true, new ClassWeights(null), labelSmoothing: 0.1f, meanWeight: 1);
        TrainingSequence[] sequences = [.. Enumerable.Range(0, 40)
            .Select(i => new TrainingSequence { Labels = [.. Enumerable.Range(0, 17).Select(t => i * 17 * t % 10_240)] })];
        float sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            Fill(batch, step);
            objective.Begin(batch, sequences);
            runner.Forward(batch, keep: true);
            runner.Backward(objective, gradient);
            objective.End();
            optimizer.TryStep(learningRate: 0.001f, maxNorm: 1);
            runner.PackNetwork();
            runner.Forward(batch, keep: false);
            sum += runner.Output(7)[5];
            runner.Measure(objective);
        });

        Assert.AreEqual(0, allocated);
        Assert.AreNotEqual(0, sum);
    }

    [TestMethod]
    [DynamicData(nameof(Tasks))]
    public void ATrainingStepOnTokensAllocatesNothing(string name, int threads)
    {
        TrainingTask task = name switch
        {
            "binary" => new BinaryTask(null, 0.1f),
            "multiclass" => new ClassificationTask(2, stepOutputs: false, [1, 2], 0.1f),
            "steps" => new ClassificationTask(2, stepOutputs: true, null, 0.1f),
            _ => new CrfTask(2),
        };
        SequenceSet data = TaskSample.CreateData(classes: 2, stepLabels: name is "steps" or "crf", count: 40, longest: 17);
        NetworkShape shape = task.WithOutputs(TokenShape, data);
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(2), AffineScaler.Identity(1),
            AffineScaler.Identity(shape.OutputSize));
        var network = new SequenceNetwork(parameters, NetworkPasses.BackwardToInput);
        var runner = new NetworkBatchRunner(network, new WorkerTeam(threads));
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), parameters, gradient, new WorkerTeam(threads));
        Objective objective = task.CreateObjective(model, data);
        var sequences = new TrainingSequence[data.Count];

        long allocated = AllocatedBytes(step =>
        {
            batch.Clear();
            for (int i = 0; i < sequences.Length; i++)
            {
                TrainingSequence sequence = sequences[i] = data[(i + step) % data.Count];
                sequence.Features.Span.CopyTo(batch.Add(sequence.Features.Length / 2));
                sequence.Tokens.CopyTo(batch.Tokens(i));
                sequence.Statics.CopyTo(batch.Statics(i));
            }
            batch.Pack();
            objective.Reset();
            objective.Begin(batch, sequences);
            runner.Forward(batch, keep: true);
            runner.Backward(objective, gradient);
            objective.AddGradients(gradient);
            objective.End();
            optimizer.TryStep(learningRate: 0.001f, maxNorm: 1);
            network.Pack();
        });

        Assert.AreEqual(0, allocated);
        Assert.IsTrue(objective.IsFinite);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void PiecesOfTextsAllocateNothing(int threads)
    {
        var task = new NextTokenTask(hasBoundary: true, tiesHead: true);
        var texts = new SequenceSet(0, 0, 0, 50);
        for (int text = 0; text < 6; text++)
            texts.Add(new TrainingSequence { Tokens = [.. Enumerable.Range(0, 30 + 5 * text).Select(i => (i * i + text) % 51)] });
        SequenceSet pieces = task.Prepare(texts, longest: 7);
        NetworkShape shape = task.WithOutputs(TokenShape with
        {
            InputSize = 37,
            HiddenSize = 37,
            Bidirectional = false,
            StaticSize = 0,
            Embeddings = new([new EmbeddingShape(50, 37)]),
        }, texts);
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(0), AffineScaler.Identity(0),
            AffineScaler.Identity(shape.OutputSize));
        var scorer = new SequenceScorer(new ScoringNetwork(model), threads);
        var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.BackwardToInput), new WorkerTeam(threads));
        var states = new CarriedStates(runner);
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        Objective objective = task.CreateObjective(model, pieces);
        var plan = BatchPlan.Of(pieces, batchSize: 4);
        var sequences = new TrainingSequence[4];
        float sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            int index = step % plan.Batches;
            batch.Clear();
            for (int i = 0; i < plan[index].Length; i++)
            {
                sequences[i] = pieces[plan[index][i]];
                batch.Add(sequences[i].Tokens.Length);
                sequences[i].Tokens.CopyTo(batch.Tokens(i));
            }
            batch.Pack();
            states.Begin(batch, plan.LanesOf(index));
            objective.Begin(batch, sequences);
            runner.Forward(batch, keep: true, new Dropout((ulong)step) { Weights = 0.1f, States = 0.1f, Tokens = 0.1f });
            states.End(batch, plan.LanesOf(index));
            runner.Backward(objective, gradient);
            objective.End();
            gradient.Clear();
            runner.PackNetwork();
            scorer.Clear();
            for (int text = 0; text < 6; text++)
            {
                scorer.AddSequence(texts[text].Tokens.Length);
                texts[text].Tokens.CopyTo(scorer.Tokens(text));
            }
            scorer.Score();
            sum += scorer.Output(5)[0];
        });

        Assert.AreEqual(0, allocated);
        Assert.AreNotEqual(0, sum);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void WordsReadByTheirCharactersAllocateNothing(int threads)
    {
        NetworkShape shape = TokenShape with
        {
            InputSize = 2 + 7 + 7 + 9,
            Characters = new CharacterShape(new EmbeddingShape(30, 5), Filters: 9, KernelSize: 3),
            Head = Head.EveryStep,
        };
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(2), AffineScaler.Identity(1), AffineScaler.Identity(3));
        var scorer = new SequenceScorer(new ScoringNetwork(model), threads);
        var network = new SequenceNetwork(parameters, NetworkPasses.BackwardToInput);
        var runner = new NetworkBatchRunner(network, new WorkerTeam(threads));
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        float[] dOutputs = new float[40 * 17 * 3];
        Array.Fill(dOutputs, 0.01f);
        var loss = new GivenGradient(dOutputs);
        int[] word = new int[9];
        float sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            batch.Clear();
            batch.Spellings.Clear();
            scorer.Clear();
            for (int i = 0; i < 40; i++)
            {
                int steps = 1 + (i + step) % 17;
                batch.Add(steps).Fill(0.1f);
                scorer.AddSequence(steps).Fill(0.1f);
                for (int t = 0; t < steps; t++)
                {
                    Array.Fill(word, 1 + (i * t + step) % 29);
                    batch.Tokens(i)[t * 3 + 2] = batch.Spellings.Add(word.AsSpan(0, t % 9));
                    scorer.Tokens(i)[t * 3 + 2] = scorer.Spellings.Add(word.AsSpan(0, t % 9));
                }
            }
            batch.Pack();
            runner.Forward(batch, keep: true, new Dropout((ulong)step) { Characters = 0.1f, Inputs = 0.1f });
            runner.Backward(loss, gradient);
            gradient.Clear();
            runner.PackNetwork();
            scorer.Score();
            sum += scorer.Output(39)[0];
        });

        Assert.AreEqual(0, allocated);
        Assert.AreNotEqual(0, sum);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AScoredBatchOfTokensAllocatesNothing(bool crf)
    {
        NetworkShape shape = TokenShape with { Head = crf ? Head.Crf : Head.EveryStep, OutputSize = 3 };
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(2), AffineScaler.Identity(1), AffineScaler.Identity(3));
        var scorer = new SequenceScorer(new ScoringNetwork(model), threads: 2);
        var decoder = new StepDecoder(3, StepDecoder.CrfOf(model));
        float[] probabilities = new float[3 * 17];
        double sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            scorer.Clear();
            for (int i = 0; i < 40; i++)
            {
                scorer.AddSequence(1 + (i + step) % 17).Fill(0.1f);
                scorer.Tokens(i).Fill(i % 4);
            }
            scorer.Score();
            for (int i = 0; i < 40; i++)
            {
                sum += decoder.Decode(scorer.Output(i))[0];
                decoder.Probabilities(scorer.Output(i), probabilities);
                sum += probabilities[0];
            }
        });

        Assert.AreEqual(0, allocated);
        Assert.AreNotEqual(0, sum);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void AnAutoencoderAllocatesNothing(int threads)
    {
        SequenceSet data = AutoencoderTaskTests.Waves(40);
        var task = new AutoencoderTask(encodingSize: 5, falsePositiveRate: 0.1);
        NetworkShape shape = task.WithOutputs(Shape(CellType.Lstm, Pooling.Last) with { InputSize = 2, StaticSize = 0 }, data);
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(2), AffineScaler.Identity(0), AffineScaler.Identity(5));
        BatchRunner runner = BatchRunner.Create(new SequenceNetwork(parameters, NetworkPasses.Backward), new WorkerTeam(threads));
        var scorer = new SequenceScorer(new ScoringNetwork(model), threads);
        var batch = new SequenceBatch(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), parameters, gradient, new WorkerTeam(threads));
        Objective objective = task.CreateObjective(model, data);
        var sequences = new TrainingSequence[data.Count];
        float sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            batch.Clear();
            scorer.Clear();
            for (int i = 0; i < sequences.Length; i++)
            {
                TrainingSequence sequence = sequences[i] = data[(i + step) % data.Count];
                sequence.Features.Span.CopyTo(batch.Add(sequence.Features.Length / 2));
                sequence.Features.Span.CopyTo(scorer.AddSequence(sequence.Features.Length / 2));
            }
            batch.Pack();
            objective.Reset();
            objective.Begin(batch, sequences);
            runner.Forward(batch, keep: true, new Dropout((ulong)step) { Inputs = 0.1f, States = 0.2f, Layers = 0.3f, Outputs = 0.4f });
            runner.Backward(objective, gradient);
            objective.End();
            optimizer.TryStep(learningRate: 0.001f, maxNorm: 1);
            runner.PackNetwork();
            scorer.Score();
            sum += Reconstruction.ScoreOf(scorer.Output(3)) + scorer.Encoding(0)[0];
        });

        Assert.AreEqual(0, allocated);
        Assert.IsGreaterThan(0, sum);
        Assert.IsTrue(objective.IsFinite);
    }

    [TestMethod]
    [DataRow(Pooling.Last)]
    [DataRow(Pooling.Attention)]
    [DataRow(Pooling.Attention, true)]
    [DataRow(Pooling.Attention, false, true)]
    public void AScoredBatchAllocatesNothing(Pooling pooling, bool convolutions = false, bool convolutionsInFront = false)
    {
        NetworkShape shape = convolutions ? WithConvolutions(Shape(CellType.Lstm, pooling)) : Shape(CellType.Lstm, pooling);
        shape = convolutionsInFront ? WithInputConvolutions(shape) : shape;
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var model = new SequenceModel(parameters, AffineScaler.Identity(shape.InputSize), AffineScaler.Identity(shape.StaticSize),
            AffineScaler.Identity(shape.OutputSize));
        var scorer = new SequenceScorer(new ScoringNetwork(model), threads: 2);
        float sum = 0;

        long allocated = AllocatedBytes(step =>
        {
            scorer.Clear();
            for (int i = 0; i < 40; i++)
                scorer.AddSequence(1 + (i + step) % 17).Fill(0.1f);
            scorer.Score();
            sum += scorer.Output(39)[0] + scorer.Encoding(0)[0];
            if (pooling == Pooling.Attention)
                sum += scorer.AttentionWeights(7)[0];
        });

        Assert.AreEqual(0, allocated);
        Assert.AreNotEqual(0, sum);
    }

    private static NetworkShape Shape(CellType cell, Pooling pooling) => new()
    {
        Cell = cell,
        InputSize = 5,
        HiddenSize = 37,
        Layers = 2,
        Bidirectional = true,
        Pooling = pooling,
        StaticSize = 2,
        OutputSize = 3,
    };

    private static NetworkShape WithInputConvolutions(NetworkShape shape) => shape with
    {
        InputConvolutions = new([new(20, 5, 2), new(9, 3, 2)]),
    };

    private static NetworkShape WithConvolutions(NetworkShape shape) => shape with
    {
        StepsPerFrame = 3,
        Convolutions = new ValueList<ConvolutionShape>(new ConvolutionShape(20, 8), new ConvolutionShape(9, 5)),
    };

    // In the layout of the data of TaskSample.
    private static NetworkShape TokenShape => Shape(CellType.Lstm, Pooling.Mean) with
    {
        InputSize = 2 + 7 + 7,
        Embeddings = new ValueList<EmbeddingShape>([new EmbeddingShape(5, 7), new EmbeddingShape(3, 7)]),
        StaticSize = 1,
    };

    private static void Fill(SequenceBatch batch, int step)
    {
        batch.Clear();
        for (int i = 0; i < 40; i++)
        {
            batch.Add(1 + (i + step) % 17).Fill(0.1f);
            batch.Tokens(i).Fill(i);
            batch.Statics(i).Fill(0.5f);
        }
        batch.Pack();
    }

    private static long AllocatedBytes(Action<int> work)
    {
        for (int step = 0; step < WarmUp; step++)
            work(step);
        return Allocations.Of(() =>
        {
            for (int step = 0; step < Repetitions; step++)
                work(step % WarmUp);
        });
    }
}
