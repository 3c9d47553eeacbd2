using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>Builds the table of <see cref="LstmForecastingTransformer.Forecast"/>: a row for each step ahead of each series.</summary>
/// <param name="environment">The environment of the table.</param>
internal sealed class SeriesForecastTable(IHostEnvironment environment)
{
    private readonly ArrayDataViewBuilder _builder = new(environment);

    public void AddTexts(string name, IEnumerable<string> values) => _builder.AddColumn(name, [.. values]);

    public void AddNumbers(string name, IEnumerable<int> values) => _builder.AddColumn(name, NumberDataViewType.Int32, [.. values]);

    public void AddTimes(string name, IEnumerable<DateTimeOffset> values, bool haveOffsets)
    {
        if (haveOffsets)
            _builder.AddColumn(name, DateTimeOffsetDataViewType.Instance, values.ToArray());
        else
            _builder.AddColumn(name, DateTimeDataViewType.Instance, values.Select(value => value.DateTime).ToArray());
    }

    /// <summary>Adds a column of numbers or, with several values a row, of vectors.</summary>
    public void AddValues(string name, IReadOnlyCollection<float[]> rows, int size)
    {
        if (size == 1)
            _builder.AddColumn(name, NumberDataViewType.Single, rows.Select(row => row[0]).ToArray());
        else
            _builder.AddColumn(name, NumberDataViewType.Single, rows.ToArray());
    }

    public IDataView ToDataView() => _builder.GetDataView();
}
