using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>A network bound to the columns of an input that has a sequence in each row.</summary>
internal sealed class ScoringBindings(IHost host, DataViewSchema inputSchema, Lazy<ScoringNetwork> network, SequenceInput input,
    IReadOnlyList<OutputColumn> outputs)
    : OutputBindings(host, inputSchema, outputs.Select(output => output.AddedTo(inputSchema)))
{
    public ScoringNetwork Network => network.Value;

    public SequenceInput Input { get; } = input;

    /// <summary>The columns of the input that the network reads.</summary>
    public DataViewSchema.Column[] InputColumns { get; } = input.Find(host, inputSchema);

    public IReadOnlyList<OutputColumn> Outputs { get; } = outputs;

    /// <summary>What scores single rows.</summary>
    public IRowToRowMapper ToRowMapper() => new OutputRowMapper(this, row =>
    {
        var scorer = new SingleRowScorer(this, row);
        return output => Outputs[output].CreateGetter(scorer);
    });

    protected override IEnumerable<DataViewSchema.Column> SourcesOf(DataViewSchema.Column ownColumn) => InputColumns;
}
