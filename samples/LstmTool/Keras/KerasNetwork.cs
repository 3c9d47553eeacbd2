using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Lstm;

namespace LstmTool.Keras;

/// <summary>
/// A network made of the layers of a Keras model. They are turned into a state dict with PyTorch's names and order, which the library
/// reads: kernels are transposed, the gates i, f, c, o of an LSTM are PyTorch's i, f, g, o, and those of a GRU, z, r, h, become r, z, n.
/// </summary>
internal sealed class KerasNetwork
{
    private static readonly Dictionary<string, OutputFunction> Functions = new()
    {
        ["linear"] = OutputFunction.None,
        ["softmax"] = OutputFunction.Softmax,
        ["log_softmax"] = OutputFunction.LogSoftmax,
        ["sigmoid"] = OutputFunction.Sigmoid,
        ["tanh"] = OutputFunction.Tanh,
        ["relu"] = OutputFunction.Relu,
    };

    // For each cell the block of Keras's gates that each of PyTorch's is.
    private static readonly Dictionary<string, int[]> Gates = new()
    {
        ["LSTM"] = [0, 1, 2, 3],
        ["GRU"] = [1, 0, 2],
        ["SimpleRNN"] = [0],
    };

    private readonly List<NamedTensor> _tensors = [];
    private readonly Dictionary<string, string> _sources = [];
    private readonly List<string> _recurrent = [];
    private readonly List<string> _linear = [];
    private readonly List<string> _notes = [];
    private readonly PyTorchImportOptions _options = new() { EmbeddingModules = [] };

    private string? _cell;
    private int _units;
    private int _directions;
    private int? _width;
    private bool _hasSteps = true;
    private bool _isPooled;

    // Weights alone don't say whether the last recurrent layer gives its steps.
    private bool _isLastUnknown;
    private KerasLayer? _function;

    private KerasNetwork(IReadOnlyList<KerasLayer> layers)
    {
        foreach (KerasLayer layer in layers)
            Add(layer);
        if (_recurrent.Count == 0)
            throw new NotSupportedException("Keras: there is no LSTM, GRU or SimpleRNN among the layers.");
        _options.RecurrentModules = [.. _recurrent];
        _options.LinearModules = [.. _linear];
        _options.StepOutputs = _hasSteps && !_isLastUnknown;
        using var stream = new MemoryStream();
        NamedTensor.Write(_tensors, stream);
        _tensors.Clear();
        stream.Position = 0;
        Network = SequenceModelParameters.LoadPyTorch(stream, _options);
        Names = Network.TensorNames.ToDictionary(pair => pair.Key, pair
            => string.Join(' ', pair.Value.Split(' ').Select(word => _sources.TryGetValue(word.TrimEnd(','), out string? source)
                ? source + (word.EndsWith(',') ? "," : "")
                : word)));
    }

    /// <summary>The network.</summary>
    public SequenceModelParameters Network { get; }

    /// <summary>For each of the network's weights the arrays of the file that it was made of.</summary>
    public IReadOnlyDictionary<string, string> Names { get; }

    /// <summary>What whoever scores with the network has to know.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <exception cref="InvalidDataException">The layers' arrays don't fit together.</exception>
    /// <exception cref="NotSupportedException">A layer has no counterpart here; the message names it.</exception>
    public static KerasNetwork Of(IReadOnlyList<KerasLayer> layers) => new(layers);

    /// <summary>The class of a recurrent layer by its arrays' shapes; null where they are none of a recurrent layer.</summary>
    public static string? CellOf(IReadOnlyList<HdfArray> arrays)
        => arrays is [{ Shape: [_, var columns] }, { Shape: [> 0 and var units, var same] }, ..] && columns == same
            ? Gates.FirstOrDefault(cell => cell.Value.Length == columns / (double)units).Key
            : null;

