using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Files.PyTorch;

/// <summary>One direction of one recurrent layer.</summary>
/// <param name="Cell">The cell, by how many rows there are for each unit.</param>
/// <param name="Input">weight_ih.</param>
/// <param name="Hidden">weight_hh.</param>
/// <param name="Biases">bias_ih and bias_hh, the two merged as ours, or none.</param>
internal sealed record DirectionTensors(CellType Cell, StoredTensor Input, StoredTensor Hidden, StoredTensor[] Biases)
{
    public int HiddenSize => Hidden.Shape[1];

    public int InputSize => Input.Shape[1];
}

/// <summary>A linear layer.</summary>
internal sealed record LinearTensors(StoredTensor Weight, StoredTensor? Bias)
{
    public int OutputSize => Weight.Shape[0];

    public int InputSize => Weight.Shape[1];
}

/// <summary>
/// What the tensors of a state dict are the weights of, as options say it or names and shapes suggest: recurrent layers by PyTorch's names,
/// linear layers by their bias or by the width of what they read, embeddings by their name or by the width of what they give.
/// </summary>
internal sealed partial class StateDictModules
{
    private const string AttentionModule = "attention";

    private readonly PyTorchImportOptions _options;
    private readonly List<StoredTensor> _tensors;
    private readonly bool _isInOrder;

    /// <exception cref="NotSupportedException">There are others, or it can't be known which is which.</exception>
    /// <exception cref="InvalidDataException">Their shapes don't fit together.</exception>
    public StateDictModules(StateDict file, PyTorchImportOptions options)
    {
        _options = options;
        _tensors = TensorsOf(file, options);
        _isInOrder = file.IsInOrder;
        Layers = ReadLayers();
        Attention = options.Pooling == Pooling.Attention && !options.StepOutputs ? ReadAttention() : null;
        List<LinearTensors> rest = [.. _tensors.GroupBy(tensor => tensor.Module).Select(ReadLinear)];
        Embeddings = options.EmbeddingModules is { } embeddings
            ? [.. embeddings.Select(name => Take(rest, name, nameof(PyTorchImportOptions.EmbeddingModules)).Weight)]
            : null!;
        if (options.LinearModules is { } named)
            Linear = [.. named.Select(name => Take(rest, name, nameof(PyTorchImportOptions.LinearModules)))];
        if (Embeddings is null)
        {
            LinearTensors[] found = [.. rest.Where(module => IsEmbedding(module, isLinearKnown: options.LinearModules is not null))];
            string[] order = InOrder([.. found.Select(module => module.Weight.Module)], "embeddings",
                nameof(PyTorchImportOptions.EmbeddingModules));
            Embeddings = [.. found.Select(module => module.Weight).OrderBy(weight => Array.IndexOf(order, weight.Module))];
            var taken = new HashSet<LinearTensors>(found, ReferenceEqualityComparer.Instance);
            rest.RemoveAll(taken.Contains);
        }
        if (Linear is null)
        {
            if (rest.Count > 1)
                throw new NotSupportedException("PyTorch: there are several linear layers, " + string.Join(", ",
                    rest.Take(8).Select(module => Quote(module.Weight.Module))) + $". Say in {nameof(PyTorchImportOptions.LinearModules)} "
                    + "which of them stand behind the recurrent layers, with no function between, and name the others in "
                    + $"{nameof(PyTorchImportOptions.IgnoredModules)}.");
            Linear = [.. rest];
            rest.Clear();
        }
        if (rest.Count > 0)
            throw new NotSupportedException($"PyTorch: module {Quote(rest[0].Weight.Module)} is not part of the network; name it in "
                + $"{nameof(PyTorchImportOptions.IgnoredModules)} to leave it out.");
    }

    /// <summary>The recurrent layers from the first on; in each the forward direction and, if there is one, the reverse one.</summary>
    public List<DirectionTensors[]> Layers { get; }

    /// <summary>The tables of embeddings.</summary>
    public IReadOnlyList<StoredTensor> Embeddings { get; }

    /// <summary>The linear layers behind the recurrent ones.</summary>
    public IReadOnlyList<LinearTensors> Linear { get; }

    /// <summary>Weight, bias and vector of attention as ours has it; null for other poolings.</summary>
    public StoredTensor[]? Attention { get; }

    public CellType Cell => Layers[0][0].Cell;

    public bool IsBidirectional => Layers[0].Length > 1;

    /// <summary>The width of what the last layer gives.</summary>
    public int EncodingSize => WidthOf(Layers[^1]);

