using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>What simple methods would make of rows held out: a yardstick for the network.</summary>
internal static class SequenceBaselines
{
    // Differences of numbers that the search for neighbours may take; of more rows it takes each second, third, ...
    private const double MostWork = 3e8;

    /// <summary>
    /// The shares of wrong labels of the most frequent class and, for curves of one length, of the class of the nearest sequence
    /// (Euclidean distance of the scaled numbers).
    /// </summary>
    /// <param name="training">The sequences to learn from.</param>
    /// <param name="heldOut">The sequences to tell the classes of; null for each of the training sequences by the others.</param>
    public static List<BaselineError> OfClasses(SequenceSet training, SequenceSet? heldOut)
    {
        SequenceSet rows = heldOut ?? training;
        int most = training.Sequences.CountBy(sequence => sequence.Labels[0]).MaxBy(count => count.Value).Key;
        var errors = new List<BaselineError> { new("majority", ErrorOf(rows, every: 1, _ => most)) };
        int length = training[0].Features.Length;
        bool areCurves = length > 0 && training.Vocabularies.Count == 0;
        if (areCurves && training.Sequences.Concat(rows.Sequences).All(one => one.Features.Length == length))
        {
            int every = (int)Math.Ceiling((double)rows.Count * training.Count * length / MostWork);
            errors.Add(new("nearest neighbour", ErrorOf(rows, every, row => LabelOfNearest(training, row))));
        }
        return errors;
    }

    /// <summary>The root mean squared error of the last value of a window, in the label's unit.</summary>
    /// <param name="model">The model, which has scaled the sequences.</param>
    /// <param name="heldOut">The windows.</param>
    /// <param name="slot">The value of a step that the label will be.</param>
    public static BaselineError OfLastValue(SequenceModel model, SequenceSet heldOut, int slot)
    {
        AffineScaler inputs = model.InputScaler, outputs = model.OutputScaler;
        double squares = 0, weights = 0;
        foreach (TrainingSequence window in heldOut.Sequences)
        {
            double last = Unscaled(inputs, slot, window.Features.Span[^(heldOut.FeatureSize - slot)]);
            double label = outputs.IsConstant(0) ? window.Targets[0] + outputs.Offset[0] : Unscaled(outputs, 0, window.Targets[0]);
            squares += window.Weight * (last - label) * (last - label);
            weights += window.Weight;
        }
        return new BaselineError("last value", Math.Sqrt(squares / weights));
    }

    private static double Unscaled(AffineScaler scaler, int feature, double value)
        => scaler.IsConstant(feature) ? scaler.Offset[feature] : value / scaler.Scale[feature] + scaler.Offset[feature];

    private static double ErrorOf(SequenceSet rows, int every, Func<TrainingSequence, int> labelOf)
    {
        double wrong = 0, all = 0;
        for (int i = 0; i < rows.Count; i += Math.Max(every, 1))
        {
            wrong += labelOf(rows[i]) == rows[i].Labels[0] ? 0 : rows[i].Weight;
            all += rows[i].Weight;
        }
        return wrong / all;
    }

    private static int LabelOfNearest(SequenceSet training, TrainingSequence row)
    {
        double nearest = double.PositiveInfinity;
        int label = -1;
        foreach (TrainingSequence other in training.Sequences)
        {
            if (other == row)
                continue;
            double distance = TensorPrimitives.Distance<float>(row.Features.Span, other.Features.Span);
            if (distance < nearest)
                (nearest, label) = (distance, other.Labels[0]);
        }
        return label;
    }
}
