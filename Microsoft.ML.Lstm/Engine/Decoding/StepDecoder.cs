using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Decodes the outputs of the steps of a sequence to labels: the best path of the conditional random field, if the network has one, else
/// the best label of each step. Each caller has its own decoder; the <see cref="LinearChainCrf"/> is shared.
/// </summary>
internal sealed class StepDecoder(int labels, LinearChainCrf? crf)
{
    private readonly CrfRunner? _runner = crf is null ? null : new CrfRunner(crf);
    private int[] _path = [];

    /// <summary>
    /// The conditional random field of a model; null when it has none. Of an ensemble it is the mean of those of the members, so that a
    /// path's score is the mean of its scores, as the emissions are.
    /// </summary>
    public static LinearChainCrf? CrfOf(SequenceModel model)
    {
        if (model.Shape.Head != Head.Crf)
            return null;
        var crf = new LinearChainCrf(model.Shape.OutputSize);
        crf.Pack(model.MeanOf(ParameterSet.CrfTransitions), model.MeanOf(ParameterSet.CrfStart), model.MeanOf(ParameterSet.CrfEnd));
        return crf;
    }

    /// <summary>
    /// The labels, counted from 0, of steps with these outputs [T x L]; T may be 0. They are valid until the next call.
    /// </summary>
    public ReadOnlySpan<int> Decode(ReadOnlySpan<float> outputs)
    {
        int steps = outputs.Length / labels;
        FloatBuffer.Require(ref _path, steps);
        Span<int> path = _path.AsSpan(0, steps);
        if (_runner is not null && steps > 0)
        {
            _runner.Decode(outputs, path);
            return path;
        }
        for (int t = 0; t < steps; t++)
            path[t] = TensorPrimitives.IndexOfMax(outputs.Slice(t * labels, labels));
        return path;
    }

    /// <summary>The probability of each label at each step [T x L], for the outputs [T x L].</summary>
    public void Probabilities(ReadOnlySpan<float> outputs, Span<float> probabilities)
    {
        if (_runner is not null && !outputs.IsEmpty)
        {
            _runner.Marginals(outputs, probabilities);
            return;
        }
        for (int i = 0; i < outputs.Length; i += labels)
            Softmax.Probabilities(outputs.Slice(i, labels), probabilities.Slice(i, labels));
    }
}