    /// <summary>A name, which may be of any length, for a message.</summary>
    public static string Quote(string name) => $"'{SafeTensorsHeader.Show(name)}'";

    public static string ShapeOf(StoredTensor tensor) => $"[{string.Join(", ", tensor.Shape)}]";

    private static int WidthOf(DirectionTensors[] layer) => layer.Length * layer[0].HiddenSize;

    private static List<StoredTensor> TensorsOf(StateDict file, PyTorchImportOptions options)
    {
        string[] dictionaries =
        [
            .. file.Tensors
                .Where(tensor => options.StateDict is { } name ? tensor.Dictionary == name : RecurrentName().IsMatch(tensor.Name))
                .Select(tensor => tensor.Dictionary).Distinct(),
        ];
        if (dictionaries.Length != 1)
        {
            throw dictionaries.Length == 0
                ? new NotSupportedException("PyTorch: the file has no tensors of recurrent layers, such as 'lstm.weight_ih_l0'"
                    + (options.StateDict is { } missing ? $", in a dictionary {Quote(missing)}." : "."))
                : new NotSupportedException("PyTorch: several dictionaries have recurrent layers, "
                    + $"{string.Join(", ", dictionaries.Take(8).Select(Quote))}; name one in {nameof(PyTorchImportOptions.StateDict)}.");
        }
        return
        [
            .. file.Tensors.Where(tensor => tensor.Dictionary == dictionaries[0] && tensor.Type.IsFloat
                && !options.IgnoredModules.Any(module => tensor.Module == module
                    || tensor.Module.StartsWith(module + ".", StringComparison.Ordinal))),
        ];
    }

    private List<DirectionTensors[]> ReadLayers()
    {
        // The module of a tensor of a recurrent layer is what stands before weight_ih_l0; a cell's has no number.
        var tensors = _tensors.Select(tensor => (Tensor: tensor, Match: RecurrentName().Match(tensor.Name)))
            .Where(found => found.Match.Success)
            .GroupBy(found => found.Match.Groups["module"].Value.TrimEnd('.'))
            .ToDictionary(group => group.Key, group => group.ToArray());
        string[] modules = _options.RecurrentModules ?? [.. tensors.Keys];
        var stacks = new List<(string Module, List<DirectionTensors[]> Layers)>();
        foreach (string module in modules)
        {
            if (!tensors.Remove(module, out var found))
                throw new InvalidDataException($"PyTorch: expected a recurrent module {Quote(module)} in the file, found "
                    + $"{(tensors.Count == 0 ? "none" : string.Join(", ", tensors.Keys.Take(8).Select(Quote)))}.");
            if (found.FirstOrDefault(one => one.Match.Groups["kind"].Value == "weight_hr") is { Tensor: { } projection })
                throw new NotSupportedException(
                    $"PyTorch: tensor {Quote(projection.Name)}: LSTM layers with proj_size have no counterpart here.");
            var stack = new List<DirectionTensors[]>();
            foreach ((int number, var layer) in found.GroupBy(one => NumberOf(one.Match)).OrderBy(layer => layer.Key).Index())
            {
                if (layer.Key != number)
                    throw new InvalidDataException($"PyTorch: expected layer {number} of {Quote(module)}, found layer {layer.Key}.");
                stack.Add([.. layer.GroupBy(one => one.Match.Groups["reverse"].Success).OrderBy(direction => direction.Key)
                    .Select(direction => ReadDirection([.. direction.Select(one => one.Tensor)]))]);
            }
            stacks.Add((module, stack));
        }
        if (tensors.Count > 0)
            throw new NotSupportedException($"PyTorch: the recurrent module {Quote(tensors.Keys.First())} is not part of the network; name "
                + $"it in {nameof(PyTorchImportOptions.IgnoredModules)} to leave it out.");
        _tensors.RemoveAll(tensor => RecurrentName().IsMatch(tensor.Name));
        List<DirectionTensors[]> layers =
            [.. (_options.RecurrentModules is null ? InOrder(stacks) : stacks).SelectMany(stack => stack.Layers)];
        Check(layers);
        return layers;
    }

