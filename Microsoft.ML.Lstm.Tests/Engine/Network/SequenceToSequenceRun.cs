using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Golden;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>
/// An encoder and its decoder with weights, sources and labels drawn from a seed; takes batches and returns results in their given order,
/// as doubles.
/// </summary>
internal sealed class SequenceToSequenceRun
{
    private readonly NetworkShape _shape;
    private readonly SequenceToSequenceRunner _runner;
    private readonly SequenceBatch _batch;
    private readonly Gradient _gradient;

    /// <summary>Weights, sources, labels and gradients of the outputs that PyTorch had.</summary>
    public SequenceToSequenceRun(GoldenSequenceToSequence golden, CpuKernels kernels)
        : this(golden.Shape, golden.Lengths, [.. golden.Labels.Select(label => label.Length)], kernels, toInput: true)
    {
        foreach ((string name, double[] values) in golden.Parameters)
            ToFloats(values).CopyTo(Parameters[name]);
        _runner.PackNetwork();
        (Sequences, Labels, DOutputs) = (golden.Sequences, golden.Labels, golden.DOutputs);
    }

    public SequenceToSequenceRun(NetworkShape shape, int[] lengths, int[] labels, CpuKernels kernels, int threads = 1, bool toInput = false)
    {
        _shape = shape;
        var random = new Random(1);
        Parameters = new ParameterSet(shape);
        foreach (ref float value in Parameters.Values.AsSpan())
            value = (float)(2 * random.NextDouble() - 1) / MathF.Sqrt(shape.HiddenSize);
        int outputs = shape.Decoder!.OutputSize;
        Sequences = [.. lengths.Select(length => Uniform(length * shape.NumericSize))];
        Tokens = [.. lengths.Select(length => Enumerable.Range(0, length * shape.TokenColumns)
            .Select(_ => random.Next(shape.Embeddings[0].Rows)).ToArray())];
        Statics = [.. lengths.Select(_ => Uniform(shape.StaticSize))];
        Labels = [.. labels.Select(count => Enumerable.Range(0, count).Select(_ => random.Next(-1, outputs - 1)).ToArray())];
        DOutputs = [.. labels.Select(count => Uniform((count + 1) * outputs))];
        NetworkPasses passes = shape.TokenColumns > 0 || toInput ? NetworkPasses.BackwardToInput : NetworkPasses.Backward;
        _runner = new SequenceToSequenceRunner(new SequenceNetwork(Parameters, passes, kernels), new WorkerTeam(threads));
        _batch = new SequenceBatch(shape);
        _gradient = new Gradient(shape);

        double[] Uniform(int length) => [.. Enumerable.Range(0, length).Select(_ => (double)(float)(2 * random.NextDouble() - 1))];
    }

    public ParameterSet Parameters { get; }

    public double[][] Sequences { get; }

    public int[][] Tokens { get; }

    public double[][] Statics { get; }

    /// <summary>The labels, counted from 0, with −1 for unknown ones.</summary>
    public int[][] Labels { get; }

    /// <summary>The gradient of a loss with respect to the outputs, [B][(L + 1) x O].</summary>
    public double[][] DOutputs { get; }

    /// <summary>The values of the parameters by name.</summary>
    public Dictionary<string, double[]> Values
        => Parameters.Parameters.ToDictionary(p => p.Name, p => AutoencoderRun.ToDoubles(Parameters[p]));

    /// <summary>The outputs of some of the sequences, by default of all; in training they are there after <see cref="Backward"/>.</summary>
    public double[][] Forward(bool keep = false, Dropout dropout = default, params int[] sequences)
    {
        int[] chosen = sequences.Length > 0 ? sequences : [.. Enumerable.Range(0, Labels.Length)];
        Fill(chosen);
        _runner.Forward(_batch, keep, dropout);
        return keep ? [] : InOrder(row => AutoencoderRun.ToDoubles(_runner.Output(row)));
    }

    /// <summary>The gradients of the sources' features, after <see cref="Backward"/>.</summary>
    public double[][] InputGradients()
    {
        double[][] all = new double[_batch.Count][];
        for (int row = 0; row < _batch.Count; row++)
            all[_batch.SequenceAt(row)] = [.. Enumerable.Range(0, _batch.Length(row))
                .SelectMany(t => AutoencoderRun.ToDoubles(_runner.InputGradient(_batch.FirstRow(t) + row)))];
        return all;
    }

    /// <summary>The weights of the source's steps, [B][(L + 1) x S].</summary>
    public double[][] Alphas() => InOrder(row => AutoencoderRun.ToDoubles(_runner.AttentionWeights(row)));

    /// <summary>The gradients of the parameters, after a forward pass with keep over all sequences.</summary>
    public ParameterSet Backward()
    {
        SequenceBatch targets = _batch.Targets!;
        int outputs = _shape.Decoder!.OutputSize;
        float[] rows = new float[targets.TotalSteps * outputs];
        for (int row = 0; row < targets.Count; row++)
        {
            double[] given = DOutputs[targets.SequenceAt(row)];
            for (int i = 0; i < given.Length; i++)
                rows[(targets.FirstRow(i / outputs) + row) * outputs + i % outputs] = (float)given[i];
        }
        _gradient.Clear();
        _runner.Backward(new GivenGradient(rows), _gradient);
        return _gradient.Parameters;
    }

    /// <summary>A training step of all sequences, which is to allocate nothing when it is not the first.</summary>
    public void Step(OutputLoss loss)
    {
        Fill([.. Enumerable.Range(0, Labels.Length)]);
        StepFilled(loss);
    }

    /// <summary>A training step of the batch as it is.</summary>
    public void StepFilled(OutputLoss loss)
    {
        _runner.Forward(_batch, keep: true);
        _runner.Backward(loss, _gradient);
        _gradient.Clear();
        _runner.PackNetwork();
    }

    private double[][] InOrder(Func<int, double[]> read)
    {
        SequenceBatch targets = _batch.Targets!;
        double[][] all = new double[targets.Count][];
        for (int row = 0; row < targets.Count; row++)
            all[targets.SequenceAt(row)] = [.. Enumerable.Range(0, targets.Length(row)).SelectMany(t => read(targets.FirstRow(t) + row))];
        return all;
    }

    private void Fill(int[] chosen)
    {
        _batch.Clear();
        for (int b = 0; b < chosen.Length; b++)
        {
            int steps = _shape.NumericSize > 0 ? Sequences[chosen[b]].Length / _shape.NumericSize : Tokens[chosen[b]].Length;
            ToFloats(Sequences[chosen[b]]).CopyTo(_batch.Add(steps));
            Tokens[chosen[b]].CopyTo(_batch.Tokens(b));
            ToFloats(Statics[chosen[b]]).CopyTo(_batch.Statics(b));
            _batch.Targets!.AddLabels(Labels[chosen[b]]);
        }
        _batch.Pack();
    }

    private static float[] ToFloats(double[] values) => [.. values.Select(value => (float)value)];
}
