using System.Text.Json;

namespace LstmTool.Keras;

/// <summary>A layer of a file.</summary>
/// <param name="Name">Its name: the one it has in the configuration, or its group's.</param>
/// <param name="Class">Its class, such as LSTM.</param>
/// <param name="Config">Its configuration; null where a file has weights alone.</param>
/// <param name="Arrays">Its weights, in the order of Keras's variables; a reverse direction behind the forward one.</param>
internal sealed record KerasLayer(string Name, string Class, JsonElement? Config, IReadOnlyList<HdfArray> Arrays)
{
    /// <summary>The layer for a message.</summary>
    public string Title => $"layer '{HdfFile.Show(Name)}' ({HdfFile.Show(Class)})";

    /// <summary>The layer inside of one that wraps it; null where there is none.</summary>
    public KerasLayer? Inner(string name)
        => Config is { } config && config.TryGetProperty(name, out JsonElement inner) && inner.ValueKind == JsonValueKind.Object
            ? new KerasLayer(Name, KerasConfig.Text(inner, "class_name"), KerasConfig.Object(inner, "config"), [])
            : null;

    /// <summary>A setting that is a text, or the name of a function; null for JSON's null, and where there is none.</summary>
    public string? Text(string name)
    {
        if (Config is not { } config || !config.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("config", out JsonElement function))
            value = function;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
    }

    /// <summary>A setting that is on or off.</summary>
    public bool? Flag(string name)
        => Config is not { } config || !config.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    /// <summary>Refuses the layer.</summary>
    public NotSupportedException Refused(string reason) => new($"Keras: {Title}: {reason}");

    /// <summary>Refuses the layer's arrays.</summary>
    public InvalidDataException Invalid(string expected) => new($"Keras: {Title}: expected {expected}, found "
        + (Arrays.Count == 0 ? "none." : $"{string.Join(", ", Arrays.Take(8))}."));
}
