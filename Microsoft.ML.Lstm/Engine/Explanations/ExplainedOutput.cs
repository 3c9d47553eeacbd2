using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Explanations;

/// <summary>The number that is explained: a function of a network's outputs, with its gradient. It serves one caller at a time.</summary>
internal abstract class ExplainedOutput
{
    /// <summary>What the number has that no input contributes to, such as the mean of a label.</summary>
    public virtual double Offset => 0;

    /// <summary>Chooses what depends on the outputs of the sequence itself, such as the predicted class.</summary>
    /// <param name="outputs">The outputs of the sequence, [R x O]: one row or, with a head per step, T.</param>
    /// <returns>Whether there is something to explain.</returns>
    public virtual bool TryBegin(ReadOnlySpan<float> outputs) => true;

    /// <summary>The number, without <see cref="Offset"/>, and its gradient.</summary>
    /// <param name="outputs">[R x O].</param>
    /// <param name="dOutputs">Receives the gradient of the outputs, [R x O]; zero before.</param>
    /// <param name="steps">The steps as the network reads them, [T x I].</param>
    /// <param name="dSteps">Receives the part of the gradient of the steps that does not go through the outputs; zero before.</param>
    public abstract double Differentiate(ReadOnlySpan<float> outputs, Span<float> dOutputs, ReadOnlySpan<float> steps, Span<float> dSteps);
}

/// <summary>One output in the unit of the targets: a predicted value, or the logarithm of the odds of yes.</summary>
/// <param name="scaler">The scaling of the targets.</param>
/// <param name="output">Which of the O outputs.</param>
/// <param name="step">Which step, where each has outputs.</param>
internal sealed class ExplainedValue(AffineScaler scaler, int output, Index? step = null) : ExplainedOutput
{
    private readonly double _factor = scaler.IsConstant(output) ? 0 : 1.0 / scaler.Scale[output];
    private int _at;

    public override double Offset => scaler.Offset[output];

    public override bool TryBegin(ReadOnlySpan<float> outputs)
    {
        int rows = outputs.Length / scaler.Size, row = step?.GetOffset(rows) ?? 0;
        _at = row * scaler.Size + output;
        return row >= 0 && row < rows;
    }

    public override double Differentiate(ReadOnlySpan<float> outputs, Span<float> dOutputs, ReadOnlySpan<float> steps, Span<float> dSteps)
    {
        dOutputs[_at] = (float)_factor;
        return _factor * outputs[_at];
    }
}

/// <summary>
/// The logarithm of the odds of a class, ln(p / (1 − p)) with p the softmax of the outputs z, of a sequence or of a step:
/// z_k − ln Σ_j≠k e^z_j.
/// </summary>
/// <param name="classes">O.</param>
/// <param name="output">The output of the class; null for the most probable class of each sequence.</param>
/// <param name="step">Which step, where each has outputs.</param>
internal sealed class ExplainedClass(int classes, int? output, Index? step = null) : ExplainedOutput
{
    private readonly float[] _others = new float[classes];
    private int _row;
    private int _class;

    public override bool TryBegin(ReadOnlySpan<float> outputs)
    {
        int rows = outputs.Length / classes;
        _row = step?.GetOffset(rows) ?? 0;
        if (_row < 0 || _row >= rows)
            return false;
        _class = output ?? TensorPrimitives.IndexOfMax(outputs.Slice(_row * classes, classes));
        return true;
    }

    public override double Differentiate(ReadOnlySpan<float> outputs, Span<float> dOutputs, ReadOnlySpan<float> steps, Span<float> dSteps)
    {
        // Of a single class there is nothing to tell.
        if (classes == 1)
            return 0;
        ReadOnlySpan<float> scores = outputs.Slice(_row * classes, classes);
        Span<float> gradient = dOutputs.Slice(_row * classes, classes);
        scores.CopyTo(_others);
        _others[_class] = float.NegativeInfinity;
        float largest = TensorPrimitives.Max<float>(_others);
        double sum = 0;
        foreach (float other in _others)
            sum += Math.Exp((double)other - largest);
        for (int i = 0; i < classes; i++)
            gradient[i] = i == _class ? 1 : (float)(-Math.Exp((double)_others[i] - largest) / sum);
        return (double)scores[_class] - largest - Math.Log(sum);
    }
}

