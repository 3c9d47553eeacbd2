using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Fills the weights of a network with those of a graph; linear layers between recurrent ones become a part of these.</summary>
/// <remarks>
/// All layers of a network of ours have the same units and directions. What a graph's layer does not have gets weights of zero, and then
/// puts out zeros, which nothing reads.
/// </remarks>
/// <param name="parameters">The weights to fill.</param>
/// <param name="columns">Where the inputs are.</param>
/// <param name="layers">The layers, from the first on.</param>
/// <param name="budget">Memory.</param>
internal sealed class WeightBuilder(ParameterSet parameters, NetworkColumns columns, List<RecurrentSource[]> layers, Budget budget)
{
    private readonly NetworkShape _shape = parameters.Shape;

    /// <summary>Fills all but the embeddings.</summary>
    /// <param name="head">What the outputs are made of.</param>
    /// <param name="attention">How the steps are pooled, if by attention.</param>
    public void Fill(Forms head, AttentionSource? attention)
    {
        for (int layer = 0; layer < layers.Count; layer++)
        {
            foreach (RecurrentSource source in layers[layer])
                FillDirection(layer, source);
        }
        if (attention is not null)
            FillAttention(attention);
        Forms linear = head.WithMatrix(budget);
        double[] biases = FillMatrix(parameters[ParameterSet.HeadWeight], _shape.HeadInputSize, linear, linear.Bias, row => row,
            ColumnInHead);
        for (int i = 0; i < biases.Length; i++)
            parameters[ParameterSet.HeadBias][i] = (float)biases[i];
    }

    /// <summary>The unit of the outputs: what the graph scales them by behind its last matrix.</summary>
    public static AffineScaler OutputScaler(Forms head) => head.Matrix is null || !head.HasOuterScale
        ? AffineScaler.Identity(head.Count)
        : new AffineScaler([.. head.OutShift.Select(shift => (float)shift)],
            [.. head.OutScale.Select(scale => scale == 0 ? 0 : (float)(1 / scale))]);

    private void FillDirection(int layer, RecurrentSource source)
    {
        CellDescription cell = CellDescription.Of(source.Cell);
        int h = source.HiddenSize, all = _shape.HiddenSize;
        string suffix = ParameterSet.Suffix(layer, source.IsReverse ? 1 : 0);
        Forms products = source.Input.Multiply(source.InputWeights, cell.Gates * h, budget);
        double[] shifts = FillMatrix(parameters["weight_ih" + suffix], _shape.LayerInputSize(layer), products, products.Bias,
            row => row / h * all + row % h, layer == 0 ? columns.Find : ColumnsIn(layers[layer - 1]));

        Span<float> hidden = parameters["weight_hh" + suffix], biases = parameters["bias" + suffix];
        for (int row = 0; row < cell.Gates * h; row++)
            source.HiddenWeights.AsSpan(row * h, h).CopyTo(hidden[((row / h * all + row % h) * all)..]);
        for (int slot = 0; slot < cell.Slots; slot++)
        {
            int gate = cell.InputGate(slot), block = cell.Bias(slot);
            for (int unit = 0; unit < h; unit++)
                biases[block * all + unit] = (float)(source.Biases[block * h + unit] + (gate >= 0 ? shifts[gate * h + unit] : 0));
        }
    }

