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

    /// <param name="path">The file.</param>
    /// <param name="time">The column of times; null for the first whose name says so.</param>
    public SeriesFile(string path, string? time = null)
    {
        _path = path;
        _names = CsvLine.Split(File.ReadLines(path).FirstOrDefault() ?? throw new FormatException($"{path} is empty."));
        TimeColumnName = time ?? Array.Find(_names, name => TimeNames.Contains(name.ToLowerInvariant()));
    }

    /// <summary>Null where there is none.</summary>
    public string? TimeColumnName { get; }

    /// <summary>All columns but the times.</summary>
    public IEnumerable<string> ValueColumnNames => _names.Where(name => name != TimeColumnName);

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

    /// <summary>The times of the first two rows; fewer where there are none.</summary>
    public DateTime[] FirstTimes()
        => TimeColumnName is { } time
            ? [.. File.ReadLines(_path).Skip(1).Take(2)
                .Select(line => DateTime.Parse(CsvLine.Split(line)[IndexOf(time)], CultureInfo.InvariantCulture))]
            : [];

    private int IndexOf(string name) => Array.IndexOf(_names, name) is >= 0 and var index ? index
        : throw new FormatException($"{_path} has no column '{name}'; it has {string.Join(", ", _names)}.");
}
