using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The gradients of one layer's weights, which threads share by panels.</summary>
/// <param name="Panels">How many there are.</param>
/// <param name="CostOfPanel">What one costs, in products a row.</param>
/// <param name="ScratchLength">Floats of scratch memory a thread needs.</param>
/// <param name="Add">Adds those of a range of panels to the gradients of all parameters.</param>
internal sealed record SharedGradient(int Panels, long CostOfPanel, int ScratchLength, Action<int, int, FloatBuffer, ParameterSet> Add)
{
    /// <summary>Panels that begin before the first <paramref name="cost"/>.</summary>
    public int PanelsBefore(long cost) => (int)Math.Clamp((cost + CostOfPanel - 1) / CostOfPanel, 0, Panels);
}
