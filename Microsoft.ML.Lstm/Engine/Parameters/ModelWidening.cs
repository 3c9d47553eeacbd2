namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>Extends a trained network by tokens and classes that its training data did not have.</summary>
internal static class ModelWidening
{
    /// <summary>
    /// The model with the embedding tables and classes of <paramref name="shape"/>, vectors and outputs moved to the new numbers of their
    /// keys. A new token starts with the vector of the unknown token, which stood for it so far; a new class starts with weights of 0.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="shape">The shape with all keys of the model and more, of the same columns.</param>
    public static SequenceModel Widen(SequenceModel model, NetworkShape shape)
    {
        NetworkShape old = model.Shape;
        if (old.Embeddings.Equals(shape.Embeddings) && Equals(old.Classes, shape.Classes))
            return model;
        var parameters = new ParameterSet(old with
        {
            Embeddings = shape.Embeddings,
            Classes = shape.Classes,
            OutputSize = shape.OutputSize
        });
        int[] classes = [.. KeysOf(shape.Classes, shape.OutputSize).Select(key => NumberIn(old.Classes, key) - 1)];
        int table = 0;
        foreach (Parameter parameter in parameters.Parameters)
        {
            Parameter source = model.Parameters.Find(parameter.Name);
            int[]? rows = parameter.Role switch
            {
                ParameterRole.Embedding => RowsOf(old.Embeddings[table].Keys, shape.Embeddings[table++]),
                ParameterRole.HeadWeight or ParameterRole.HeadBias or ParameterRole.Transitions or ParameterRole.EndTransitions => classes,
                _ => null,
            };
            Copy(model.Parameters[source], parameters[parameter], parameter.Columns, source.Columns, rows,
                parameter.Role == ParameterRole.Transitions ? classes : null);
        }
        return model with
        {
            Parameters = parameters,
            OutputScaler = shape.OutputSize == old.OutputSize ? model.OutputScaler : AffineScaler.Identity(shape.OutputSize)
        };
    }

    private static int[] RowsOf(KeySubset? old, EmbeddingShape shape)
        => [0, .. KeysOf(shape.Keys, shape.Vocabulary).Select(key => NumberIn(old, key))];

    private static IEnumerable<int> KeysOf(KeySubset? keys, int count) => keys?.Keys ?? Enumerable.Range(1, count);

    private static int NumberIn(KeySubset? keys, int key) => keys is null ? key : keys.NumberOf(key);

    /// <summary>Copies the given rows, or all if null; −1 stands for a row or column that is new.</summary>
    private static void Copy(ReadOnlySpan<float> source, Span<float> target, int columns, int sourceColumns, int[]? rows, int[]? columnsOf)
    {
        for (int row = 0; row < target.Length / columns; row++)
        {
            int from = rows is null ? row : rows[row];
            for (int column = 0; column < columns && from >= 0; column++)
            {
                int fromColumn = columnsOf is null ? column : columnsOf[column];
                if (fromColumn >= 0)
                    target[row * columns + column] = source[from * sourceColumns + fromColumn];
            }
        }
    }
}