    // v·tanh(W·h + b), which a softmax over the steps makes weights of: what is added to all of them makes no difference.
    private void FillAttention(AttentionSource attention)
    {
        Forms scores = attention.Scores.WithoutOuterScale(budget);
        FunctionSource? tanh = scores.Atoms.Select(atom => atom.Source).FirstOrDefault() as FunctionSource;
        if (tanh is not { Function: "Tanh" } || scores.Atoms.Any(atom => !ReferenceEquals(atom.Source, tanh))
            || attention.Of.Matrix is not null || attention.Of.Scale.Any(scale => scale != 1) || attention.Of.Shift.Any(shift => shift != 0)
            || attention.Of.Atoms.Any(atom => atom.Source is not RecurrentSource)
            || tanh.Of.Atoms.Any(atom => atom.Source is not RecurrentSource))
            throw new NotSupportedException("ONNX: the steps are weighted by a softmax that is not that of v·tanh(W·h + b) of the "
                + "recurrent layer's outputs h.");
        Forms inner = tanh.Of.WithoutOuterScale(budget);
        if (inner.Count > _shape.EncodingSize)
            throw new NotSupportedException($"ONNX: node {OnnxText.Quote(tanh.Node)} (Tanh): attention of ours has as many units as the "
                + $"encoding, {_shape.EncodingSize}, or fewer; it has {inner.Count}.");
        double[] biases = FillMatrix(parameters[ParameterSet.AttentionWeight], _shape.EncodingSize, inner, inner.Bias, row => row,
            ColumnsIn(layers[^1]));
        for (int i = 0; i < biases.Length; i++)
            parameters[ParameterSet.AttentionBias][i] = (float)biases[i];
        for (int i = 0; i < scores.Atoms.Length; i++)
            parameters[ParameterSet.AttentionVector][scores.Atoms[i].Index] += (float)(scores.Matrix![i] * scores.Scale[i]);
    }

    /// <summary>Adds the rows of a matrix where they belong, and gives the biases with what the atoms' shifts add to them.</summary>
    private static double[] FillMatrix(Span<float> target, int width, Forms forms, double[] bias, Func<int, int> rowOf,
        Func<Atom, double, double, (int Column, double Factor, double Shift)> find)
    {
        int count = forms.Atoms.Length;
        double[] shifts = [.. bias];
        var places = new (int Column, double Factor, double Shift)[count];
        for (int atom = 0; atom < count; atom++)
        {
            places[atom] = forms.Atoms[atom].Source is null
                ? (0, 0, forms.Shift[atom])
                : find(forms.Atoms[atom], forms.Scale[atom], forms.Shift[atom]);
        }
        for (int row = 0; row < shifts.Length; row++)
        {
            Span<float> filled = target.Slice(rowOf(row) * width, width);
            for (int atom = 0; atom < count; atom++)
            {
                (int column, double factor, double shift) = places[atom];
                float weight = forms.Matrix![row * count + atom];
                shifts[row] += weight * shift;
                if (factor != 0)
                    filled[column] += factor == 1 ? weight : (float)(weight * factor);
            }
        }
        return shifts;
    }

    /// <summary>Where an atom is in the outputs of a layer, which it has to be one of.</summary>
    private Func<Atom, double, double, (int Column, double Factor, double Shift)> ColumnsIn(RecurrentSource[] layer)
        => (atom, scale, shift) => ColumnIn(layer, atom, scale, shift);

    private (int Column, double Factor, double Shift) ColumnIn(RecurrentSource[] layer, Atom atom, double scale, double shift)
        => atom.Source is RecurrentSource source && layer.Contains(source)
            ? ((source.IsReverse ? _shape.HiddenSize : 0) + atom.Index, scale, shift)
            : throw new NotSupportedException($"ONNX: node {OnnxText.Quote(layer[0].Node)} ({OnnxCell.Of(layer[0].Cell).Operator}): what "
                + "reads its outputs also reads those of another layer; layers of ours read the one below.");

    private (int Column, double Factor, double Shift) ColumnInHead(Atom atom, double scale, double shift)
    {
        switch (atom.Source)
        {
            case InputSource source:
                (int column, double factor, double rest) = columns.Find(atom, scale, shift);
                return (_shape.EncodingSize + (source.IsOfSteps ? _shape.StaticSize : 0) + column, factor, rest);
            case ReducedSource { Of: AttentionSource attention }:
                return ColumnIn(layers[^1], attention.Of.Atoms[atom.Index], scale, shift);
            case ReducedSource reduced:
                return ColumnIn(layers[^1], atom with { Source = reduced.Of }, scale, shift);
            default:
                return ColumnIn(layers[^1], atom, scale, shift);
        }
    }
}
