using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Series;

/// <summary>The columns of a schema that rows of series are read from, and how many numbers they hold.</summary>
internal sealed class BoundSeriesColumns
{
    public BoundSeriesColumns(IExceptionContext context, DataViewSchema schema, SeriesColumns columns)
    {
        Numbers = [.. columns.Numbers.Select((name, i) => Find(RoleOf(columns, i), name))];
        Known = Numbers[(columns.Targets.Length + columns.PastCovariates.Length)..];
        Statics = columns.Statics is { } statics ? Find(ColumnRole.StaticFeature, statics) : null;
        Time = columns.Time is { } time ? ColumnRole.Time.Find(context, schema, time) : null;
        Series = columns.Series is { } series ? ColumnRole.Series.Find(context, schema, series) : null;
        Targets = columns.Targets.Length;
        PastCovariates = SizeOf(Numbers.Skip(Targets).Take(columns.PastCovariates.Length));
        KnownCovariates = SizeOf(Known);
        StaticSize = Statics is { } column ? NumberReader.SizeOf(column.Type) : 0;

        DataViewSchema.Column Find(ColumnRole role, string name)
        {
            DataViewSchema.Column found = role.Find(context, schema, name);
            return NumberReader.SizeOf(found.Type) > 0 ? found : throw role.DimensionMismatch(context, found, "a vector of known size");
        }

        static int SizeOf(IEnumerable<DataViewSchema.Column> columns) => columns.Sum(column => NumberReader.SizeOf(column.Type));
    }

    /// <summary>The columns of targets, past covariates and known covariates, in this order.</summary>
    public DataViewSchema.Column[] Numbers { get; }

    /// <summary>The columns of known covariates, the last of <see cref="Numbers"/>.</summary>
    public DataViewSchema.Column[] Known { get; }

    public DataViewSchema.Column? Statics { get; }

    public DataViewSchema.Column? Time { get; }

    public DataViewSchema.Column? Series { get; }

    /// <summary>D: targets.</summary>
    public int Targets { get; }

    /// <summary>P: numbers in the columns of past covariates.</summary>
    public int PastCovariates { get; }

    /// <summary>K: numbers in the columns of known covariates.</summary>
    public int KnownCovariates { get; }

    /// <summary>S: static features.</summary>
    public int StaticSize { get; }

    /// <summary>All columns, each once.</summary>
    public IEnumerable<DataViewSchema.Column> All
        => Numbers.Concat(new[] { Statics, Time, Series }.OfType<DataViewSchema.Column>()).DistinctBy(column => column.Index);

    /// <summary>Throws if <paramref name="schema"/> lacks one of <paramref name="columns"/>, or has it with another type.</summary>
    public static void Check(IExceptionContext context, SchemaShape schema, SeriesColumns columns)
    {
        foreach ((int index, string name) in columns.Numbers.Index())
            RoleOf(columns, index).Find(context, schema, name);
        if (columns.Time is { } time)
            ColumnRole.Time.Find(context, schema, time);
        if (columns.Series is { } series)
            ColumnRole.Series.Find(context, schema, series);
        if (columns.Statics is { } statics)
            ColumnRole.StaticFeature.Find(context, schema, statics);
    }

    /// <summary>Throws if a column has another size, or another type of times, than in <paramref name="other"/>.</summary>
    public void RequireTypesOf(IExceptionContext context, BoundSeriesColumns other)
    {
        foreach ((DataViewSchema.Column column, DataViewSchema.Column expected) in Numbers.Zip(other.Numbers))
            Require(ColumnRole.Covariate, column, expected);
        if (Statics is { } statics)
            Require(ColumnRole.StaticFeature, statics, other.Statics!.Value);
        if (Time is { } time && !time.Type.Equals(other.Time!.Value.Type))
            throw ColumnRole.Time.DimensionMismatch(context, time, $"{other.Time.Value.Type}, as in the training data");

        void Require(ColumnRole role, DataViewSchema.Column column, DataViewSchema.Column expected)
        {
            if (NumberReader.SizeOf(column.Type) != NumberReader.SizeOf(expected.Type))
                throw role.DimensionMismatch(context, column, $"{expected.Type}, as in the training data");
        }
    }

    /// <summary>The role of the column at an index of <see cref="Numbers"/>.</summary>
    private static ColumnRole RoleOf(SeriesColumns columns, int index)
        => index < columns.Targets.Length ? ColumnRole.ForecastTarget : ColumnRole.Covariate;
}
