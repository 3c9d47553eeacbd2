using Microsoft.ML.Lstm.Engine.Kernels;


namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The gradient of all parameters. Of the embeddings only the rows of tokens that occurred have one: the others stay zero,
/// and nobody looks at them.
/// </summary>
/// <remarks>
/// Whoever goes through it does so by pieces, for threads to share: those of the dense parameters, then the touched rows in the
/// order in which they were touched.
/// </remarks>
internal sealed class Gradient
{
    private const int PieceLength = 1024;

    private readonly int _densePieces;
    private readonly Parameter[] _tables;
    private readonly bool[][] _isTouched;
    private readonly bool[][] _wasTouched;
    private readonly bool[][] _isFrozen;
    private (int Table, int Row)[] _touched = [];
    private int _touchedCount;

    public Gradient(NetworkShape shape)
    {
        Parameters = new ParameterSet(shape);
        _densePieces = (Parameters.DenseLength + PieceLength - 1) / PieceLength;
        _tables = [.. Parameters.Parameters.Where(parameter => parameter.Role == ParameterRole.Embedding)];
        _isTouched = [.. _tables.Select(table => new bool[table.Rows])];
        _wasTouched = [.. _tables.Select(table => new bool[table.Rows])];
        _isFrozen = [.. _tables.Select(table => new bool[table.Rows])];
    }

    /// <summary>The values, laid out as the parameters.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Pieces that may not be zero.</summary>
    public int Pieces => _densePieces + _touchedCount;

    /// <summary>The most pieces there can be.</summary>
    public int MaxPieces => _densePieces + _tables.Sum(table => table.Rows);

    /// <summary>Where piece <paramref name="index"/> is.</summary>
    public (int Start, int Length) Piece(int index)
    {
        if (index < _densePieces)
            return (index * PieceLength, Math.Min(PieceLength, Parameters.DenseLength - index * PieceLength));
        (int table, int row) = _touched[index - _densePieces];
        return (_tables[table].Offset + row * _tables[table].Columns, _tables[table].Columns);
    }

    /// <summary>
    /// From now on row <paramref name="row"/> of table of embeddings <paramref name="table"/> has no gradient: it stays as it is.
    /// </summary>
    public void Freeze(int table, int row) => _isFrozen[table][row] = true;

    /// <summary>Whether a row ever had a gradient.</summary>
    public bool WasTouched(int table, int row) => _wasTouched[table][row];

    /// <summary>Whether a row has no gradient.</summary>
    public bool IsFrozen(int table, int row) => _isFrozen[table][row];

    /// <summary>Row <paramref name="row"/> of table of embeddings <paramref name="table"/>, to add to.</summary>
    public Span<float> Row(int table, int row)
    {
        if (!_isTouched[table][row])
        {
            _isTouched[table][row] = true;
            _wasTouched[table][row] = true;
            if (_touchedCount == _touched.Length)
                Array.Resize(ref _touched, FloatBuffer.Grow(_touched.Length, Math.Max(64, _touchedCount + 1)));
            _touched[_touchedCount++] = (table, row);
        }
        Parameter parameter = _tables[table];
        return Parameters.Values.AsSpan(parameter.Offset + row * parameter.Columns, parameter.Columns);
    }

    /// <summary>Zero again.</summary>
    public void Clear()
    {
        for (int i = 0; i < Pieces; i++)
        {
            (int start, int length) = Piece(i);
            Parameters.Values.AsSpan(start, length).Clear();
        }
        Forget();
    }

    /// <summary>No row counts as touched any more, after whoever went through the pieces has left them zero.</summary>
    public void Forget()
    {
        for (int i = 0; i < _touchedCount; i++)
            _isTouched[_touched[i].Table][_touched[i].Row] = false;
        _touchedCount = 0;
    }
}
