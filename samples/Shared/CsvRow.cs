using System.Globalization;
using System.Reflection;

namespace Shared;

/// <summary>The properties of a row as columns of a CSV file.</summary>
/// <typeparam name="TRow">
/// A row whose properties that can be set are texts, numbers (<see cref="float"/>), lists of numbers with spaces between
/// (<see cref="float"/>[]), of words (<see cref="string"/>[]), yes or no (<see cref="bool"/>, 1 or 0) or times.
/// </typeparam>
internal static class CsvRow<TRow> where TRow : new()
{
    public static readonly PropertyInfo[] Properties = [.. typeof(TRow).GetProperties().Where(property => property.CanWrite)];

    public static string Description { get; } = "a CSV file whose header line names, in any order, "
        + string.Join(", ", Properties.Select(property => $"{property.Name} ({Kind(property.PropertyType)})"));

    public static void Write(string path, IEnumerable<TRow> rows)
    {
        using StreamWriter file = File.CreateText(path);
        file.WriteLine(string.Join(',', Properties.Select(property => property.Name)));
        foreach (TRow row in rows)
            file.WriteLine(string.Join(',', Properties.Select(property => Field(property.GetValue(row)))));
    }

    private static string Kind(Type type) =>
        type == typeof(float) ? "a number"
        : type == typeof(float[]) ? "numbers with spaces between"
        : type == typeof(string[]) ? "words with spaces between"
        : type == typeof(bool) ? "1 or 0"
        : type == typeof(DateTime) ? "a time"
        : "a text";

    private static string Field(object? value) => value switch
    {
        float number => float.IsNaN(number) ? "" : number.ToString(CultureInfo.InvariantCulture),
        float[] numbers => string.Join(' ', numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))),
        string[] words => string.Join(' ', words),
        bool isTrue => isTrue ? "1" : "0",
        DateTime time => time.ToString("s", CultureInfo.InvariantCulture),
        string text when text.AsSpan().IndexOfAny(",\"\n") >= 0 => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        _ => (string?)value ?? "",
    };
}
