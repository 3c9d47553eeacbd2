using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>
/// Numbers series from 0, in the order of their first rows, by their names: the numbers of keys mean other series in other data. The
/// missing key is a series of its own.
/// </summary>
internal sealed class SeriesIndex
{
    private readonly Dictionary<string, int> _byName = [];
    private int? _withoutName;

    /// <summary>A function that reads the number of the series that the current row belongs to.</summary>
    public Func<int> Reader(DataViewRow row, DataViewSchema.Column? column)
    {
        if (column is not { } series)
            return () => 0;
        var reader = new SeriesNameReader(row, series);
        return () =>
        {
            int next = _byName.Count + (_withoutName is null ? 0 : 1);
            if (reader.Read() is not { } name)
                return _withoutName ??= next;
            if (!_byName.TryGetValue(name, out int number))
                _byName.Add(name, number = next);
            return number;
        };
    }
}