    private List<(string Module, List<DirectionTensors[]> Layers)> InOrder(List<(string Module, List<DirectionTensors[]> Layers)> stacks)
    {
        if (_isInOrder || stacks.Count < 2)
            return stacks;
        // Of two modules, one may be unable to read the other's outputs.
        if (stacks is [var first, var second] && Reads(first, second) != Reads(second, first))
            return Reads(second, first) ? stacks : [second, first];
        string[] order = InOrder([.. stacks.Select(stack => stack.Module)], "recurrent modules",
            nameof(PyTorchImportOptions.RecurrentModules));
        return [.. stacks.OrderBy(stack => Array.IndexOf(order, stack.Module))];

        static bool Reads((string, List<DirectionTensors[]> Layers) reader, (string, List<DirectionTensors[]> Layers) read)
            => reader.Layers[0][0].InputSize == WidthOf(read.Layers[^1]);
    }

    /// <summary>
    /// Modules in the order in which they were defined: the file's, or that of their numbers if names differ in one number alone.
    /// </summary>
    /// <exception cref="NotSupportedException">The order is not known.</exception>
    private string[] InOrder(string[] modules, string kind, string option)
    {
        if (_isInOrder || modules.Length < 2)
            return modules;
        string[][] numbers = [.. modules.Select(name => Number().Matches(name).Select(match => match.Value).ToArray())];
        if (modules.Select(name => Number().Replace(name, "0")).Distinct().Count() == 1)
        {
            int[] varied = [.. Enumerable.Range(0, numbers[0].Length)
                .Where(place => numbers.Any(each => each[place] != numbers[0][place]))];
            if (varied is [var only])
                return [.. modules.Zip(numbers).OrderBy(each => each.Second[only].Length)
                    .ThenBy(each => each.Second[only], StringComparer.Ordinal).Select(each => each.First)];
        }
        throw new NotSupportedException($"PyTorch: tensors stand by name in a safetensors file, so the order of the {kind} "
            + $"{string.Join(", ", modules.Take(8).Select(Quote))} is not known; say it in {option}.");
    }

    private static void Check(List<DirectionTensors[]> layers)
    {
        foreach ((int i, DirectionTensors[] layer) in layers.Index())
        {
            foreach (DirectionTensors direction in layer)
            {
                if (direction.Cell != layers[0][0].Cell || layer.Length != layers[0].Length
                    || direction.HiddenSize != layers[0][0].HiddenSize)
                    throw new NotSupportedException($"PyTorch: {Quote(direction.Input.Name)}: the recurrent layers of a network here have "
                        + $"one kind of cell, as many units and as many directions; it has {direction.HiddenSize} units where the first "
                        + $"layer has {layers[0][0].HiddenSize}.");
                int width = i == 0 ? layer[0].InputSize : WidthOf(layers[i - 1]);
                if (direction.InputSize != width)
                    throw new InvalidDataException($"PyTorch: expected {width} columns in {Quote(direction.Input.Name)}, what the layer "
                        + $"before gives, found {ShapeOf(direction.Input)}.");
            }
            if (layer[0].Input.Name.EndsWith("_reverse", StringComparison.Ordinal))
                throw new InvalidDataException($"PyTorch: expected a forward direction beside {Quote(layer[0].Input.Name)}, found none.");
        }
    }

    private static DirectionTensors ReadDirection(StoredTensor[] tensors)
    {
        StoredTensor? input = Find("weight_ih"), hidden = Find("weight_hh");
        if (input is not { Shape: [int rows, > 0] } || hidden is not { Shape: [int hiddenRows, > 0 and int units] } || rows != hiddenRows
            || rows % units != 0)
            throw new InvalidDataException($"PyTorch: expected the matrices weight_ih [G·H, I] and weight_hh [G·H, H] of "
                + $"{Quote(tensors[0].Name)}, found {string.Join(", ", tensors.Take(8).Select(ShapeOf))}.");
        CellDescription cell = CellDescription.All.FirstOrDefault(cell => cell.Gates == rows / units)
            ?? throw new NotSupportedException($"PyTorch: {Quote(hidden.Name)} has {rows / units} gates; LSTM has 4, GRU 3 and RNN 1.");
        StoredTensor[] biases = [.. tensors.Where(tensor => tensor != input && tensor != hidden)];
        // PyTorch's two, or ours, which are one.
        bool areRight = biases.Length switch
        {
            0 => true,
            1 => Find("bias") is { Shape: [int all] } && all == cell.Slots * units,
            2 => Find("bias_ih") is { Shape: [int first] } && Find("bias_hh") is { Shape: [int second] } && first == rows && second == rows,
            _ => false,
        };
        if (!areRight)
            throw new InvalidDataException($"PyTorch: expected bias_ih [{rows}] and bias_hh [{rows}] beside {Quote(input.Name)}, or "
                + $"neither, found {string.Join(", ", biases.Take(8).Select(bias => Quote(bias.Name) + " " + ShapeOf(bias)))}.");
        return new DirectionTensors(cell.Type, input, hidden, [.. biases.OrderByDescending(bias => bias.Name, StringComparer.Ordinal)]);

        StoredTensor? Find(string kind)
            => tensors.FirstOrDefault(tensor => RecurrentName().Match(tensor.Name).Groups["kind"].Value == kind);
    }

