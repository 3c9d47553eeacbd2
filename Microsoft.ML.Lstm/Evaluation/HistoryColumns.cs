using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Evaluation;

/// <summary>The columns of a data view that say what happened, and in which series.</summary>
internal sealed class HistoryColumns
{
    public HistoryColumns(IExceptionContext context, DataViewSchema schema, ForecastEvaluationOptions options)
    {
        Targets = Array.ConvertAll(options.TargetColumnNames, name => ColumnRole.ForecastTarget.Find(context, schema, name));
        Series = FindSeries(context, schema, options.SeriesColumnName);
    }

    public DataViewSchema.Column[] Targets { get; }

    /// <summary>The column that tells series apart; null if there is but one.</summary>
    public DataViewSchema.Column? Series { get; }

    public IEnumerable<DataViewSchema.Column> All => Series is { } series ? Targets.Append(series) : Targets;

    public static DataViewSchema.Column? FindSeries(IExceptionContext context, DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        DataViewSchema.Column series = ColumnRole.Series.Find(context, schema, name);
        if (TokenReader.VocabularyOf(series.Type) > TokenReader.MaxVocabulary)
            throw ColumnRole.Series.DimensionMismatch(context, series, $"at most {TokenReader.MaxVocabulary} keys");
        return series;
    }

    /// <summary>The error if another data view tells series apart by another type of column, so that they can't be matched.</summary>
    public void CheckSameSeries(IExceptionContext context, HistoryColumns other)
    {
        if (Series is { } series && series.Type is TextDataViewType != other.Series!.Value.Type is TextDataViewType)
            throw ColumnRole.Series.DimensionMismatch(context, other.Series.Value, $"{series.Type}, as in the evaluated data");
    }
}
