using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>
/// The autoencoder of the engine with weights and sequences drawn from a seed; takes batches and returns results in their given order, as
/// doubles.
/// </summary>
internal sealed class AutoencoderRun
{
    private readonly NetworkShape _shape;
    private readonly AutoencoderBatchRunner _runner;
    private readonly SequenceBatch _batch;

    public AutoencoderRun(NetworkShape shape, int[] lengths, CpuKernels kernels, int threads = 1)
    {
        _shape = shape;
        var random = new Random(1);
        Parameters = new ParameterSet(shape);
        foreach (ref float value in Parameters.Values.AsSpan())
            value = (float)(2 * random.NextDouble() - 1) / MathF.Sqrt(shape.HiddenSize);
        Sequences = [.. lengths.Select(length => Uniform(length * shape.InputSize))];
        Statics = [.. lengths.Select(_ => Uniform(shape.StaticSize))];
        DOutputs = [.. lengths.Select(length => Uniform(length * shape.InputSize))];
        _runner = new AutoencoderBatchRunner(new SequenceNetwork(Parameters, NetworkPasses.Backward, kernels), new WorkerTeam(threads));
        _batch = new SequenceBatch(shape);

        double[] Uniform(int length) => [.. Enumerable.Range(0, length).Select(_ => (double)(float)(2 * random.NextDouble() - 1))];
    }

    public ParameterSet Parameters { get; }

    public double[][] Sequences { get; }

    public double[][] Statics { get; }

    /// <summary>The gradient of a loss with respect to the reconstruction, [B][T x F].</summary>
    public double[][] DOutputs { get; }

    /// <summary>The values of the parameters by name.</summary>
    public Dictionary<string, double[]> Values => Parameters.Parameters.ToDictionary(p => p.Name, p => ToDoubles(Parameters[p]));

    /// <summary>The codes and reconstructions of some of the sequences, by default of all.</summary>
    public (double[][] Codes, double[][] Outputs) Forward(bool keep = true, Dropout dropout = default, params int[] sequences)
    {
        int[] chosen = sequences.Length > 0 ? sequences : [.. Enumerable.Range(0, Sequences.Length)];
        _batch.Clear();
        for (int b = 0; b < chosen.Length; b++)
        {
            ToFloats(Sequences[chosen[b]]).CopyTo(_batch.Add(Sequences[chosen[b]].Length / _shape.InputSize));
            ToFloats(Statics[chosen[b]]).CopyTo(_batch.Statics(b));
        }
        _batch.Pack();
        _runner.Forward(_batch, keep, dropout);
        double[][] codes = new double[chosen.Length][], outputs = new double[chosen.Length][];
        for (int row = 0; row < chosen.Length; row++)
        {
            codes[_batch.SequenceAt(row)] = ToDoubles(_runner.Encoding(row));
            outputs[_batch.SequenceAt(row)] = [.. Enumerable.Range(0, _batch.Length(row))
                .SelectMany(t => ToDoubles(_runner.Output(_batch.FirstRow(t) + row)))];
        }
        return (codes, outputs);
    }

    /// <summary>The gradients of the parameters, after a forward pass with keep over all sequences.</summary>
    public ParameterSet Backward()
    {
        float[] rows = new float[_batch.TotalSteps * _shape.InputSize];
        for (int row = 0; row < _batch.Count; row++)
        {
            float[] given = ToFloats(DOutputs[_batch.SequenceAt(row)]);
            for (int t = 0; t < _batch.Length(row); t++)
                given.AsSpan(t * _shape.InputSize, _shape.InputSize).CopyTo(rows.AsSpan((_batch.FirstRow(t) + row) * _shape.InputSize));
        }
        var gradient = new Gradient(_shape);
        _runner.Backward(new GivenGradient(rows), gradient);
        return gradient.Parameters;
    }

    public static double[] ToDoubles(ReadOnlySpan<float> values) => [.. values.ToArray().Select(value => (double)value)];

    private static float[] ToFloats(double[] values) => [.. values.Select(value => (float)value)];
}
