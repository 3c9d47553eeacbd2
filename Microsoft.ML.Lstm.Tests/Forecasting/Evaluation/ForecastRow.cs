using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Forecasting.Evaluation;

/// <summary>A row of one series or several, with a forecast and its bounds.</summary>
internal sealed class ForecastRow
{
    public string Series { get; set; } = "";

    [KeyType(3)]
    public uint SeriesKey { get; set; }

    public DateTime Time { get; set; }

    public DateTimeOffset Offset { get; set; }

    public float Value { get; set; }

    public float Other { get; set; }

    public float[] Forecast { get; set; } = [];

    public float[] Lower { get; set; } = [];

    public float[] Upper { get; set; } = [];

    public static IDataView ToData(MLContext ml, IEnumerable<ForecastRow> rows, params int[] dimensions)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(ForecastRow));
        foreach (string column in new[] { nameof(Forecast), nameof(Lower), nameof(Upper) })
            schema[column].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimensions);
        return ml.Data.LoadFromEnumerable(rows, schema);
    }

    public static IDataView ToData(MLContext ml, float[] values, float[][] forecasts)
        => ToData(ml, values.Zip(forecasts,
            (value, forecast) => new ForecastRow { Value = value, Forecast = forecast, Lower = forecast, Upper = forecast }),
            forecasts[0].Length);
}
