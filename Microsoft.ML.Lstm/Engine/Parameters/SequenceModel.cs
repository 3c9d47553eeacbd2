namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>A trained network with the scaling of its inputs and outputs: all that scoring needs and that a file holds.</summary>
/// <param name="Parameters">The network's shape and weights.</param>
/// <param name="InputScaler">Applied to each step's features.</param>
/// <param name="StaticScaler">Applied to the static features; of size 0 when there are none.</param>
/// <param name="OutputScaler">Applied to targets in training; its inverse gives the outputs their unit back.</param>
internal sealed record SequenceModel(ParameterSet Parameters, AffineScaler InputScaler, AffineScaler StaticScaler,
    AffineScaler OutputScaler)
{
    public NetworkShape Shape => Parameters.Shape;

    /// <summary>
    /// This model, with <paramref name="scalers"/> for what never varied where it was trained, so that it can learn of that.
    /// </summary>
    public SequenceModel WithScalesOfConstants(ModelScalers scalers) => this with
    {
        InputScaler = InputScaler.WithScalesOfConstants(scalers.Input),
        StaticScaler = StaticScaler.WithScalesOfConstants(scalers.Static),
        OutputScaler = OutputScaler.WithScalesOfConstants(scalers.Output),
    };
}

/// <summary>The scaling of a model's inputs and outputs, as <see cref="SequenceModel"/> has it.</summary>
internal sealed record ModelScalers(AffineScaler Input, AffineScaler Static, AffineScaler Output);
