using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Looks up the tokens of each step, one a table; their embeddings stand behind the step's numeric features. The gradient of a table's row
/// is the sum over all steps that read it.
/// </summary>
/// <param name="parameters">The network's parameters.</param>
/// <param name="firstTable">The number of the network's first table among those of the gradient; a decoder's are behind the
/// encoder's.</param>
internal sealed class EmbeddingLookup(ParameterSet parameters, int firstTable = 0)
{
    /// <summary>Copies the rows of one step's tokens, one a table, to <paramref name="embedded"/>.</summary>
    public void LookUp(ReadOnlySpan<int> tokens, Span<float> embedded)
    {
        for (int i = 0; i < parameters.Shape.Embeddings.Count; i++)
        {
            ReadOnlySpan<float> row = parameters.Row(parameters.Embeddings[i], tokens[i]);
            row.CopyTo(embedded);
            embedded = embedded[row.Length..];
        }
    }

    /// <summary>Adds the gradient of the embeddings of one step to the rows that <see cref="LookUp"/> read, except frozen rows.</summary>
    public void Backward(ReadOnlySpan<int> tokens, ReadOnlySpan<float> dEmbedded, Gradient gradient)
    {
        for (int i = 0; i < parameters.Shape.Embeddings.Count; i++)
        {
            int size = parameters.Embeddings[i].Columns;
            if (!gradient.IsFrozen(firstTable + i, tokens[i]))
            {
                Span<float> row = gradient.Row(firstTable + i, tokens[i]);
                TensorPrimitives.Add(row, dEmbedded[..size], row);
            }
            dEmbedded = dEmbedded[size..];
        }
    }
}
