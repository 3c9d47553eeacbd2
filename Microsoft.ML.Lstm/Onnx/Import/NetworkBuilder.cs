using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Makes one of our networks of the linear combinations that an output turned out to be.</summary>
internal sealed class NetworkBuilder
{
    private const int MaxLayers = 64;

    private readonly GraphInput[] _inputs;

    private NetworkBuilder(GraphInput[] inputs) => _inputs = inputs;

    /// <summary>Makes a network.</summary>
    /// <param name="value">The output.</param>
    /// <param name="name">Its name.</param>
    /// <param name="inputs">The graph's inputs.</param>
    /// <param name="options">How tokens are numbered.</param>
    /// <param name="budget">Memory.</param>
    public static OnnxNetwork Build(GraphValue value, string name, GraphInput[] inputs, OnnxImportOptions options, Budget budget)
    {
        if (value.Elements is not Forms forms)
            throw new NotSupportedException($"ONNX: output {OnnxText.Quote(name)} is made of {value.Elements.Kind}, not of features.");
        if (value.IsSorted)
            throw new NotSupportedException($"ONNX: output {OnnxText.Quote(name)} has its rows by length, not in their own order.");
        if (value.IsReversed)
            throw new NotSupportedException($"ONNX: output {OnnxText.Quote(name)} has its steps from the last to the first.");
        (OutputFunction function, KeySubset? classes, forms) = WithoutFunction(forms);
        return new NetworkBuilder(inputs).Build(forms, value.Axes.HasTime, name, function, classes, options, budget);
    }

    /// <summary>
    /// What an output function is applied to, and the classes that the results are of where others have a probability of 0 among them.
    /// </summary>
    private static (OutputFunction Function, KeySubset? Classes, Forms Forms) WithoutFunction(Forms forms)
    {
        int[] results = [.. Enumerable.Range(0, forms.Count).Where(i => forms.Matrix is null && forms.Atoms[i].Source is not null)];
        if (results.Length == 0 || forms.Atoms[results[0]].Source is not FunctionSource last || results.Length != last.Of.Count
            || !Enum.TryParse(last.Function, out OutputFunction function) || forms.Shift.Any(shift => shift != 0))
            return (OutputFunction.None, null, forms);
        for (int i = 0; i < results.Length; i++)
        {
            Atom atom = forms.Atoms[results[i]];
            if (!ReferenceEquals(atom.Source, last) || atom.Index != i || forms.Scale[results[i]] != 1)
                return (OutputFunction.None, null, forms);
        }
        if (results.Length == forms.Count)
            return (function, null, last.Of);
        return function == OutputFunction.Softmax && forms.Count <= KeySubset.MostKeys
            ? (function, KeySubset.Of(forms.Count, results.Select(result => result + 1)), last.Of)
            : (OutputFunction.None, null, forms);
    }

    private OnnxNetwork Build(Forms forms, bool isPerStep, string name, OutputFunction function, KeySubset? classes,
        OnnxImportOptions options, Budget budget)
    {
        Pooling? pooling = null;
        AttentionSource? attention = null;
        var top = new HashSet<RecurrentSource>();
        foreach (Source source in forms.Atoms.Select(atom => atom.Source).OfType<Source>().Distinct())
        {
            Pooling found;
            switch (source)
            {
                case InputSource { IsOfSteps: false }:
                case InputSource when isPerStep:
                    continue;
                case RecurrentSource layer when isPerStep:
                    top.Add(layer);
                    continue;
                case ReducedSource { Of: RecurrentSource layer, Reduction: Reduction.Final or Reduction.Mean or Reduction.Max } reduced
                    when !isPerStep:
                    top.Add(layer);
                    found = reduced.Reduction switch { Reduction.Final => Pooling.Last, Reduction.Mean => Pooling.Mean, _ => Pooling.Max };
                    break;
                case ReducedSource { Of: AttentionSource weighted, Reduction: Reduction.Sum } when !isPerStep
                    && (attention ?? weighted) == weighted:
                    attention = weighted;
                    top.UnionWith(LayersOf(weighted.Of).Concat(LayersOfScores(weighted)));
                    found = Pooling.Attention;
                    break;
                default:
                    throw Unsupported(source, $"output {OnnxText.Quote(name)}", isLayer: false);
            }
            if ((pooling ?? found) != found)
                throw new NotSupportedException($"ONNX: output {OnnxText.Quote(name)} is made of steps that are pooled in several ways "
                    + $"({pooling} and {found}); networks of ours have one.");
            pooling = found;
        }
        if (top.Count == 0)
            throw new NotSupportedException($"ONNX: output {OnnxText.Quote(name)} is not made of the outputs of an LSTM, GRU or RNN.");
        List<RecurrentSource[]> layers = LayersBelow(top, name);
        var columns = new NetworkColumns(_inputs, layers[0], forms, options, budget);
        NetworkShape shape = new()
        {
            Cell = layers[0].First(layer => layer is not null).Cell,
            InputSize = columns.InputSize,
            Embeddings = columns.Embeddings,
            HiddenSize = layers.SelectMany(each => each).Max(layer => layer.HiddenSize),
            Layers = layers.Count,
            Bidirectional = layers.SelectMany(each => each).Any(layer => layer.IsReverse),
            Pooling = pooling ?? Pooling.Last,
            Head = !isPerStep ? Head.Pooled
                : forms.Atoms.Any(atom => atom.Source is InputSource { IsOfSteps: true }) ? Head.EveryStepWithSkip : Head.EveryStep,
            StaticSize = columns.StaticSize,
            OutputSize = forms.Count,
            Classes = classes,
        };
        if (shape.ParameterCount > NetworkShape.MaxParameters)
            throw new NotSupportedException($"ONNX: the network has {shape.ParameterCount:N0} parameters; at most "
                + $"{NetworkShape.MaxParameters:N0} are supported.");
        budget.Take(shape.ParameterCount * sizeof(float));
        var parameters = new ParameterSet(shape);
        columns.FillEmbeddings(parameters);
        new WeightBuilder(parameters, columns, layers, budget).Fill(forms, attention);
        AffineScaler output = WeightBuilder.OutputScaler(forms);
        if (!parameters.Values.All(float.IsFinite) || !columns.Scalers.Concat(output.Scale).Concat(output.Offset).All(float.IsFinite))
            throw new InvalidDataException("ONNX: expected finite weights, found NaN or infinity.");
        return new OnnxNetwork(new SequenceModel(parameters, columns.InputScaler, columns.StaticScaler, output), function,
            columns.InputNames, columns.NumericSizes, columns.StaticInputName, name);
    }

