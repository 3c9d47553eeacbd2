using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The gradient of all parameters. Embeddings have a sparse gradient, unless they are the head's weights too: only rows of tokens that
/// occurred in the batch have one; all other rows stay zero and are never read.
/// </summary>
/// <remarks>
/// Optimizers read the gradient piece by piece, and threads share the pieces: first the pieces of the dense parameters, then the touched
/// rows of embeddings in the order in which they were touched.
/// </remarks>
internal sealed class Gradient
{
    private const int PieceLength = 1024;

    private readonly int _densePieces;
    private readonly Parameter[] _tables;

    // Tables that are the head's weights too are dense.
    private readonly bool _areDense;
    private readonly bool[][] _isTouched;
    private readonly bool[][] _wasTouched;
    private readonly bool[][] _isFrozen;
    private (int Table, int Row)[] _touched = [];
    private int _touchedCount;

    public Gradient(NetworkShape shape)
    {
        Parameters = new ParameterSet(shape);
        _densePieces = (Parameters.DenseLength + PieceLength - 1) / PieceLength;
        _tables = Parameters.Embeddings;
        _areDense = shape.TiesHead;
        _isTouched = [.. _tables.Select(table => new bool[table.Rows])];
        _wasTouched = [.. _tables.Select(table => new bool[table.Rows])];
        _isFrozen = [.. _tables.Select(table => new bool[table.Rows])];
    }

    /// <summary>The values, in the layout of the parameters.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Whether there are embeddings of which a batch has only the rows that occur in it.</summary>
    public bool HasSparseRows => _tables.Length > 0 && !_areDense;

    /// <summary>The rows of embeddings that occur in the batch, in the order in which they were touched.</summary>
    public ReadOnlySpan<(int Table, int Row)> TouchedRows => _touched.AsSpan(0, _touchedCount);

    /// <summary>The number of pieces that may be nonzero.</summary>
    public int Pieces => _densePieces + _touchedCount;

    /// <summary>The largest possible number of pieces.</summary>
    public int MaxPieces => _densePieces + _tables.Sum(table => table.Rows);

    /// <summary>The place of piece <paramref name="index"/> in the values.</summary>
    public (int Start, int Length) Piece(int index)
    {
        if (index < _densePieces)
            return (index * PieceLength, Math.Min(PieceLength, Parameters.DenseLength - index * PieceLength));
        (int table, int row) = _touched[index - _densePieces];
        return (_tables[table].Offset + row * _tables[table].Columns, _tables[table].Columns);
    }

    /// <summary>
    /// Freezes row <paramref name="row"/> of embedding table <paramref name="table"/>: it has no gradient from now on and keeps its value.
    /// </summary>
    public void Freeze(int table, int row) => _isFrozen[table][row] = true;

    /// <summary>Whether a row has had a gradient in any batch; of dense tables each row but that of the unknown token has one.</summary>
    public bool WasTouched(int table, int row) => _wasTouched[table][row] || (_areDense && row > 0);

    /// <summary>Whether a row is frozen.</summary>
    public bool IsFrozen(int table, int row) => _isFrozen[table][row];

    /// <summary>The gradient of row <paramref name="row"/> of embedding table <paramref name="table"/>, to add to.</summary>
    public Span<float> Row(int table, int row)
    {
        if (!_isTouched[table][row])
        {
            _isTouched[table][row] = true;
            _wasTouched[table][row] = true;
            if (_areDense)
                return Parameters.Row(_tables[table], row);
            if (_touchedCount == _touched.Length)
                Array.Resize(ref _touched, FloatBuffer.Grow(_touched.Length, Math.Max(64, _touchedCount + 1)));
            _touched[_touchedCount++] = (table, row);
        }
        return Parameters.Row(_tables[table], row);
    }

    /// <summary>Sets all values to zero.</summary>
    public void Clear()
    {
        for (int i = 0; i < Pieces; i++)
        {
            (int start, int length) = Piece(i);
            Parameters.Values.AsSpan(start, length).Clear();
        }
        Forget();
    }

    /// <summary>Sets the touched rows to zero, and marks them as untouched.</summary>
    public void ClearRows()
    {
        foreach ((int table, int row) in TouchedRows)
            Parameters.Row(_tables[table], row).Clear();
        Forget();
    }

    /// <summary>Notes that a row has had a gradient elsewhere.</summary>
    public void Reach(int table, int row) => _wasTouched[table][row] = true;

    /// <summary>Marks all rows as untouched, after the reader of the pieces has set them to zero.</summary>
    public void Forget()
    {
        for (int i = 0; i < _touchedCount; i++)
            _isTouched[_touched[i].Table][_touched[i].Row] = false;
        _touchedCount = 0;
    }
}
