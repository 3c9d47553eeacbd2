using System.Text.Json;
using System.Text.RegularExpressions;

namespace LstmTool.Keras;

/// <summary>
/// The layers that a model's configuration lists: config.json of a .keras file, the attribute model_config of an .h5, or what
/// model.to_json() gives. Each layer has to read the one before it.
/// </summary>
internal static partial class KerasConfig
{
    private const int MaxLayers = 1000;

    private static readonly string[] Models = ["Sequential", "Functional", "Model"];

    /// <exception cref="InvalidDataException">It is no configuration of a model.</exception>
    /// <exception cref="NotSupportedException">It is one of something else than layers one behind the other.</exception>
    public static IReadOnlyList<KerasLayer> Read(ReadOnlyMemory<byte> json)
    {
        JsonElement model;
        try
        {
            using var document = JsonDocument.Parse(json);
            model = document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"Keras: the configuration is no JSON: {error.Message}", error);
        }
        string kind = Text(model, "class_name");
        if (!Models.Contains(kind))
            throw new NotSupportedException($"Keras: the model is of class '{HdfFile.Show(kind)}'; Sequential and Functional are read.");
        // Old files have the layers of a Sequential in place of its configuration.
        JsonElement layers = model.TryGetProperty("config", out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list
            : Object(model, "config").TryGetProperty("layers", out JsonElement found) ? found : default;
        if (layers.ValueKind != JsonValueKind.Array || layers.GetArrayLength() is 0 or > MaxLayers)
            throw new InvalidDataException($"Keras: expected from 1 to {MaxLayers} layers in the configuration, found others.");
        var result = new List<KerasLayer>();
        foreach (JsonElement entry in layers.EnumerateArray())
        {
            var layer = new KerasLayer("", Text(entry, "class_name"), Object(entry, "config"), []);
            layer = layer with { Name = layer.Text("name") ?? "" };
            if (entry.TryGetProperty("registered_name", out JsonElement registered) && registered.ValueKind == JsonValueKind.String
                && registered.GetString()!.Contains('>'))
                throw layer.Refused($"it is a class of the program's own, '{HdfFile.Show(registered.GetString()!)}'.");
            if (entry.TryGetProperty("inbound_nodes", out JsonElement nodes) && layer.Class != "NotEqual")
                CheckInputs(layer, nodes, result);
            result.Add(layer);
        }
        if (model.TryGetProperty("config", out JsonElement settings) && settings.ValueKind == JsonValueKind.Object
            && settings.TryGetProperty("output_layers", out JsonElement outputs))
            CheckOutputs(outputs, result);
        return result;
    }

    /// <summary>The text of a property.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static string Text(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InvalidDataException($"Keras: expected a text '{name}' in the configuration, found none.");

    /// <summary>The object of a property.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static JsonElement Object(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.Object
            ? value
            : throw new InvalidDataException($"Keras: expected an object '{name}' in the configuration, found none.");

    /// <summary>
    /// The name of each layer's group in model.weights.h5: its class in small letters, with _1, _2 behind it for further ones.
    /// </summary>
    public static string[] GroupNames(IReadOnlyList<KerasLayer> layers)
    {
        var counts = new Dictionary<string, int>();
        string[] names = new string[layers.Count];
        for (int i = 0; i < names.Length; i++)
        {
            string name = WordStart().Replace(layers[i].Class, "_").ToLowerInvariant();
            counts.TryGetValue(name, out int count);
            counts[name] = count + 1;
            names[i] = count == 0 ? name : $"{name}_{count}";
        }
        return names;
    }

    // Keras 3 has {"args": [tensors], "kwargs": {...}} for a call, Keras 2 [[name, node, tensor, {...}], ...].
    private static void CheckInputs(KerasLayer layer, JsonElement nodes, List<KerasLayer> before)
    {
        List<string> names = [];
        if (nodes.ValueKind != JsonValueKind.Array)
            throw new InvalidDataException($"Keras: {layer.Title}: expected a list 'inbound_nodes', found something else.");
        foreach (JsonElement node in nodes.EnumerateArray())
        {
            if (node.ValueKind == JsonValueKind.Object && node.TryGetProperty("args", out JsonElement arguments))
                AddHistories(arguments, names);
            else if (node.ValueKind == JsonValueKind.Array)
                names.AddRange(node.EnumerateArray().Select(NameOf));
        }
        // A mask is no layer that others read.
        string? last = before.FindLast(one => one.Class != "NotEqual")?.Name;
        bool isRight = last is null ? names.Count == 0 : names is [var only] && only == last;
        if (!isRight)
            throw layer.Refused(names.Count > 1
                ? $"it reads several layers or is used several times ({HdfFile.Show(string.Join(", ", names))}); networks here are layers "
                    + "one behind the other."
                : $"it reads '{HdfFile.Show(string.Join("", names))}', not the layer before it, '{HdfFile.Show(last ?? "")}'; networks "
                    + "here are layers one behind the other.");
    }

    // A list of [name, node, tensor], such an entry alone, or an object of them.
    private static void CheckOutputs(JsonElement outputs, List<KerasLayer> layers)
    {
        JsonElement[] entries = outputs.ValueKind switch
        {
            JsonValueKind.Array when outputs.GetArrayLength() > 0 && outputs[0].ValueKind == JsonValueKind.String => [outputs],
            JsonValueKind.Array => [.. outputs.EnumerateArray()],
            JsonValueKind.Object => [.. outputs.EnumerateObject().Select(output => output.Value)],
            _ => throw new InvalidDataException("Keras: expected a list 'output_layers' in the configuration, found something else."),
        };
        string last = layers.FindLast(one => one.Class != "NotEqual")?.Name ?? "";
        bool isRight = entries is [var only] && NameOf(only) == last
            && (only.GetArrayLength() < 3 || (only[2].ValueKind == JsonValueKind.Number && only[2].GetRawText() == "0"));
        if (!isRight)
            throw new NotSupportedException($"Keras: the outputs of the model are those of "
                + $"'{HdfFile.Show(string.Join(", ", entries.Select(NameOf)))}'; networks here have one output, that of the last layer, "
                + $"'{HdfFile.Show(last)}'.");
    }

    private static string NameOf(JsonElement call)
        => call.ValueKind == JsonValueKind.Array && call.GetArrayLength() > 0 && call[0].ValueKind == JsonValueKind.String
            ? call[0].GetString()!
            : throw new InvalidDataException("Keras: expected the name of a layer that is read, found something else.");

    private static void AddHistories(JsonElement element, List<string> names)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                    AddHistories(item, names);
                break;
            case JsonValueKind.Object when element.TryGetProperty("keras_history", out JsonElement history):
                names.Add(NameOf(history));
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                    AddHistories(property.Value, names);
                break;
            default:
                break;
        }
    }

    // SimpleRNN, GlobalMaxPooling1D: a word begins at a capital behind a small letter, or before one.
    [GeneratedRegex("(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex WordStart();
}
