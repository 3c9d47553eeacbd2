using System.Text.Json;

namespace LstmTool.Data;

/// <summary>JSON lines: an object a line.</summary>
internal static class JsonLines
{
    public static bool IsJson(string text) => text.AsSpan().TrimStart() is ['{', ..];

    /// <summary>Whether a text is a list of objects rather than an object a line.</summary>
    public static bool IsArray(string text)
        => text.AsSpan().TrimStart() is ['[', .. var items] && items.TrimStart() is ['{', ..];

    /// <exception cref="InvalidDataException">A line is no object of numbers, texts, truth values and lists.</exception>
    public static TextTable Read(string path, string text)
    {
        var objects = new List<Dictionary<string, string>>();
        var lines = new List<int>();
        var names = new List<string>();
        var known = new HashSet<string>();
        foreach ((int index, string line) in text.Split('\n').Index())
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var fields = new Dictionary<string, string>();
            try
            {
                using var json = JsonDocument.Parse(line);
                if (json.RootElement.ValueKind != JsonValueKind.Object)
                    throw new InvalidDataException($"{path}({index + 1}): expected an object in braces, as in the first line.");
                foreach (JsonProperty property in json.RootElement.EnumerateObject())
                {
                    fields[property.Name] = FieldOf(property.Value)
                        ?? throw new InvalidDataException($"{path}({index + 1}), '{property.Name}': objects in objects are not read.");
                    if (known.Add(property.Name))
                        names.Add(property.Name);
                }
            }
            catch (JsonException error)
            {
                throw new InvalidDataException($"{path}({index + 1}): this line is no JSON: {error.Message}", error);
            }
            objects.Add(fields);
            lines.Add(index + 1);
        }
        return new TextTable(path, "JSON lines", [.. names],
            [.. objects.Select(fields => names.ConvertAll(name => fields.GetValueOrDefault(name, "")).ToArray())], lines, [])
        {
            Layout = new FileLayout(FileKind.JsonLines),
        };
    }

    private static string? FieldOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Object => null,
        _ => value.GetRawText(),
    };
}