    private StoredTensor[] ReadAttention()
    {
        int size = EncodingSize;
        StoredTensor[] tensors = [.. _tensors.Where(tensor => tensor.Module == AttentionModule)];
        StoredTensor[] parts = [.. new[] { "weight", "bias", "vector" }.SelectMany(leaf => tensors.Where(tensor => tensor.Leaf == leaf))];
        if (parts is not [{ Shape: [int rows, int columns] }, { Shape: [int biases] }, { Shape: [int vector] }] || tensors.Length != 3
            || rows != size || columns != size || biases != size || vector != size)
            throw new InvalidDataException($"PyTorch: expected attention.weight [{size}, {size}], attention.bias [{size}] and "
                + $"attention.vector [{size}], found {string.Join(", ", tensors.Take(8).Select(tensor => Quote(tensor.Name)))}.");
        _tensors.RemoveAll(parts.Contains);
        return parts;
    }

    private static LinearTensors ReadLinear(IGrouping<string, StoredTensor> module)
    {
        StoredTensor? weight = module.FirstOrDefault(tensor => tensor.Leaf == "weight"),
            bias = module.FirstOrDefault(tensor => tensor.Leaf == "bias");
        return weight is { Shape: [> 0, > 0] } && module.Count() == (bias is null ? 1 : 2)
            && (bias is null || bias.Shape is [int size] && size == weight.Shape[0])
            ? new LinearTensors(weight, bias)
            : throw new NotSupportedException($"PyTorch: module {Quote(module.Key)} is no linear layer and no embedding: it has "
                + string.Join(", ", module.Take(8).Select(tensor => $"{Quote(tensor.Leaf)} {ShapeOf(tensor)}"))
                + $". Name it in {nameof(PyTorchImportOptions.IgnoredModules)} to leave it out.");
    }

    private bool IsEmbedding(LinearTensors module, bool isLinearKnown)
    {
        if (module.Bias is not null)
            return false;
        bool givesInput = module.InputSize <= Layers[0][0].InputSize;
        bool readsOutput = module.InputSize == EncodingSize + _options.StaticFeatureCount;
        if (!givesInput && !readsOutput && !isLinearKnown)
            throw new NotSupportedException($"PyTorch: module {Quote(module.Weight.Module)} {ShapeOf(module.Weight)} gives nothing that "
                + "the recurrent layers read, and does not read what they give. Name it in "
                + $"{nameof(PyTorchImportOptions.IgnoredModules)} to leave it out.");
        if (isLinearKnown || givesInput != readsOutput)
            return givesInput;
        // Both would do: the name decides.
        return EmbeddingName().IsMatch(module.Weight.Module)
            || (LinearName().IsMatch(module.Weight.Module)
                ? false
                : throw new NotSupportedException($"PyTorch: module {Quote(module.Weight.Module)} {ShapeOf(module.Weight)} may be an "
                    + $"embedding or a linear layer without bias; name it in {nameof(PyTorchImportOptions.EmbeddingModules)} or "
                    + $"{nameof(PyTorchImportOptions.LinearModules)}."));
    }

    private LinearTensors Take(List<LinearTensors> modules, string name, string option)
    {
        LinearTensors? found = modules.Find(module => module.Weight.Module == name);
        if (found is null)
            throw new InvalidDataException($"PyTorch: expected a module {Quote(name)}, which {option} names, found "
                + (modules.Count == 0 ? "none." : $"{string.Join(", ", modules.Take(8).Select(module => Quote(module.Weight.Module)))}."));
        modules.Remove(found);
        return found;
    }

    // A cell by itself has no number.
    private static int NumberOf(Match name)
        => name.Groups["layer"].Success ? int.Parse(name.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^(?<module>(.*\.)?)(?<kind>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh|bias(?=_l\d))"
        + @"(_l(?<layer>[0-9]{1,4})(?<reverse>_reverse)?)?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex RecurrentName();

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex("emb|token|word|vocab|lookup", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EmbeddingName();

    [GeneratedRegex("fc|lin|head|out|dense|classif|proj|decoder", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LinearName();
}
