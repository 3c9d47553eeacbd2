using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <content>The gradients of the weights, after the way back.</content>
internal sealed unsafe partial class NetworkWorkspace
{
    private List<SharedGradient> SharedGradients()
    {
        var all = new List<SharedGradient>();
        for (int l = 0; l < _layers.Length; l++)
        {
            for (int d = 0; d < _shape.Directions; d++)
            {
                (int layer, int direction) = (l, d);
                var gradients = new WeightGradients(_layers[l].Directions[d], _network.Kernels);
                all.Add(new SharedGradient(gradients.Panels, gradients.CostOfPanel, gradients.ScratchLength, (begin, end, scratch, target)
                    => gradients.Add(begin, end, _batch.TotalSteps, Input(layer), InputStride(layer), _layers[layer].Output(direction),
                        _layers[layer].Stride,
                        scratch, target)));
            }
        }
        all.AddRange(_pooling?.NewGradients() ?? []);
        // On the encodings the head has so few rows that its panels cost next to nothing.
        DenseGradients head = _head.NewGradients();
        all.Add(new SharedGradient(head.Panels, _shape.Head.IsPerStep ? head.CostOfPanel : 1, head.ScratchLength, (begin, end, scratch, target)
            => head.Add(begin, end, HeadRows, _headInputs.Pointer, _outputs.Pointer, scratch, target)));
        return all;
    }

    private void AddWeightGradients(int part)
    {
        long total = 0;
        foreach (SharedGradient gradients in _gradients)
            total += gradients.Panels * gradients.CostOfPanel;
        long from = total * part / _sharedParts, to = total * (part + 1) / _sharedParts;
        long before = 0;
        foreach (SharedGradient gradients in _gradients)
        {
            // A panel belongs to the part in whose share of the cost it begins.
            int begin = gradients.PanelsBefore(from - before), end = gradients.PanelsBefore(to - before);
            before += gradients.Panels * gradients.CostOfPanel;
            if (begin < end)
                gradients.Add(begin, end, _scratch[part], _gradientTarget.Parameters);
        }
    }
}
