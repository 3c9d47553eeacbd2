using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>The task that a network is trained for: the outputs that it needs, and the objective.</summary>
internal abstract class TrainingTask
{
    /// <summary><paramref name="shape"/> with the outputs that the task needs.</summary>
    public abstract NetworkShape WithOutputs(NetworkShape shape, TrainingData data);

    /// <summary>Whether networks of this task take their state from one piece of a sequence to the next.</summary>
    public virtual bool CarriesStates => false;

    /// <summary>The sequences as the task learns from them: with labels that it finds in them, or in pieces.</summary>
    /// <param name="sequences">The sequences of a table, which stay as they are.</param>
    /// <param name="longest">The most steps of a piece.</param>
    public virtual SequenceSet Prepare(SequenceSet sequences, int longest) => sequences;

    /// <summary>Replaces random weights of a new network by those that the task knows a better beginning for.</summary>
    /// <param name="parameters">The network.</param>
    /// <param name="training">The training data.</param>
    public virtual void Initialize(ParameterSet parameters, TrainingData training)
    {
    }

    /// <summary>The scaling of the targets; none, unless the task has one.</summary>
    public virtual AffineScaler ScaleTargets(int outputSize, TrainingData data) => AffineScaler.Identity(outputSize);

    /// <summary>The objective; one for the training data and one for the validation data.</summary>
    /// <param name="model">The model to be trained, with the scaling of its targets.</param>
    /// <param name="training">The training data.</param>
    public abstract Objective CreateObjective(SequenceModel model, TrainingData training);

    /// <summary>
    /// What a head that reads the last steps makes of them by itself, apart from the training of the network; null where training decides.
    /// </summary>
    /// <param name="shape">The network's shape.</param>
    /// <param name="training">The training data, scaled.</param>
    public virtual LinearPart? FitLinearPart(NetworkShape shape, SequenceSet training) => null;

    /// <summary>The share of tokens that a decoder reads of its own in training; 0 for the true ones alone, and for other tasks.</summary>
    /// <param name="epoch">Epochs done so far, with fractions.</param>
    /// <param name="numberOfEpochs">Epochs the training will take at the most.</param>
    public virtual float OwnTokensAt(double epoch, int numberOfEpochs) => 0;

    /// <summary>
    /// Called at the end with an objective that has measured the kept model, on the validation data or, without any, on the training data:
    /// finds what the task needs beside the network, and warns where that is uncertain. Null where the task needs nothing else.
    /// </summary>
    public virtual Action<Objective, ITrainingMonitor>? Calibrate => null;

    /// <summary>The mean weight of the labelled rows of outputs, by the objective's own weights.</summary>
    protected static double MeanWeight(TrainingData training, bool stepOutputs, Func<TrainingSequence, int, float> weightOf)
    {
        double sum = 0;
        long count = 0;
        foreach (TrainingSequence sequence in training.Sequences)
        {
            int rows = stepOutputs ? training.LengthOf(sequence) : 1;
            for (int step = 0; step < rows; step++)
            {
                float weight = weightOf(sequence, step);
                sum += weight;
                count += weight > 0 ? 1 : 0;
            }
        }
        return count == 0 ? 1 : sum / count;
    }
}

/// <summary>
/// What a head adds to its outputs by a linear model of the last steps, which training does not see: a network beside a model that fits the
/// same rows already would learn nothing.
/// </summary>
/// <param name="weights">For each output the weights of the numbers that the head skips to.</param>
/// <param name="biases">For each output what is added.</param>
internal sealed class LinearPart(float[][] weights, float[] biases)
{
    private float[] _ownBiases = [];

    /// <summary>Takes the weights of the last steps out of a network or its gradient, so that they are no part of the training.</summary>
    public static void Clear(ParameterSet parameters)
    {
        for (int output = 0; output < parameters.Shape.OutputSize; output++)
            WeightsOf(parameters, output).Clear();
    }

    /// <summary>Adds the linear model to a network.</summary>
    public void Add(ParameterSet parameters)
    {
        Span<float> to = parameters[ParameterSet.HeadBias];
        _ownBiases = to.ToArray();
        TensorPrimitives.Add(to, biases, to);
        for (int output = 0; output < weights.Length; output++)
            weights[output].CopyTo(WeightsOf(parameters, output));
    }

    /// <summary>Undoes <see cref="Add"/>.</summary>
    public void Remove(ParameterSet parameters)
    {
        _ownBiases.CopyTo(parameters[ParameterSet.HeadBias]);
        Clear(parameters);
    }

    private static Span<float> WeightsOf(ParameterSet parameters, int output)
    {
        NetworkShape shape = parameters.Shape;
        return parameters[ParameterSet.HeadWeight].Slice(output * shape.HeadInputSize, shape.HeadInputSize)
            [(shape.EncodingSize + shape.StaticSize)..];
    }
}