    private static IEnumerable<RecurrentSource> LayersOf(Forms forms)
        => forms.Atoms.Select(atom => atom.Source).OfType<RecurrentSource>().Distinct();

    // The scores are of a function of the layers; scores of more than one function are none of ours, and refused later.
    private static IEnumerable<RecurrentSource> LayersOfScores(AttentionSource attention) => attention.Scores.Atoms
        .Select(atom => atom.Source).OfType<FunctionSource>().Distinct().SelectMany(function => LayersOf(function.Of));

    /// <summary>The layers from the first to the last, each with a forward direction, a reverse one, or both.</summary>
    private static List<RecurrentSource[]> LayersBelow(HashSet<RecurrentSource> top, string name)
    {
        var layers = new List<RecurrentSource[]>();
        RecurrentSource[] layer = [.. top];
        while (true)
        {
            if (layers.Count == MaxLayers)
                throw new NotSupportedException($"ONNX: output {OnnxText.Quote(name)} is made by more than {MaxLayers} recurrent layers.");
            if (layer.Length > 2 || (layer.Length == 2 && layer[0].IsReverse == layer[1].IsReverse))
                throw new NotSupportedException($"ONNX: {Describe(layer[0])} and {Describe(layer[1])} stand side by "
                    + "side, or one of them also skips the other; layers of ours stand one on top of the other.");
            if (layer.Any(each => each.Cell != top.First().Cell))
                throw new NotSupportedException($"ONNX: {Describe(layer[0])} has another cell than those behind it; the "
                    + "layers of a network of ours have the same.");
            layers.Add([.. layer.OrderBy(each => each.IsReverse)]);
            Source[] below = [.. layer.SelectMany(each => each.Input.Atoms).Select(atom => atom.Source).OfType<Source>().Distinct()];
            if (!below.Any(source => source is RecurrentSource))
            {
                foreach (Source source in below.Where(source => source is not (InputSource { IsOfSteps: true } or EmbeddingSource)))
                    throw Unsupported(source, Describe(layer[0]), isLayer: true);
                layers.Reverse();
                return layers;
            }
            foreach (Source source in below.Where(source => source is not RecurrentSource))
            {
                throw source is InputSource or EmbeddingSource
                    ? new NotSupportedException($"ONNX: {Describe(layer[0])} reads the outputs of a layer and the "
                        + "network's inputs; layers of ours read one of them.")
                    : Unsupported(source, Describe(layer[0]), isLayer: true);
            }
            layer = [.. below.OfType<RecurrentSource>()];
        }
    }

    /// <summary>What can't be read behind the recurrent layers, or by one of them.</summary>
    /// <param name="source">What is read.</param>
    /// <param name="reader">The output or the node, for the message.</param>
    /// <param name="isLayer">Whether a recurrent layer reads it.</param>
    private static NotSupportedException Unsupported(Source source, string reader, bool isLayer)
    {
        string why = source switch
        {
            FunctionSource function => $"node {OnnxText.Quote(function.Node)} ({function.Function}) lies "
                + (isLayer ? "before it, and between the layers of ours are linear ones at most"
                    : "between the recurrent layers and the output, and a network of ours has one linear layer there; a value before it "
                    + "can be named as the output instead"),
            CellStateSource { Layer: var layer }
                => $"{Describe(layer)}: its cell state c is read, and networks of ours go by h",
            ReducedSource { Of: RecurrentSource layer, Reduction: Reduction.First or Reduction.Last }
                => $"{Describe(layer)}: its "
                + (layer.IsReverse ? "reverse direction is read at the last step, where it has read one step only" : "first step is read")
                + "; ours reads the state of each direction after its last step (PyTorch's h_n)",
            ReducedSource { Reduction: Reduction.Sum } when !isLayer
                => "steps are added up; networks of ours take their mean, their maximum or the last",
            InputSource { IsOfSteps: false } input
                => $"input {OnnxText.Quote(input.Name)}, one for the whole row, is read by a recurrent layer; ours read features of steps",
            ReducedSource when isLayer => "it reads what steps were pooled to; layers of ours read the steps of the one before",
            AttentionSource => "steps are weighted but not summed",
            _ => "the features themselves are pooled or read behind the recurrent layers, which networks of ours don't",
        };
        return new NotSupportedException($"ONNX: {reader}: {why}.");
    }

    private static string Describe(RecurrentSource layer) => $"node {OnnxText.Quote(layer.Node)} ({OnnxCell.Of(layer.Cell).Operator})";
}
