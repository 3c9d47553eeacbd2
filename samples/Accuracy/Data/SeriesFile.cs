using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Shared;

namespace Accuracy.Data;

/// <summary>A csv file with a line of names, then a row a time step.</summary>
internal sealed class SeriesFile
{
    private static readonly string[] TimeNames = ["date", "datetime", "time", "timestamp", "day", "month", "year"];

    private readonly string _path;
    private readonly string[] _names;
    private readonly string? _series;

    /// <param name="path">The file.</param>
    /// <param name="series">The column of the names of series; null for a single series.</param>
    public SeriesFile(string path, string? series = null)
    {
        (_path, _series) = (path, series);
        _names = CsvLine.Split(File.ReadLines(path).FirstOrDefault() ?? throw new FormatException($"{path} is empty."));
        TimeColumnName = Array.Find(_names, name => TimeNames.Contains(name.ToLowerInvariant()));
    }

    /// <summary>Null where there is none.</summary>
    public string? TimeColumnName { get; }

    /// <summary>All columns but the times and the names of series.</summary>
    public IEnumerable<string> ValueColumnNames => _names.Where(name => name != TimeColumnName && name != _series);

    public int CountRows() => File.ReadLines(_path).Skip(1).Count(line => line.Length > 0);

    /// <exception cref="FormatException">There is no such column.</exception>
    public IDataView Load(MLContext ml, IEnumerable<string> targets)
    {
        var columns = new List<TextLoader.Column>();
        foreach (string target in targets)
            columns.Add(new TextLoader.Column(target, DataKind.Single, IndexOf(target)));
        if (TimeColumnName is { } time)
            columns.Add(new TextLoader.Column(time, DataKind.DateTime, IndexOf(time)));
        return ml.Data.LoadFromTextFile(_path, [.. columns], separatorChar: ',', hasHeader: true, allowQuoting: true);
    }

    /// <summary>The rows of many series, which must have times, series by series.</summary>
    /// <exception cref="FormatException">A column is missing.</exception>
    public List<PanelRow> ReadPanel(string target)
    {
        int series = IndexOf(_series ?? ""), value = IndexOf(target), time = IndexOf(TimeColumnName ?? TimeNames[0]);
        return [.. File.ReadLines(_path).Skip(1).Where(line => line.Length > 0).Select(CsvLine.Split)
            .Select(fields => new PanelRow
            {
                Series = fields[series],
                Time = DateTime.Parse(fields[time], CultureInfo.InvariantCulture),
                Value = float.Parse(fields[value], CultureInfo.InvariantCulture),
            })
            .GroupBy(row => row.Series)
            .SelectMany(rows => rows)];
    }

    /// <summary>The times of the first two rows; fewer where there are none.</summary>
    public DateTime[] FirstTimes()
        => TimeColumnName is { } time
            ? [.. File.ReadLines(_path).Skip(1).Take(2)
                .Select(line => DateTime.Parse(CsvLine.Split(line)[IndexOf(time)], CultureInfo.InvariantCulture))]
            : [];

    private int IndexOf(string name) => Array.IndexOf(_names, name) is >= 0 and var index ? index
        : throw new FormatException($"{_path} has no column '{name}'; it has {string.Join(", ", _names)}.");
}
