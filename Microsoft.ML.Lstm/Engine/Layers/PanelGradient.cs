using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The gradient of one layer's weights, computed panel by panel after the backward pass.</summary>
/// <param name="Panels">The number of panels.</param>
/// <param name="CostOfPanel">The cost of a panel, in products a row.</param>
/// <param name="ScratchLength">Floats of scratch memory that a thread needs.</param>
/// <param name="Add">Adds a range of panels to the gradients of all parameters.</param>
internal sealed record PanelGradient(int Panels, long CostOfPanel, int ScratchLength, Action<int, int, FloatBuffer, ParameterSet> Add)
{
    /// <summary>The number of panels that begin before <paramref name="cost"/>, where the first panel begins at 0.</summary>
    public int PanelsBefore(long cost) => (int)Math.Clamp((cost + CostOfPanel - 1) / CostOfPanel, 0, Panels);
}

/// <summary>The weight gradients of all layers of a network, whose panels threads share by cost.</summary>
/// <param name="layers">The gradients of the layers.</param>
/// <param name="threads">The most parts that share the panels.</param>
internal sealed class GradientShares(PanelGradient[] layers, int threads)
{
    private readonly FloatBuffer[] _scratch =
        [.. Enumerable.Range(0, threads).Select(_ => new FloatBuffer(layers.Max(layer => layer.ScratchLength)))];

    /// <summary>Adds share <paramref name="part"/> of <paramref name="parts"/> to <paramref name="target"/>.</summary>
    public void Add(int part, int parts, ParameterSet target)
    {
        long total = 0;
        foreach (PanelGradient layer in layers)
            total += layer.Panels * layer.CostOfPanel;
        long from = total * part / parts, to = total * (part + 1) / parts;
        long before = 0;
        foreach (PanelGradient layer in layers)
        {
            // A panel belongs to the part in whose share of the cost it begins.
            int begin = layer.PanelsBefore(from - before), end = layer.PanelsBefore(to - before);
            before += layer.Panels * layer.CostOfPanel;
            if (begin < end)
                layer.Add(begin, end, _scratch[part], target);
        }
    }
}
