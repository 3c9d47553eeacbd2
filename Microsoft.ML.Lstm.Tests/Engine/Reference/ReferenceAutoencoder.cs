using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// An autoencoder in plain double arithmetic: two reference networks, of which the second reads the outputs of the first, and 2t/T − 1,
/// at every step t.
/// </summary>
/// <param name="shape">The dimensions of the encoder, from which the decoder's follow.</param>
/// <param name="parameters">Values by name, the decoder's behind <c>decoder.</c>.</param>
internal sealed class ReferenceAutoencoder(NetworkShape shape, IReadOnlyDictionary<string, double[]> parameters)
{
    private const string Prefix = "decoder.";

    private readonly NetworkShape _decoderShape = new()
    {
        Cell = shape.Cell,
        InputSize = shape.OutputSize + 1,
        HiddenSize = shape.HiddenSize,
        Layers = shape.Layers,
        Head = Head.EveryStep,
        OutputSize = shape.InputSize,
    };

    // The caller's arrays, so that changing a value changes the network.
    private readonly Dictionary<string, double[]> _encoder = parameters.Where(p => !p.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary();
    private readonly Dictionary<string, double[]> _decoder = parameters.Where(p => p.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(p => p.Key[Prefix.Length..], p => p.Value);

    /// <summary>The codes [B][C].</summary>
    public double[][] Encode(double[][] sequences, double[][] statics)
        => new ReferenceNetwork(shape with { Head = Head.Pooled }, _encoder).Forward(sequences, statics).Outputs;

    /// <summary>The features [B][T x F] as the decoder gives them, the last step first.</summary>
    public double[][] Reconstruct(double[][] sequences, double[][] statics)
    {
        double[][] codes = Encode(sequences, statics);
        double[][] repeated = [.. sequences.Zip(codes, (sequence, code) => Repeat(code, sequence.Length / shape.InputSize))];
        return new ReferenceNetwork(_decoderShape, _decoder).Forward(repeated).Outputs;

        static double[] Repeat(double[] code, int steps)
            => [.. Enumerable.Range(0, steps).SelectMany(t => code.Append(2.0 * t / steps - 1))];
    }
}