/// <summary>
/// The logarithm of the odds of a label at a step, ln(p / (1 − p)) with p its probability over all paths of a conditional random field.
/// </summary>
/// <param name="crf">The field.</param>
/// <param name="label">The label; null for the label on the best path of each sequence.</param>
/// <param name="step">The step.</param>
internal sealed class ExplainedLabel(LinearChainCrf crf, int? label, Index step) : ExplainedOutput
{
    // Beyond, 1 − p has no digits.
    private const double LeastOfOthers = 1e-12;

    private readonly CrfRunner _runner = new(crf);
    private readonly float[] _dTransitions = new float[crf.Labels * crf.Labels];
    private readonly float[] _dEnds = new float[crf.Labels];
    private int[] _path = [];
    private int _step;
    private int _label;

    public override bool TryBegin(ReadOnlySpan<float> outputs)
    {
        int steps = outputs.Length / crf.Labels;
        _step = step.GetOffset(steps);
        if (_step < 0 || _step >= steps)
            return false;
        FloatBuffer.Require(ref _path, steps);
        _runner.Decode(outputs, _path.AsSpan(0, steps));
        _label = label ?? _path[_step];
        return true;
    }

    public override double Differentiate(ReadOnlySpan<float> outputs, Span<float> dOutputs, ReadOnlySpan<float> steps, Span<float> dSteps)
    {
        if (crf.Labels == 1)
            return 0;
        Span<int> known = _path.AsSpan(0, outputs.Length / crf.Labels);
        known.Fill(-1);
        known[_step] = _label;
        // The loss is −ln p; d ln(p / (1 − p)) = d ln p / (1 − p).
        double loss = _runner.Loss(outputs, known), others = Math.Max(1 - Math.Exp(-loss), LeastOfOthers);
        _runner.LossAndGradients(outputs, known, -1 / others, dOutputs, _dTransitions, _dEnds, _dEnds);
        return -loss - Math.Log(others);
    }
}

/// <summary>The logarithm of the probability of a label over all its alignments, see <see cref="CtcLattice"/>.</summary>
/// <param name="outputs">O: the blank and the classes.</param>
internal sealed class ExplainedAlignment(int outputs) : ExplainedOutput
{
    private readonly CtcLattice _lattice = new(outputs);
    private readonly CtcDecoder _decoder = new(outputs);
    private int[] _label = [];

    public override bool TryBegin(ReadOnlySpan<float> z)
    {
        _label = _decoder.BestPath(z).ToArray();
        return true;
    }

    public override double Differentiate(ReadOnlySpan<float> z, Span<float> dz, ReadOnlySpan<float> steps, Span<float> dSteps)
        => -_lattice.LossAndGradient(z, _label, -1, dz);
}

/// <summary>
/// The score of an autoencoder, the mean error of its reconstruction. It depends on the steps in two ways: by the code that is made of
/// them, and because the reconstruction is compared with them.
/// </summary>
/// <param name="scaler">The scaling of the features, which knows those that were constant in the training data.</param>
internal sealed class ExplainedReconstruction(AffineScaler scaler) : ExplainedOutput
{
    public override double Differentiate(ReadOnlySpan<float> outputs, Span<float> dOutputs, ReadOnlySpan<float> steps, Span<float> dSteps)
    {
        int size = scaler.Size, length = outputs.Length / size, counted = size - scaler.Constants.Count();
        double share = 1.0 / ((double)length * Math.Max(counted, 1)), sum = 0;
        for (int t = 0; t < length; t++)
        {
            // The decoder goes from the last step to the first.
            int target = (length - 1 - t) * size;
            for (int i = 0; i < size; i++)
            {
                if (scaler.IsConstant(i))
                    continue;
                double error = (double)outputs[t * size + i] - steps[target + i];
                sum += share * error * error;
                dOutputs[t * size + i] = (float)(2 * share * error);
                dSteps[target + i] = (float)(-2 * share * error);
            }
        }
        return sum;
    }
}
