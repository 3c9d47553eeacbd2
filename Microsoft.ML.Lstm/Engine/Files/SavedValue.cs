using System.Text.Json;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// A value in saved JSON, read strictly: it is what is asked for, and whoever reads an object asks for each property that it has. (The
/// reader that the compiler would generate for <see cref="SavedJsonContext"/> takes half of the time in which a process loads a network:
/// most of it is code that is compiled for this one use.)
/// </summary>
internal sealed class SavedValue
{
    private readonly JsonElement _json;
    private readonly SavedValue? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly List<string> _asked = [];
    private int _found;

    /// <param name="json">The value of a whole file or text.</param>
    public SavedValue(JsonElement json) => _json = json;

    private SavedValue(JsonElement json, SavedValue parent, string? name, int index = 0)
    {
        _json = json;
        (_parent, _name, _index) = (parent, name, index);
    }

    private string Path => _parent is null ? "$" : _name is null ? $"{_parent.Path}[{_index}]" : $"{_parent.Path}.{_name}";

    /// <summary>A property of an object that is being read.</summary>
    /// <exception cref="JsonException">There is none.</exception>
    public SavedValue this[string name] => TryGet(name, out JsonElement value)
        ? new SavedValue(value, this, name)
        : throw Invalid($"there is no '{name}'");

    /// <summary>A property of an object that is being read; null where there is none.</summary>
    public SavedValue? Find(string name) => TryGet(name, out JsonElement value) ? new SavedValue(value, this, name) : null;

    /// <summary>Reads an object.</summary>
    /// <param name="read">Takes its properties.</param>
    /// <exception cref="JsonException">It is no object, or has a property that is not asked for, or one twice.</exception>
    public T Object<T>(Func<SavedValue, T> read)
    {
        Require(JsonValueKind.Object, "an object");
        T result = read(this);
        if (_found < _json.GetPropertyCount())
        {
            var names = new HashSet<string>();
            foreach (JsonProperty property in _json.EnumerateObject())
            {
                if (!_asked.Contains(property.Name))
                    throw Invalid($"'{SafeTensorsHeader.Show(property.Name)}' is not a property of it");
                if (!names.Add(property.Name))
                    throw Invalid($"it has '{SafeTensorsHeader.Show(property.Name)}' twice");
            }
        }
        return result;
    }

    /// <summary>Reads an array.</summary>
    /// <param name="read">Reads an element.</param>
    public T[] Array<T>(Func<SavedValue, T> read)
    {
        Require(JsonValueKind.Array, "an array");
        var result = new T[_json.GetArrayLength()];
        int i = 0;
        foreach (JsonElement element in _json.EnumerateArray())
        {
            result[i] = read(new SavedValue(element, this, name: null, i));
            i++;
        }
        return result;
    }

    /// <summary>Reads an object of any names.</summary>
    /// <param name="read">Reads a value.</param>
    /// <exception cref="JsonException">It is no object, or has a name twice.</exception>
    public Dictionary<string, T> Entries<T>(Func<SavedValue, T> read)
    {
        Require(JsonValueKind.Object, "an object");
        var result = new Dictionary<string, T>();
        foreach (JsonProperty property in _json.EnumerateObject())
        {
            if (!result.TryAdd(property.Name, read(new SavedValue(property.Value, this, property.Name))))
                throw Invalid($"it has '{SafeTensorsHeader.Show(property.Name)}' twice");
        }
        return result;
    }

    /// <summary>The value; null where it is null.</summary>
    public SavedValue? OrNull() => _json.ValueKind == JsonValueKind.Null ? null : this;

    public string Text()
    {
        Require(JsonValueKind.String, "a text");
        return _json.GetString()!;
    }

    public bool Boolean()
    {
        if (_json.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw Invalid($"it is {Kind}, neither true nor false");
        return _json.GetBoolean();
    }

    public int Int32() => IsNumber && _json.TryGetInt32(out int value) ? value : throw Invalid("it is not a whole number of 32 bits");

    public uint UInt32() => IsNumber && _json.TryGetUInt32(out uint value) ? value : throw Invalid("it is not a whole number of 32 bits");

    public long Int64() => IsNumber && _json.TryGetInt64(out long value) ? value : throw Invalid("it is not a whole number of 64 bits");

    public ulong UInt64() => IsNumber && _json.TryGetUInt64(out ulong value) ? value : throw Invalid("it is not a whole number of 64 bits");

    public float Single() => IsNumber && _json.TryGetSingle(out float value) ? value : throw Invalid("it is not a number");

    public double Double() => IsNumber && _json.TryGetDouble(out double value) ? value : throw Invalid("it is not a number");

    /// <summary>A number, which may be infinite, or none.</summary>
    public double AnyDouble()
    {
        if (_json.ValueKind != JsonValueKind.String)
            return Double();
        return Text() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => throw Invalid("it is not a number"),
        };
    }

    public DateTime Time()
    {
        Require(JsonValueKind.String, "a time");
        return _json.TryGetDateTime(out DateTime time) ? time : throw Invalid("it is not a time");
    }

    /// <summary>A value of an enum, or several flags, by name.</summary>
    public T Enum<T>()
        where T : struct, Enum
    {
        string text = Text();
        // Not by TryParse<T>, which would be compiled for each enum.
        return System.Enum.TryParse(typeof(T), text, out object? value) && value!.ToString() == text && char.IsLetter(text[0])
            ? (T)value
            : throw Invalid($"it is not one of {string.Join(", ", System.Enum.GetNames(typeof(T)))}");
    }

    private string Kind => _json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private bool IsNumber => _json.ValueKind == JsonValueKind.Number;

    private bool TryGet(string name, out JsonElement value)
    {
        bool isThere = _json.TryGetProperty(name, out value);
        if (!_asked.Contains(name))
        {
            _asked.Add(name);
            _found += isThere ? 1 : 0;
        }
        return isThere;
    }

    private void Require(JsonValueKind kind, string what)
    {
        if (_json.ValueKind != kind)
            throw Invalid($"it is {Kind}, not {what}");
    }

    private JsonException Invalid(string message) => new(message, Path, lineNumber: null, bytePositionInLine: null);
}
