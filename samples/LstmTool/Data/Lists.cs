using System.Globalization;
using System.Text.Json;

namespace LstmTool.Data;

/// <summary>Fields that are lists.</summary>
internal static class Lists
{
    private static readonly char[] Separators = [' ', ';', '|'];

    /// <summary>
    /// Reads numbers between spaces, semicolons or bars, or a JSON list of numbers or of steps, which are lists of numbers.
    /// </summary>
    /// <param name="field">The field.</param>
    /// <param name="values">The numbers, step by step; NaN for null.</param>
    /// <param name="featuresPerStep">How many numbers a step has; 1 for a plain list.</param>
    public static bool TryParseNumbers(string field, out float[] values, out int featuresPerStep)
    {
        (values, featuresPerStep) = ([], 1);
        if (field.StartsWith('['))
            return TryParseJson(field, out values, out featuresPerStep);
        string[] parts = field.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2)
            return false;
        values = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (Fields.TryParseNumber(parts[i], decimalComma: null, out float number))
                values[i] = number;
            else if (Fields.IsMissing(parts[i]))
                values[i] = float.NaN;
            else
                return false;
        }
        return true;
    }

    /// <summary>Reads a JSON list of texts.</summary>
    public static bool TryParseTexts(string field, out string[] texts)
    {
        texts = [];
        if (!field.StartsWith('['))
            return false;
        try
        {
            texts = JsonSerializer.Deserialize<string[]>(field) ?? [];
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Gives missing numbers those of the step before, or behind where there is none, since a sequence with one missing has no score. The
    /// mean of a column of lists of any length is no choice: ML.NET's is one of all features.
    /// </summary>
    public static void Fill(float[] values, int featuresPerStep)
    {
        for (int i = featuresPerStep; i < values.Length; i++)
            values[i] = float.IsNaN(values[i]) ? values[i - featuresPerStep] : values[i];
        for (int i = values.Length - featuresPerStep - 1; i >= 0; i--)
            values[i] = float.IsNaN(values[i]) ? values[i + featuresPerStep] : values[i];
    }

    /// <summary>A list as a field that <see cref="TryParseNumbers"/> reads.</summary>
    public static string Join(IEnumerable<float> numbers) => $"[{string.Join(',', numbers.Select(number =>
        float.IsNaN(number) ? "null" : number.ToString("R", CultureInfo.InvariantCulture)))}]";

    /// <summary>A list as a field that <see cref="TryParseTexts"/> reads.</summary>
    public static string Join(IEnumerable<string> texts) => JsonSerializer.Serialize(texts);

    private static bool TryParseJson(string field, out float[] values, out int featuresPerStep)
    {
        (values, featuresPerStep) = ([], 1);
        try
        {
            using var json = JsonDocument.Parse(field);
            var numbers = new List<float>();
            int width = 0;
            foreach (JsonElement element in json.RootElement.EnumerateArray())
            {
                JsonElement[] step = element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];
                if (width != 0 && step.Length != width)
                    return false;
                width = step.Length;
                foreach (JsonElement number in step)
                {
                    if (number.ValueKind is not (JsonValueKind.Number or JsonValueKind.Null))
                        return false;
                    numbers.Add(number.ValueKind == JsonValueKind.Null ? float.NaN
                        : float.Parse(number.GetRawText(), CultureInfo.InvariantCulture));
                }
            }
            (values, featuresPerStep) = ([.. numbers], Math.Max(1, width));
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
