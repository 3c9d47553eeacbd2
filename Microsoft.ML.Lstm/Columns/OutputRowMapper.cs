using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Adds a transformer's columns to single rows, as a PredictionEngine asks for them.</summary>
/// <param name="bindings">The transformer, bound to the columns of the input.</param>
/// <param name="createGetters">Makes, for an input row, what makes the <see cref="ValueGetter{TValue}"/> of an own column, given its index
/// among the own columns.</param>
internal sealed class OutputRowMapper(OutputBindings bindings, Func<DataViewRow, Func<int, Delegate>> createGetters) : IRowToRowMapper
{
    public DataViewSchema InputSchema => bindings.InputSchema;

    public DataViewSchema OutputSchema => bindings.OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => bindings.Dependencies(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Schema != InputSchema)
            throw new ArgumentException("The row's schema is not the one that this mapper was made for.", nameof(input));
        return new OutputRow(bindings, input, activeColumns, createGetters(input));
    }
}
