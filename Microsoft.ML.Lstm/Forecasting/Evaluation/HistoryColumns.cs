using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The columns of a data view that say what happened, when, and in which series.</summary>
internal sealed class HistoryColumns
{
    public HistoryColumns(IExceptionContext context, DataViewSchema schema, ForecastEvaluationOptions options)
    {
        Targets = Array.ConvertAll(options.TargetColumnNames, name => ColumnRole.ForecastTarget.Find(context, schema, name));
        Series = FindSeries(context, schema, options.SeriesColumnName);
        Time = options.TimeColumnName is { } time ? ColumnRole.Time.Find(context, schema, time) : null;
    }

    public DataViewSchema.Column[] Targets { get; }

    /// <summary>The column that tells series apart; null if there is but one.</summary>
    public DataViewSchema.Column? Series { get; }

    /// <summary>The column of times; null where rows follow each other without.</summary>
    public DataViewSchema.Column? Time { get; }

    /// <summary>Those that say where a row belongs: its series and its time.</summary>
    public IEnumerable<DataViewSchema.Column> Places => new[] { Series, Time }.OfType<DataViewSchema.Column>();

    public IEnumerable<DataViewSchema.Column> All => Targets.Concat(Places);

    public static DataViewSchema.Column? FindSeries(IExceptionContext context, DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        DataViewSchema.Column series = ColumnRole.Series.Find(context, schema, name);
        if (TokenReader.VocabularyOf(series.Type) > TokenReader.MaxVocabulary)
            throw ColumnRole.Series.DimensionMismatch(context, series, $"at most {TokenReader.MaxVocabulary} keys");
        return series;
    }

    /// <summary>
    /// The error if another data view has another type of series or time column, so that series can't be matched or times compared.
    /// </summary>
    public void CheckSameTypes(IExceptionContext context, HistoryColumns other)
    {
        if (Time is { } time && !time.Type.Equals(other.Time!.Value.Type))
            throw ColumnRole.Time.DimensionMismatch(context, other.Time.Value, $"{time.Type}, as in the evaluated data");
        if (Series is { } series && series.Type is TextDataViewType != other.Series!.Value.Type is TextDataViewType)
            throw ColumnRole.Series.DimensionMismatch(context, other.Series.Value, $"{series.Type}, as in the evaluated data");
    }
}