    private void Add(KerasLayer layer)
    {
        switch (layer.Class)
        {
            case "InputLayer" or "NotEqual" or "ActivityRegularization" or "Dropout" or "SpatialDropout1D" or "GaussianDropout"
                or "GaussianNoise" or "AlphaDropout":
                Expect(layer, layer.Arrays.Count == 0, "no weights");
                break;
            case "Masking":
                Expect(layer, layer.Arrays.Count == 0, "no weights");
                _notes.Add($"{layer.Title}: rows here have the steps that there are; leave out those that Keras would mask.");
                break;
            case "Embedding":
                AddEmbedding(layer);
                break;
            case "LSTM" or "GRU" or "SimpleRNN" or "Bidirectional":
                AddRecurrent(layer);
                break;
            case "GlobalAveragePooling1D" or "GlobalMaxPooling1D":
                AddPooling(layer);
                break;
            case "TimeDistributed":
                if (!_hasSteps || (layer.Config is not null && layer.Inner("layer")?.Class != "Dense"))
                    throw layer.Refused("of layers for each step, a Dense behind recurrent layers with return_sequences is read.");
                AddDense(layer, layer.Inner("layer") ?? layer);
                break;
            case "Dense":
                AddDense(layer, layer);
                break;
            case "Activation":
                SetFunction(layer, layer.Text("activation"));
                break;
            case "Softmax" or "ReLU":
                if (layer.Text("max_value") is not null
                    || new[] { "negative_slope", "threshold" }.Any(name => layer.Text(name) is not (null or "0.0" or "0")))
                    throw layer.Refused("it is no plain max(y, 0).");
                SetFunction(layer, layer.Class.ToLowerInvariant());
                break;
            default:
                throw layer.Refused("it has no counterpart here. Read are Embedding, LSTM, GRU, SimpleRNN, Bidirectional, Dense, "
                    + "TimeDistributed of a Dense, GlobalAveragePooling1D, GlobalMaxPooling1D, Activation, Softmax, ReLU, and what does "
                    + "nothing once trained, such as Dropout.");
        }
    }

    private void AddEmbedding(KerasLayer layer)
    {
        if (_recurrent.Count > 0 || _options.EmbeddingModules!.Length > 0)
            throw layer.Refused("one embedding, as the first layer, is read.");
        Expect(layer, layer.Arrays is [{ Shape: [> 0, > 0] }], "a table [tokens, size]");
        HdfArray table = layer.Arrays[0];
        _options.EmbeddingModules = ["embedding"];
        _width = table.Shape[1];
        // With a mask, token 0 is no token; without one, tokens are counted from 0 and ML.NET's keys from 1.
        _options.KeysAreTokens = layer.Flag("mask_zero") == true;
        Expect(layer, !_options.KeysAreTokens || table.Shape[0] > 1, "tokens beside the one that is masked");
        _notes.Add(_options.KeysAreTokens
            ? $"{layer.Title}: token k is key k; leave out token 0, which Keras masks."
            : $"{layer.Title}: token k is key k + 1, since keys count from 1.");
        Put("embedding.weight", table, table.Shape, table.Read);
    }

    private void AddRecurrent(KerasLayer layer)
    {
        if (_linear.Count > 0 || _isPooled || _function is not null || !_hasSteps)
            throw layer.Refused("it reads a layer that gives no steps of a recurrent layer or of the input; return_sequences has to be "
                + "true in all recurrent layers but the last.");
        int directions = layer.Class == "Bidirectional" ? 2 : 1;
        KerasLayer inner = directions == 1 ? layer : InnerOf(layer);
        if (directions == 1 && layer.Config is not null)
            CheckSettings(layer, isBackward: false);
        int arrays = layer.Arrays.Count / directions;
        Expect(layer, layer.Arrays.Count % directions == 0 && arrays is 2 or 3
            && (inner.Flag("use_bias") is not { } hasBias || hasBias == (arrays == 3)),
            "a kernel, a recurrent kernel and, with use_bias, a bias for each direction");
        string cell = CellOf(layer.Arrays) ?? throw layer.Invalid("a kernel [inputs, gates · units] and a recurrent kernel "
            + "[units, gates · units]");
        Expect(layer, inner.Class == "Bidirectional" || inner.Class == cell, $"the gates of {inner.Class}");
        int units = layer.Arrays[1].Shape[0];
        if (_cell is not null && (_cell != cell || _units != units || _directions != directions))
            throw layer.Refused($"the recurrent layers of a network here have one class, as many units and as many directions; it is "
                + $"{cell} with {units} units in {directions} direction(s) behind {_cell} with {_units} in {_directions}.");
        (_cell, _units, _directions) = (cell, units, directions);
        int width = _width ?? layer.Arrays[0].Shape[0];
        string module = string.Create(CultureInfo.InvariantCulture, $"rnn{_recurrent.Count}");
        for (int direction = 0; direction < directions; direction++)
        {
            AddDirection(layer, [.. layer.Arrays.Skip(direction * arrays).Take(arrays)], cell, units, width,
                name => $"{module}.{name}_l0{(direction == 0 ? "" : "_reverse")}");
        }
        _recurrent.Add(module);
        _width = directions * units;
        _isLastUnknown = inner.Config is null;
        _hasSteps = _isLastUnknown || inner.Flag("return_sequences") == true;
    }

