using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Shared;

/// <summary>A user's CSV file with a header line and commas, semicolons or tabs between fields, read by ML.NET's text loader.</summary>
/// <remarks>
/// The loader would silently read an empty field as 0 and a word as NaN. So all fields are read as text, and an error names the row of a
/// field that is no number or time. So is a line with more fields than its header, as of decimal commas between commas, of which the
/// loader would leave out the last ones.
/// </remarks>
internal sealed class CsvFile
{
    private const StringSplitOptions Words = StringSplitOptions.RemoveEmptyEntries;

    private const string DecimalCommas = "if the file has decimal commas, write points, or give it to lstm-ml with --decimal-comma.";

    private static readonly string[] Missing = ["", "?", "NaN", "NA", "null"];

    private readonly string _path;
    private readonly string[] _header;
    private readonly IDataView _fields;

    /// <exception cref="InvalidDataException">The file is empty.</exception>
    /// <exception cref="FormatException">The quotes in its header line are not in pairs around names.</exception>
    public CsvFile(MLContext ml, string path)
    {
        _path = path;
        string header = File.ReadLines(path).FirstOrDefault() ?? "";
        // Databases write tabs, and spreadsheets in some languages semicolons.
        char separator = new[] { '\t', ',', ';' }.FirstOrDefault(header.Contains, ',');
        _header = CsvLine.SplitAt(header, separator);
        if (_header.Length == 0)
            throw new InvalidDataException($"{path} has no header line: its first line must name the columns, with commas between them.");
        TextLoader.Column[] columns =
            [.. Enumerable.Range(0, _header.Length + 1).Select(i => new TextLoader.Column(NameOf(i), DataKind.String, i))];
        _fields = ml.Data.LoadFromTextFile(path, columns, separator, hasHeader: true, allowQuoting: true, trimWhitespace: true);
        string[] beyond = [.. _fields.GetColumn<string>(NameOf(_header.Length))];
        if (Array.FindIndex(beyond, field => !string.IsNullOrEmpty(field)) is var row and >= 0)
            throw new InvalidDataException($"{Place(row)} has more fields than the {_header.Length} of the header line"
                + (separator == ',' ? $"; {DecimalCommas}" : "."));
    }

    /// <summary>The fields of a column.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or no row.</exception>
    public string[] Texts(string column)
    {
        int index = Array.FindIndex(_header, name => name.Equals(column, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
            throw new InvalidDataException(
                $"{_path} has no column '{column}'. Its header line names {string.Join(", ", _header.Select(name => $"'{name}'"))}.");
        string[] fields = [.. _fields.GetColumn<string>(NameOf(index)).Select(field => field ?? "")];
        return fields.Length > 0 ? fields : throw new InvalidDataException($"{_path} has no rows below its header line.");
    }

    /// <summary>The numbers of a column, NaN where one is missing.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or a field is no number.</exception>
    public float[] Numbers(string column) =>
        [.. Texts(column).Select((field, row) => Number(field) ?? throw Wrong(column, row, field, "a number such as 12.5"))];

    /// <summary>The times of a column.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or a field is no time.</exception>
    public DateTime[] Times(string column) =>
        [.. Texts(column).Select((field, row) =>
            // Of 01/02/2026 nobody can tell which is the day.
            field.Length > 4 && field.AsSpan(0, 4).IndexOfAnyExceptInRange('0', '9') < 0
            && DateTime.TryParse(field, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time) ? time
            : throw Wrong(column, row, field, "a time with the year first, such as 2026-01-31 or 2026-01-31 18:00"))];

    /// <summary>Yes or no, as 1 or 0, true or false.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or a field is neither.</exception>
    public bool[] Flags(string column) =>
        [.. Texts(column).Select((field, row) => field.ToUpperInvariant() switch
        {
            "1" or "TRUE" or "YES" => true,
            "0" or "FALSE" or "NO" => false,
            _ => throw Wrong(column, row, field, "1 or 0"),
        })];

    /// <summary>Rows of a type whose properties have the names of columns, which may stand in any order.</summary>
    /// <exception cref="InvalidDataException">A column is not there, or has a field that is not as the property's type says.</exception>
    public TRow[] Rows<TRow>() where TRow : new()
    {
        TRow[]? rows = null;
        foreach (PropertyInfo property in CsvRow<TRow>.Properties)
        {
            Array values = property.PropertyType == typeof(float) ? Numbers(property.Name)
                : property.PropertyType == typeof(float[]) ? Lists(property.Name)
                : property.PropertyType == typeof(string[]) ? Array.ConvertAll(Texts(property.Name), field => field.Split(' ', Words))
                : property.PropertyType == typeof(bool) ? Flags(property.Name)
                : property.PropertyType == typeof(DateTime) ? Times(property.Name)
                : Texts(property.Name);
            rows ??= [.. Enumerable.Range(0, values.Length).Select(_ => new TRow())];
            for (int i = 0; i < rows.Length; i++)
                property.SetValue(rows[i], values.GetValue(i));
        }
        return rows!;
    }

    private float[][] Lists(string column) =>
        [.. Texts(column).Select((field, row) => field.Split(' ', Words)
            .Select(text => Number(text) ?? throw Wrong(column, row, field, "numbers with spaces between"))
            .ToArray())];

    private static float? Number(string field) =>
        float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) ? number
        : Missing.Contains(field, StringComparer.OrdinalIgnoreCase) ? float.NaN
        : null;

    private InvalidDataException Wrong(string column, int row, string field, string expected) =>
        new($"{Place(row)} has '{field}' in column '{column}'; expected {expected}"
            + (field.Contains(',') && Number(field.Replace(',', '.')) is not null ? $"; {DecimalCommas}" : "."));

    // Blank lines are no rows.
    private string Place(int row)
    {
        int line = File.ReadLines(_path).Index().Where(one => !string.IsNullOrWhiteSpace(one.Item)).ElementAt(row + 1).Index + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{_path}({line}): row {row + 1} below the header");
    }

    private static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"Field{index}");
}
