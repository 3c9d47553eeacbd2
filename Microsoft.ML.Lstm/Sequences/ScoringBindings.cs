using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>A network bound to the columns of an input with a sequence a row.</summary>
internal sealed class ScoringBindings(IHost host, DataViewSchema inputSchema, Lazy<ScoringNetwork> network, SequenceInput input,
    IReadOnlyList<OutputColumn> outputs)
    : OutputBindings(inputSchema, outputs, input.Find(host, inputSchema))
{
    public IHost Host { get; } = host;

    public ScoringNetwork Network => network.Value;

    public SequenceInput Input { get; } = input;
}