    private static KerasLayer InnerOf(KerasLayer layer)
    {
        if (layer.Config is null)
            return layer;
        if (layer.Text("merge_mode") is not (null or "concat") and var mode)
            throw layer.Refused($"merge_mode is '{HdfFile.Show(mode!)}'; concat is read.");
        KerasLayer forward = layer.Inner("layer") ?? throw layer.Refused("its configuration has no layer.");
        CheckSettings(forward, isBackward: false);
        if (layer.Inner("backward_layer") is { } backward)
        {
            CheckSettings(backward, isBackward: true);
            if (backward.Class != forward.Class || backward.Flag("return_sequences") != forward.Flag("return_sequences")
                || backward.Flag("use_bias") != forward.Flag("use_bias"))
                throw layer.Refused("its two directions are of different kinds.");
        }
        return forward;
    }

    private static void CheckSettings(KerasLayer layer, bool isBackward)
    {
        if (!Gates.ContainsKey(layer.Class))
            throw layer.Refused("of recurrent layers, LSTM, GRU and SimpleRNN are read.");
        foreach ((string name, string only) in new[] { ("activation", "tanh"), ("recurrent_activation", "sigmoid") })
        {
            bool isMissing = name == "recurrent_activation" && layer.Class == "SimpleRNN";
            if (layer.Text(name) is { } function && function != only && !isMissing)
                throw layer.Refused($"{name} is '{HdfFile.Show(function)}'; {only} is read.");
            // No function at all, which JSON has as null.
            if (!isMissing && layer.Config is { } config && config.TryGetProperty(name, out JsonElement value)
                && value.ValueKind == JsonValueKind.Null)
                throw layer.Refused($"{name} is none; {only} is read.");
        }
        if (layer.Class == "GRU" && layer.Config is not null && layer.Flag("reset_after") != true)
            throw layer.Refused("reset_after is false: its reset gate stands before the product, which cells here don't have.");
        if (layer.Flag("go_backwards") == true && !isBackward)
            throw layer.Refused("go_backwards is true; a reverse direction is read as a part of Bidirectional.");
        foreach (string setting in new[] { "stateful", "return_state", "time_major" })
        {
            if (layer.Flag(setting) == true)
                throw layer.Refused($"{setting} is true, which networks here don't have.");
        }
    }

    private void AddDirection(KerasLayer layer, HdfArray[] arrays, string cell, int units, int width, Func<string, string> nameOf)
    {
        int[] gates = Gates[cell];
        int rows = gates.Length * units;
        bool fits = arrays[0].Shape is [var inputs, var first] && inputs == width && first == rows && width > 0
            && arrays[1].Shape is [var states, var second] && states == units && second == rows
            && (arrays.Length == 2 || (cell == "GRU"
                ? arrays[2].Shape is [2, var of] && of == rows
                : arrays[2].Shape is [var only] && only == rows));
        Expect(layer, fits, $"a kernel [{width}, {rows}], a recurrent kernel [{units}, {rows}] and a bias "
            + (cell == "GRU" ? $"[2, {rows}] (reset_after)" : $"[{rows}]"));
        Put(nameOf("weight_ih"), arrays[0], [rows, width], () => Transposed(arrays[0].Read(), width, units, gates));
        Put(nameOf("weight_hh"), arrays[1], [rows, units], () => Transposed(arrays[1].Read(), units, units, gates));
        if (arrays.Length == 2)
            return;
        if (cell == "GRU")
        {
            float[]? both = null;
            Put(nameOf("bias_ih"), arrays[2], [rows], () => Transposed((both ??= arrays[2].Read())[..rows], 1, units, gates), "[0]");
            Put(nameOf("bias_hh"), arrays[2], [rows], () => Transposed((both ??= arrays[2].Read())[rows..], 1, units, gates), "[1]");
        }
        else
        {
            Put(nameOf("bias"), arrays[2], [rows], arrays[2].Read);
        }
    }

