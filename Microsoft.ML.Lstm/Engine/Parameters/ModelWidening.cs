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
        if (old.Embeddings.Equals(shape.Embeddings) && old.Characters == shape.Characters && Equals(old.Classes, shape.Classes)
            && old.Target == shape.Target)
            return model;
        int[] classes = shape.Head == Head.NextToken
            ? [.. RowsOf(old.Embeddings[0], shape.Embeddings[0]).Skip(1).Select(number => number - 1)]
            : [.. KeysOf(shape.Classes, shape.OutputSize).Select(key => NumberIn(old.Classes, key) - 1)];
        var parameters = new ParameterSet(old with
        {
            Embeddings = shape.Embeddings,
            Characters = shape.Characters,
            Classes = shape.Classes,
            OutputSize = shape.OutputSize,
            AdaptiveSoftmax = old.AdaptiveSoftmax?.Renumber(classes),
            Target = shape.Target,
        });
        // A decoder has an output for each token and the boundary; the encoder's are the state that it begins with.
        int[] written = shape.Target is not { } target ? []
            : [.. RowsOf(old.Target!.Value.Table, target.Table).Skip(1).Select(row => row - 1)];
        EmbeddingShape[] before = [.. TablesOf(old)], now = [.. TablesOf(shape)];
        int table = 0;
        foreach (Parameter parameter in parameters.Parameters)
        {
            Parameter source = model.Parameters.Find(parameter.Name);
            int[]? rows = parameter.Role switch
            {
                ParameterRole.Embedding => RowsOf(before[table], now[table++]),
                ParameterRole.HeadWeight or ParameterRole.HeadBias when shape.Target is not null
                    => parameter.Rows == written.Length && parameter.Name.StartsWith("decoder.", StringComparison.Ordinal) ? written : null,
                ParameterRole.HeadWeight or ParameterRole.HeadBias or ParameterRole.Transitions or ParameterRole.EndTransitions
                    => old.AdaptiveSoftmax is null ? classes : null,
                ParameterRole.TailWeight when parameter.Rows > source.Rows => RowsOfLastTail(parameters.Shape.AdaptiveSoftmax!, classes),
                _ => null,
            };
            int[]? columns = parameter.Role == ParameterRole.Transitions ? classes : null;
            Copy(model.Parameters[source], parameters[parameter], source.Columns, parameter.Columns, rows, columns);
        }
        if (shape.Head == Head.NextToken && old.AdaptiveSoftmax is null)
            MakeSeldom(parameters[ParameterSet.HeadBias], classes);
        return model with
        {
            Parameters = parameters,
            OutputScaler = shape.OutputSize == old.OutputSize ? model.OutputScaler : AffineScaler.Identity(shape.OutputSize),
        };
    }

    private static IEnumerable<EmbeddingShape> TablesOf(NetworkShape shape)
    {
        IEnumerable<EmbeddingShape> all = shape.Characters is { } words ? shape.Embeddings.Append(words.Table) : shape.Embeddings;
        return shape.Target is { } target ? all.Append(target.Table) : all;
    }

    private static int[] RowsOf(EmbeddingShape old, EmbeddingShape shape) =>
    [
        0,
        .. KeysOf(shape.Keys, shape.Vocabulary).Select(key => NumberIn(old.Keys, key)),
        .. shape.HasBoundary ? new[] { old.Boundary } : [],
    ];

    /// <summary>The old row for each row of the last tail, which has the new classes; −1 for those.</summary>
    private static int[] RowsOfLastTail(AdaptiveSoftmaxShape clusters, int[] classes)
    {
        int next = 0;
        return [.. clusters.Tails[^1].Classes.Keys.Select(key => classes[key - 1] < 0 ? -1 : next++)];
    }

    /// <summary>Gives new tokens the bias of the seldomest: at 0, above most of the others, they would be expected everywhere.</summary>
    private static void MakeSeldom(Span<float> biases, int[] rows)
    {
        float least = 0;
        for (int i = 0; i < rows.Length; i++)
            least = rows[i] >= 0 ? Math.Min(least, biases[i]) : least;
        for (int i = 0; i < rows.Length; i++)
            biases[i] = rows[i] >= 0 ? biases[i] : least;
    }

    private static IEnumerable<int> KeysOf(KeySubset? keys, int count) => keys?.Keys ?? Enumerable.Range(1, count);

    private static int NumberIn(KeySubset? keys, int key) => keys is null ? key : keys.NumberOf(key);

    /// <summary>Copies a matrix row by row.</summary>
    /// <param name="source">The matrix, row-major.</param>
    /// <param name="target">Receives the elements; new rows and columns stay as they are.</param>
    /// <param name="sourceWidth">Columns of the source.</param>
    /// <param name="targetWidth">Columns of the target.</param>
    /// <param name="rows">The source's row for each row of the target, −1 for a new row; null for the same rows.</param>
    /// <param name="columns">The source's column for each column of the target, likewise.</param>
    private static void Copy(ReadOnlySpan<float> source, Span<float> target, int sourceWidth, int targetWidth, int[]? rows, int[]? columns)
    {
        for (int i = 0; i < target.Length / targetWidth; i++)
        {
            int row = rows is null ? i : rows[i];
            for (int j = 0; j < targetWidth && row >= 0; j++)
            {
                int column = columns is null ? j : columns[j];
                if (column >= 0)
                    target[i * targetWidth + j] = source[row * sourceWidth + column];
            }
        }
    }
}
