namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>Brings a trained network to the keys of other data: to their numbers, and with those that it did not know.</summary>
internal static class ModelWidening
{
    /// <summary>
    /// The model with the embedding tables and classes of <paramref name="shape"/>, vectors and outputs moved to the new numbers of their
    /// keys. A new token starts with the vector of the unknown token, which stood for it so far; a new class starts with weights of 0.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="shape">The shape with all keys of the model that the data has and more, of the same columns.</param>
    /// <param name="matches">Which keys of the data are those of the model.</param>
    /// <exception cref="ArgumentException">A cluster of an adaptive softmax would be empty.</exception>
    public static SequenceModel Widen(SequenceModel model, NetworkShape shape, KeyMatches matches)
    {
        NetworkShape old = model.Shape;
        int[][] tokens = [.. shape.Embeddings.Select((table, i) => RowsOf(old.Embeddings[i], table, matches.Tokens[i]))];
        int[] classes = shape.Head == Head.NextToken
            ? [.. tokens[0].Skip(1).Select(number => number - 1)]
            : shape.Target is not null ? [] : ClassesOf(old, shape, matches.Labels);
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
        int[][] written = shape.Target is { } target ? [RowsOf(old.Target!.Value.Table, target.Table, matches.Labels!)] : [];
        int[][] characters = shape.Characters is { } words ? [RowsOf(old.Characters!.Value.Table, words.Table)] : [];
        Queue<int[]> tables = new([.. tokens, .. characters, .. written]);
        int[] outputs = shape.Target is not { } writing ? []
            : [.. written[0].Skip(1).Select(row => row - 1), .. writing.WritesUnknown ? new[] { old.Target!.Value.OutputSize - 1 } : []];
        foreach (Parameter parameter in parameters.Parameters)
        {
            Parameter source = model.Parameters.Find(parameter.Name);
            int[]? rows = parameter.Role switch
            {
                ParameterRole.Embedding => tables.Dequeue(),
                ParameterRole.HeadWeight or ParameterRole.HeadBias when shape.Target is not null
                    => parameter.IsOfDecoder ? outputs : null,
                ParameterRole.HeadWeight or ParameterRole.HeadBias when old.AdaptiveSoftmax is { } clusters
                    => RowsOfHead(clusters, parameters.Shape.AdaptiveSoftmax!, classes),
                ParameterRole.HeadWeight or ParameterRole.HeadBias or ParameterRole.Transitions or ParameterRole.EndTransitions => classes,
                ParameterRole.TailWeight => RowsOfTail(TailOf(parameter, old), TailOf(parameter, parameters.Shape), classes),
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

    /// <summary>The old row for each row of a table of embeddings; that of the unknown token for a new one.</summary>
    /// <param name="old">The old table.</param>
    /// <param name="shape">The new table.</param>
    /// <param name="match">Which keys are those of the old table; null for the same.</param>
    public static int[] RowsOf(EmbeddingShape old, EmbeddingShape shape, KeyMatch? match = null) =>
    [
        0,
        .. KeysOf(shape.Keys, shape.Vocabulary).Select((match ?? KeyMatch.OfSame(old.Keys, old.KeyCount)).NumberOf),
        .. shape.HasBoundary ? new[] { old.Boundary } : [],
    ];

    /// <summary>Copies a matrix row by row.</summary>
    /// <param name="source">The matrix, row-major.</param>
    /// <param name="target">Receives the elements; new rows and columns stay as they are.</param>
    /// <param name="sourceWidth">Columns of the source.</param>
    /// <param name="targetWidth">Columns of the target.</param>
    /// <param name="rows">The source's row for each row of the target, −1 for a new row; null for the same rows.</param>
    /// <param name="columns">The source's column for each column of the target, likewise.</param>
    public static void Copy(ReadOnlySpan<float> source, Span<float> target, int sourceWidth, int targetWidth, int[]? rows, int[]? columns)
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

    /// <summary>The old output of each output, −1 for a new class.</summary>
    private static int[] ClassesOf(NetworkShape old, NetworkShape shape, KeyMatch? match)
    {
        // The first output of a frame is the blank.
        int blanks = shape.Head == Head.Ctc ? 1 : 0;
        match ??= KeyMatch.OfSame(old.Classes, old.ClassCount);
        return
        [
            .. Enumerable.Range(0, blanks),
            .. KeysOf(shape.Classes, shape.OutputSize - blanks)
                .Select(key => match.NumberOf(key) is var number and > 0 ? number - 1 + blanks : -1),
        ];
    }

    private static KeySubset TailOf(Parameter parameter, NetworkShape shape)
        => shape.AdaptiveSoftmax!.Tails.Where((_, i) => ParameterSet.TailWeight(i) == parameter.Name).Single().Classes;

    /// <summary>The old row for each class of a cluster; −1 for a new one.</summary>
    private static int[] RowsOfTail(KeySubset old, KeySubset tail, int[] classes)
        => [.. tail.Keys.Select(key => classes[key - 1] < 0 ? -1 : old.NumberOf(classes[key - 1] + 1) - 1)];

    /// <summary>The old row for each class of the first cluster and, behind them, for each tail.</summary>
    private static int[] RowsOfHead(AdaptiveSoftmaxShape old, AdaptiveSoftmaxShape clusters, int[] classes) =>
    [
        .. RowsOfTail(old.Shortlist, clusters.Shortlist, classes),
        .. Enumerable.Range(old.Shortlist.Count, old.Tails.Count),
    ];

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
}