    private void AddPooling(KerasLayer layer)
    {
        Expect(layer, layer.Arrays.Count == 0, "no weights");
        if (_recurrent.Count == 0 || !_hasSteps || _linear.Count > 0 || _function is not null)
            throw layer.Refused("it is read directly behind recurrent layers with return_sequences.");
        if (layer.Text("data_format") == "channels_first")
            throw layer.Refused("data_format is channels_first.");
        _options.Pooling = layer.Class == "GlobalAveragePooling1D" ? Pooling.Mean : Pooling.Max;
        (_hasSteps, _isPooled, _isLastUnknown) = (false, true, false);
    }

    private void AddDense(KerasLayer layer, KerasLayer inner)
    {
        if (_recurrent.Count == 0)
            throw layer.Refused("it stands before the recurrent layers; a Dense behind them is read.");
        if (_function is { } before)
            throw layer.Refused($"{before.Title} has a function before it; linear layers one behind the other are read.");
        if (inner.Config is null && _linear.Count > 0)
            throw layer.Refused("a file of weights alone does not say what functions are between several dense layers. Give --config with "
                + "what model.to_json() writes, or save the model as .keras.");
        // Of weights alone a Dense reads the last state, and one for each step the steps.
        if (_isLastUnknown)
            (_hasSteps, _isLastUnknown) = (layer.Class == "TimeDistributed", false);
        int inputs = _width!.Value;
        bool fits = layer.Arrays is [{ Shape: [var rows, > 0 and var columns] }, ..] && rows == inputs
            && (layer.Arrays.Count == 1 || (layer.Arrays is [_, { Shape: [var biases] }] && biases == columns))
            && (inner.Flag("use_bias") is not { } hasBias || hasBias == (layer.Arrays.Count == 2));
        Expect(layer, fits, $"a kernel [{inputs}, units] and, with use_bias, a bias [units]");
        HdfArray kernel = layer.Arrays[0];
        int outputs = kernel.Shape[1];
        string module = string.Create(CultureInfo.InvariantCulture, $"dense{_linear.Count}");
        Put($"{module}.weight", kernel, [outputs, inputs], () => Transposed(kernel.Read(), inputs, outputs, [0]));
        if (layer.Arrays.Count == 2)
            Put($"{module}.bias", layer.Arrays[1], [outputs], layer.Arrays[1].Read);
        _linear.Add(module);
        _width = outputs;
        if (inner.Config is null)
            _notes.Add($"{layer.Title}: weights alone don't say what it reads and which function is behind it: read is that it has "
                + $"{(_hasSteps ? "each step" : "the last state")} and no function. --config or a .keras file says more.");
        else
            SetFunction(layer, inner.Text("activation"));
    }

    private void SetFunction(KerasLayer layer, string? name)
    {
        Expect(layer, layer.Class is "Dense" or "TimeDistributed" || layer.Arrays.Count == 0, "no weights");
        if (!Functions.TryGetValue(name ?? "linear", out OutputFunction function))
            throw layer.Refused($"its function '{HdfFile.Show(name!)}' is none of {string.Join(", ", Functions.Keys)}.");
        if (function == OutputFunction.None)
            return;
        if (_function is not null || _recurrent.Count == 0)
            throw layer.Refused($"a function, '{name}', is read behind the last layer.");
        if (layer.Text("axis") is not (null or "-1"))
            throw layer.Refused("its axis is not the last one.");
        (_options.OutputFunction, _function) = (function, layer);
    }

    private static void Expect(KerasLayer layer, bool isRight, string expected)
    {
        if (!isRight)
            throw layer.Invalid(expected);
    }

    private void Put(string name, HdfArray source, int[] shape, Func<float[]> read, string part = "")
    {
        _tensors.Add(new NamedTensor(name, shape, () =>
        {
            float[] values = read();
            return Array.TrueForAll(values, float.IsFinite)
                ? values
                : throw new InvalidDataException($"Keras: expected finite numbers in {source}, found NaN or infinity.");
        }));
        _sources[name] = source.Path + part;
    }

    /// <summary>
    /// A matrix [inputs, gates · units] as [gates · units, inputs], with the gates in another order.
    /// </summary>
    private static float[] Transposed(float[] values, int inputs, int units, int[] gates)
    {
        int columns = gates.Length * units;
        float[] result = new float[values.Length];
        for (int gate = 0; gate < gates.Length; gate++)
        {
            for (int unit = 0; unit < units; unit++)
            {
                for (int input = 0; input < inputs; input++)
                    result[(gate * units + unit) * inputs + input] = values[input * columns + gates[gate] * units + unit];
            }
        }
        return result;
    }
}
