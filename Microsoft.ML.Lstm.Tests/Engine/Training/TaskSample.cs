using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>
/// A task on a small network, and sequences with every kind of input: numbers, tokens (also unknown ones), static features, weights, and
/// labels, some of which are missing where each step has one.
/// </summary>
internal sealed class TaskSample
{
    private const int FeatureSize = 2;
    private const int StaticSize = 1;

    private static readonly int[] Vocabularies = [5, 3];

    private readonly SequenceNetwork _network;
    private readonly NetworkBatchRunner _runner;
    private readonly SequenceBatch _batch;
    private readonly Objective _objective;

    /// <param name="task">The task of the network.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stepLabels">Whether each step has a label.</param>
    /// <param name="threads">The threads that share the work.</param>
    public TaskSample(TrainingTask task, int classes, bool stepLabels, int threads = 1)
    {
        Data = CreateData(classes, stepLabels, count: 9, longest: 6);
        NetworkShape shape = task.WithOutputs(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = FeatureSize + 3 * Vocabularies.Length,
            Embeddings = new ValueList<EmbeddingShape>([.. Vocabularies.Select(vocabulary => new EmbeddingShape(vocabulary, 3))]),
            HiddenSize = 6,
            Bidirectional = true,
            Pooling = Pooling.Mean,
            StaticSize = StaticSize,
            OutputSize = 1,
        }, Data);
        var random = new Random(2);
        Parameters = new ParameterSet(shape);
        foreach (ref float value in Parameters.Values.AsSpan())
            value = (float)(2 * random.NextDouble() - 1);
        var model = new SequenceModel(Parameters, AffineScaler.Identity(FeatureSize), AffineScaler.Identity(StaticSize),
            AffineScaler.Identity(shape.OutputSize));
        _network = new SequenceNetwork(Parameters, NetworkPasses.BackwardToInput);
        _runner = new NetworkBatchRunner(_network, new WorkerTeam(threads));
        _batch = new SequenceBatch(shape);
        _objective = task.CreateObjective(model, Data);
    }

    public SequenceSet Data { get; }

    public ParameterSet Parameters { get; }

    /// <summary>Sequences with labels from 0 to <paramref name="classes"/> − 1, and −1 for about every third of several.</summary>
    public static SequenceSet CreateData(int classes, bool stepLabels, int count, int longest)
    {
        var random = new Random(1);
        var data = new SequenceSet(FeatureSize, StaticSize, targetSize: 0, Vocabularies);
        for (int i = 0; i < count; i++)
        {
            int steps = 1 + i * 5 % longest;
            int[] labels = [.. Enumerable.Range(0, stepLabels ? steps : 1)
                .Select(t => t > 0 && random.Next(3) == 0 ? -1 : random.Next(classes))];
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, FeatureSize * steps).Select(_ => 2 * random.NextSingle() - 1).ToArray(),
                Tokens = [.. Enumerable.Range(0, steps).SelectMany(_ => Vocabularies.Select(vocabulary => random.Next(vocabulary + 1)))],
                Statics = [random.NextSingle()],
                Labels = labels,
                Weight = 0.5f + i % 3,
            });
        }
        return data;
    }

    /// <summary>The metrics over some of the sequences, all by default.</summary>
    public EpochMetrics Measure(params int[] sequences)
    {
        _network.Pack();
        _objective.Reset();
        Begin(sequences);
        _runner.Forward(_batch, keep: false);
        _runner.Measure(_objective);
        _objective.End();
        return _objective.Metrics;
    }

    /// <summary>The gradient of the loss over a batch of some of the sequences, all by default.</summary>
    public float[] Gradient(params int[] sequences)
    {
        var gradient = new Gradient(Parameters.Shape);
        _network.Pack();
        _objective.Reset();
        Begin(sequences);
        _runner.Forward(_batch, keep: true);
        _runner.Backward(_objective, gradient);
        _objective.AddGradients(gradient);
        _objective.End();
        return gradient.Parameters.Values;
    }

    private void Begin(int[] sequences)
    {
        TrainingSequence[] chosen = [.. (sequences.Length == 0 ? [.. Enumerable.Range(0, Data.Count)] : sequences)
            .Select(index => Data[index])];
        _batch.Clear();
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i].Features.Span.CopyTo(_batch.Add(chosen[i].Features.Length / FeatureSize));
            chosen[i].Tokens.CopyTo(_batch.Tokens(i));
            chosen[i].Statics.CopyTo(_batch.Statics(i));
        }
        _batch.Pack();
        _objective.Begin(_batch, chosen);
    }
}
