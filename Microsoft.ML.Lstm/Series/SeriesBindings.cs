using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Series;

/// <summary>A <see cref="SeriesTransformer"/> bound to the columns of an input.</summary>
internal sealed class SeriesBindings : OutputBindings
{
    public SeriesBindings(IHost host, DataViewSchema inputSchema, ForecastModel model, SeriesColumns columns,
        IReadOnlyList<OutputColumn> outputs)
        : this(host, inputSchema, outputs, new BoundSeriesColumns(host, inputSchema, columns))
    {
        Horizon = model.Layout.Horizon;
        Require(columns.PastCovariates, Source.PastCovariates, model.Layout.PastCovariates);
        Require(columns.KnownCovariates, Source.KnownCovariates, model.Layout.KnownCovariates);
        if (columns.Statics is { } statics && Source.StaticSize != model.Scaling.Statics.Size)
            throw ColumnRole.StaticFeature.DimensionMismatch(host, inputSchema[statics],
                $"{model.Scaling.Statics.Size} values, as in the training data");

        void Require(string[] names, int found, int expected)
        {
            if (found != expected)
                throw ColumnRole.Covariate.DimensionMismatch(host, inputSchema[names[^1]],
                    $"{expected} values in all of the columns {string.Join(", ", names)}, as in the training data");
        }
    }

    private SeriesBindings(IHost host, DataViewSchema inputSchema, IReadOnlyList<OutputColumn> outputs, BoundSeriesColumns source)
        : base(host, inputSchema, outputs.Select(output => output.AddedTo(inputSchema)))
        => (Source, Outputs) = (source, outputs);

    public BoundSeriesColumns Source { get; }

    public IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>H: steps of a forecast.</summary>
    public int Horizon { get; }

    /// <summary>The time between rows where gaps are filled; null where they are not.</summary>
    public RowInterval? FilledGaps { get; init; }

    protected override IEnumerable<DataViewSchema.Column> SourcesOf(DataViewSchema.Column ownColumn) => Source.All;
}
