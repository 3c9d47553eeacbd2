using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>A network bound to the columns of an input with a sequence a row.</summary>
internal sealed class ScoringBindings(IHost host, DataViewSchema inputSchema, Lazy<ScoringNetwork> network, SequenceInput input, IReadOnlyList<OutputColumn> outputs)
    : OutputBindings(inputSchema, outputs, input.Find(host, inputSchema))
{
    public IHost Host { get; } = host;

    public ScoringNetwork Network => network.Value;

    public SequenceInput Input { get; } = input;
}
