using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Looks up the tokens of each step: behind a step's numeric features, for each token column, the row of its table. The
/// gradient of a row is the sum over all steps that read it.
/// </summary>
internal sealed class EmbeddingLayer(ParameterSet parameters)
{
    private readonly Parameter[] _tables = [.. parameters.Parameters.Where(parameter => parameter.Role == ParameterRole.Embedding)];

    /// <summary>Copies the rows of one step's tokens, one a table, to <paramref name="embedded"/>.</summary>
    public void LookUp(ReadOnlySpan<int> tokens, Span<float> embedded)
    {
        for (int i = 0; i < _tables.Length; i++)
        {
            Parameter table = _tables[i];
            parameters[table].Slice(tokens[i] * table.Columns, table.Columns).CopyTo(embedded);
            embedded = embedded[table.Columns..];
        }
    }

    /// <summary>Adds the gradient of what <see cref="LookUp"/> gave to those of the rows that it read and that are not frozen.</summary>
    public void Backward(ReadOnlySpan<int> tokens, ReadOnlySpan<float> dEmbedded, Gradient gradient)
    {
        for (int i = 0; i < _tables.Length; i++)
        {
            Parameter table = _tables[i];
            if (!gradient.IsFrozen(i, tokens[i]))
            {
                Span<float> row = gradient.Row(i, tokens[i]);
                TensorPrimitives.Add(row, dEmbedded[..table.Columns], row);
            }
            dEmbedded = dEmbedded[table.Columns..];
        }
    }
}
