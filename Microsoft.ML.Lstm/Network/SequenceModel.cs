namespace Microsoft.ML.Lstm.Network;

/// <summary>A trained network with the scaling of its inputs and outputs: all that scoring needs and that a file holds.</summary>
/// <param name="Parameters">The network's shape and weights.</param>
/// <param name="InputScaler">Applied to each step's features.</param>
/// <param name="StaticScaler">Applied to the static features; of size 0 when there are none.</param>
/// <param name="OutputScaler">Applied to targets in training; its inverse gives the outputs their unit back.</param>
internal sealed record SequenceModel(ParameterSet Parameters, AffineScaler InputScaler, AffineScaler StaticScaler, AffineScaler OutputScaler)
{
    public NetworkShape Shape => Parameters.Shape;
}
