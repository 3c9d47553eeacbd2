using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>
/// A network bound to the columns of an input: the output has the columns of the input at the same indices, and behind them
/// the network's own.
/// </summary>
internal sealed class ScoringBindings
{
    private readonly IReadOnlyList<OutputColumn> _outputs;
    private readonly Lazy<ScoringNetwork> _network;

    public ScoringBindings(IExceptionContext context, DataViewSchema inputSchema, Lazy<ScoringNetwork> network, SequenceInput input, IReadOnlyList<OutputColumn> outputs)
    {
        _outputs = outputs;
        _network = network;
        Input = input;
        InputSchema = inputSchema;
        SequenceColumns = input.Find(context, inputSchema);

        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        foreach (OutputColumn output in outputs)
            builder.AddColumn(output.Name, output.Type, output.Annotate(inputSchema));
        OutputSchema = builder.ToSchema();
    }

    public ScoringNetwork Network => _network.Value;

    public SequenceInput Input { get; }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The columns of the input that the network reads.</summary>
    public DataViewSchema.Column[] SequenceColumns { get; }

    /// <summary>Whether any of these columns of the output is the network's own.</summary>
    public bool NeedNetwork(IEnumerable<DataViewSchema.Column> outputColumns)
        => outputColumns.Any(column => column.Index >= InputSchema.Count);

    /// <summary>The columns of the input that are passed on as these columns of the output.</summary>
    public IEnumerable<DataViewSchema.Column> PassedOn(IEnumerable<DataViewSchema.Column> outputColumns)
        => outputColumns.Where(column => column.Index < InputSchema.Count).Select(column => InputSchema[column.Index]);

    /// <summary>Getters for those of these columns that are the network's own, at the columns' indices.</summary>
    public Delegate?[] CreateGetters(IEnumerable<DataViewSchema.Column> outputColumns, ScoredRow row)
    {
        var getters = new Delegate?[OutputSchema.Count];
        foreach (DataViewSchema.Column column in outputColumns)
        {
            if (column.Index >= InputSchema.Count)
                getters[column.Index] = _outputs[column.Index - InputSchema.Count].CreateGetter(row);
        }
        return getters;
    }
}
