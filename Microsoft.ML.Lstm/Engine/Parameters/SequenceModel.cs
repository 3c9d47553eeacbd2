namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// A trained network with the scaling of its inputs and outputs: everything that training gives, scoring needs and a file holds.
/// </summary>
/// <param name="Parameters">The network's shape and weights.</param>
/// <param name="InputScaler">Applied to the numeric features of each step.</param>
/// <param name="StaticScaler">Applied to the static features; of size 0 when there are none.</param>
/// <param name="OutputScaler">Applied to targets in training; its inverse returns outputs to the unit of the targets.</param>
internal sealed record SequenceModel(
    ParameterSet Parameters, AffineScaler InputScaler, AffineScaler StaticScaler, AffineScaler OutputScaler)
{
    public NetworkShape Shape => Parameters.Shape;

    /// <summary>
    /// This model with the scales of <paramref name="scalers"/> for features that were constant in its training data, so that further
    /// training can learn from them.
    /// </summary>
    public SequenceModel WithScalesOfConstants(ModelScalers scalers) => this with
    {
        InputScaler = InputScaler.WithScalesOfConstants(scalers.Input),
        StaticScaler = StaticScaler.WithScalesOfConstants(scalers.Static),
        OutputScaler = OutputScaler.WithScalesOfConstants(scalers.Output),
    };
}

/// <summary>The scaling of inputs, static features and outputs of a <see cref="SequenceModel"/>.</summary>
internal sealed record ModelScalers(AffineScaler Input, AffineScaler Static, AffineScaler Output);
