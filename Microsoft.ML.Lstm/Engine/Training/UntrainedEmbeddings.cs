using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// Replaces the embeddings that training has not reached: such a token gets the embedding of the unknown token, and where that is untrained
/// too, the mean of the trained embeddings.
/// </summary>
internal sealed class UntrainedEmbeddings
{
    private readonly ParameterSet _parameters;
    private readonly Gradient _gradient;
    private readonly Parameter[] _tables;

    // For each row of each table whether it was trained, or pretrained, before this training.
    private readonly bool[][] _isKnown;
    private float[] _own = [];

    /// <param name="parameters">The parameters as they are before training.</param>
    /// <param name="gradient">The gradient, which knows the rows that training has reached.</param>
    /// <param name="pretrained">The pretrained embeddings; null for none.</param>
    /// <param name="wasTrained">Whether the parameters come from a model that was trained before.</param>
    /// <param name="isFrozen">Whether a table came with trained embeddings and keeps them all.</param>
    public UntrainedEmbeddings(ParameterSet parameters, Gradient gradient, IReadOnlyList<PretrainedEmbeddings?>? pretrained,
        bool wasTrained, Func<Parameter, bool> isFrozen)
    {
        _parameters = parameters;
        _gradient = gradient;
        _tables = parameters.Embeddings;
        _isKnown = [.. _tables.Select(table => new bool[table.Rows])];
        for (int table = 0; table < _tables.Length; table++)
        {
            if (wasTrained)
                FindTrained(table);
            // Characters are not pretrained.
            foreach (int token in pretrained?.ElementAtOrDefault(table)?.Tokens ?? [])
                _isKnown[table][token] = true;
            if (isFrozen(_tables[table]))
                _isKnown[table].AsSpan().Fill(true);
        }
    }

    /// <summary>
    /// The rows, numbered over all tables, that neither this training nor one before it has reached. A resumed training sets the rows of
    /// the interrupted one.
    /// </summary>
    public int[] Unreached
    {
        get => [.. Rows().Where(row => !IsKnown(row.Table, row.Row)).Select(row => row.Number)];
        set
        {
            var unreached = value.ToHashSet();
            foreach ((int table, int row, int number) in Rows())
                _isKnown[table][row] = !unreached.Contains(number);
        }
    }

    /// <summary>
    /// Replaces the untrained embeddings while the model is measured and kept. Training goes on with the original ones: a token that this
    /// epoch dropped each time starts from its own random numbers when the next epoch reaches it.
    /// </summary>
    public void BeginMeasuring()
    {
        _own = [.. Unreached.SelectMany(number => RowOf(number).ToArray())];
        Replace();
    }

    /// <summary>Restores the embeddings that <see cref="BeginMeasuring"/> replaced.</summary>
    public void EndMeasuring()
    {
        ReadOnlySpan<float> own = _own;
        foreach (int number in Unreached)
        {
            Span<float> row = RowOf(number);
            own[..row.Length].CopyTo(row);
            own = own[row.Length..];
        }
    }

    /// <summary>Replaces the embeddings that training has not reached so far.</summary>
    public void Replace()
    {
        for (int table = 0; table < _tables.Length; table++)
        {
            Span<float> unknown = Row(table, 0);
            if (!IsKnown(table, 0) && !TryMean(table, unknown))
                unknown.Clear();
            for (int row = 1; row < _tables[table].Rows; row++)
            {
                if (!IsKnown(table, row))
                    unknown.CopyTo(Row(table, row));
            }
        }
    }

    /// <summary>
    /// Finds the trained rows of an earlier model: an untrained row has the same bits as the row of the unknown token, and an untrained row
    /// of the unknown token is the mean of the trained rows.
    /// </summary>
    private void FindTrained(int table)
    {
        bool[] isKnown = _isKnown[table];
        for (int row = 1; row < isKnown.Length; row++)
            isKnown[row] = !Row(table, row).SequenceEqual(Row(table, 0));
        float[] mean = new float[_tables[table].Columns];
        isKnown[0] = !TryMean(table, mean) || !mean.AsSpan().SequenceEqual(Row(table, 0));
    }

    private IEnumerable<(int Table, int Row, int Number)> Rows()
    {
        int number = 0;
        for (int table = 0; table < _tables.Length; table++)
        {
            for (int row = 0; row < _tables[table].Rows; row++)
                yield return (table, row, number++);
        }
    }

    private Span<float> RowOf(int number)
    {
        int table = 0;
        while (number >= _tables[table].Rows)
            number -= _tables[table++].Rows;
        return Row(table, number);
    }

    private bool IsKnown(int table, int row) => _isKnown[table][row] || _gradient.WasTouched(table, row);

    private bool TryMean(int table, Span<float> mean)
    {
        double[] sum = new double[mean.Length];
        int count = 0;
        for (int row = 1; row < _tables[table].Rows; row++)
        {
            if (!IsKnown(table, row))
                continue;
            count++;
            ReadOnlySpan<float> vector = Row(table, row);
            for (int i = 0; i < sum.Length; i++)
                sum[i] += vector[i];
        }
        for (int i = 0; i < sum.Length && count > 0; i++)
            mean[i] = (float)(sum[i] / count);
        return count > 0;
    }

    private Span<float> Row(int table, int row) => _parameters.Row(_tables[table], row);
}
