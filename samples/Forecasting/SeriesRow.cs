using Microsoft.ML;
using Microsoft.ML.Data;
using Shared;

namespace Forecasting;

/// <summary>A row of any series, as the forecaster reads it.</summary>
internal sealed class SeriesRow
{
    public string Series { get; set; } = "";

    public DateTime Time { get; set; }

    public float Value { get; set; }

    /// <summary>What is known ahead: of a shop price and promotion.</summary>
    [VectorType(2)]
    public float[] Known { get; set; } = [];

    /// <summary>What is known once the row is over: of a shop how sunny it was.</summary>
    [VectorType(1)]
    public float[] Past { get; set; } = [];

    /// <summary>The rows of each shop.</summary>
    public static SeriesRow[][] Of(IEnumerable<ShopDay> days) => BySeries(days.Select(day => new SeriesRow
    {
        Series = day.Shop,
        Time = day.Day,
        Value = day.Sales,
        Known = [day.Price, day.Promotion],
        Past = [day.Sunshine],
    }));

    /// <summary>The rows of each series of a file, by the names of its columns.</summary>
    /// <exception cref="InvalidDataException">The file is not as the names say.</exception>
    /// <exception cref="FormatException">The quotes in its header line are not in pairs around names.</exception>
    public static SeriesRow[][] Read(string path, string? time, string target, string? series, string? known, string? past)
    {
        var file = new CsvFile(new MLContext(), path);
        float[] values = file.Numbers(target);
        DateTime[] times = file.Times(time ?? nameof(Time));
        string[]? names = series is null ? null : file.Texts(series);
        float[][] ahead = Columns(known), over = Columns(past);
        return BySeries(values.Select((value, i) => new SeriesRow
        {
            Series = names?[i] ?? "",
            Time = times[i],
            Value = value,
            Known = Array.ConvertAll(ahead, column => column[i]),
            Past = Array.ConvertAll(over, column => column[i]),
        }));

        float[][] Columns(string? list) => Array.ConvertAll(list is null ? [] : CsvLine.Split(list), file.Numbers);
    }

    /// <summary>
    /// The columns of rows like this one. How many columns of a file become a vector is not known before the program runs.
    /// </summary>
    public static SchemaDefinition Schema(SeriesRow row)
    {
        var schema = SchemaDefinition.Create(typeof(SeriesRow));
        foreach ((string name, int length) in new[] { (nameof(Known), row.Known.Length), (nameof(Past), row.Past.Length) })
        {
            if (length > 0)
                schema[name].ColumnType = new VectorDataViewType(NumberDataViewType.Single, length);
        }
        return schema;
    }

    private static SeriesRow[][] BySeries(IEnumerable<SeriesRow> rows)
        => [.. rows.GroupBy(row => row.Series).Select(series => series.ToArray())];
}
