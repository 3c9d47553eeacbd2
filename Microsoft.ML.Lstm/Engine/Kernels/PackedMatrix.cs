using System.Numerics;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>A matrix that is packed panel by panel from a parameter.</summary>
internal abstract class PanelMatrix
{
    public abstract int Panels { get; }

    /// <summary>
    /// Packs all panels: the element (k, n) becomes the parameter's element at the sum of row k's and column n's offsets, times the
    /// column's factor.
    /// </summary>
    public void Pack(ReadOnlySpan<float> parameter)
    {
        for (int panel = 0; panel < Panels; panel++)
            PackPanel(parameter, panel);
    }

    /// <summary>Packs one panel.</summary>
    public abstract void PackPanel(ReadOnlySpan<float> parameter, int panel);
}

/// <summary>
/// A matrix B [K x N] in the order in which the kernels read it: panels of a few vectors of columns, each panel contiguous from its first
/// row to its last. Its elements come from a parameter, at indices that are the sum of a row's and a column's offset.
/// </summary>
/// <param name="rowOffsets">The offset of each of the K rows in the parameter; −1 for a row of zeros.</param>
/// <param name="columnOffsets">The offset of each of the N columns; −1 for a column of zeros.</param>
/// <param name="panelColumns">Columns of a panel; the last may have fewer.</param>
/// <param name="columnFactors">The factor of each column's elements; null for 1.</param>
internal sealed unsafe class PackedMatrix(int[] rowOffsets, int[] columnOffsets, int panelColumns, float[]? columnFactors = null)
    : PanelMatrix
{
    // Rows of a panel that are packed together. They stay in the first-level cache (16 KB of vectors of 512 bits) while the parameter's
    // elements, which are neighbours along K, are read a few cache lines of each column at a time.
    private const int BlockRows = 64;

    private readonly FloatBuffer _buffer = new((long)rowOffsets.Length * columnOffsets.Length);

    public float* Pointer => _buffer.Pointer;

    /// <summary>The offsets of some rows or columns.</summary>
    public static int[] Offsets(int count, Func<int, int> offsetOf)
    {
        int[] offsets = new int[count];
        for (int i = 0; i < count; i++)
            offsets[i] = offsetOf(i);
        return offsets;
    }

    /// <summary>Another matrix of the same layout, without factors.</summary>
    public PackedMatrix SameLayout() => new(rowOffsets, columnOffsets, panelColumns);

    public override int Panels => (columnOffsets.Length + panelColumns - 1) / panelColumns;

    public override void PackPanel(ReadOnlySpan<float> parameter, int panel)
    {
        int first = panel * panelColumns;
        ReadOnlySpan<int> columns = Columns(first);
        ReadOnlySpan<float> factors = columnFactors.AsSpan(columnFactors is null ? 0 : first);
        bool areNeighbours = columnFactors is null && AreNeighbours(columns);
        for (int k = 0; k < rowOffsets.Length; k += BlockRows)
        {
            ReadOnlySpan<int> rows = rowOffsets.AsSpan(k, Math.Min(BlockRows, rowOffsets.Length - k));
            float* block = Pointer + (long)first * rowOffsets.Length + (long)k * columns.Length;
            if (areNeighbours)
                CopyRows(parameter, rows, columns, block);
            else
                CopyElements(parameter, rows, columns, factors, block);
        }
    }

    /// <summary>Adds the elements of a panel to the parameter's.</summary>
    public void AddPanelTo(Span<float> parameter, int panel)
        => AddPanelTo(parameter, panel, Pointer + (long)panel * panelColumns * rowOffsets.Length);

    /// <summary>Adds elements that lie as those of a panel do to the parameter's.</summary>
    public void AddPanelTo(Span<float> parameter, int panel, float* elements)
    {
        ReadOnlySpan<int> columns = Columns(panel * panelColumns);
        for (int k = 0; k < rowOffsets.Length; k += BlockRows)
        {
            ReadOnlySpan<int> rows = rowOffsets.AsSpan(k, Math.Min(BlockRows, rowOffsets.Length - k));
            AddElements(parameter, rows, columns, elements + (long)k * columns.Length);
        }
    }

    private ReadOnlySpan<int> Columns(int first) => columnOffsets.AsSpan(first, Math.Min(panelColumns, columnOffsets.Length - first));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreNeighbours(ReadOnlySpan<int> offsets)
    {
        for (int i = 1; i < offsets.Length; i++)
        {
            if (offsets[i] != offsets[0] + i)
                return false;
        }
        return offsets[0] >= 0;
    }

    private static void CopyRows(ReadOnlySpan<float> parameter, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, float* packed)
    {
        foreach (int row in rows)
        {
            var destination = new Span<float>(packed, columns.Length);
            if (row < 0)
                destination.Clear();
            else
                parameter.Slice(row + columns[0], columns.Length).CopyTo(destination);
            packed += columns.Length;
        }
    }

    // Optimized from the first call on: before its code is replaced, a process that loads a network would have packed all of it slowly.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyElements(ReadOnlySpan<float> parameter, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns,
        ReadOnlySpan<float> factors, float* block)
    {
        // Rows outside, so that whole cache lines of the panel are written.
        for (int k = 0; k < rows.Length; k += Tile.Size)
        {
            for (int n = 0; n < columns.Length; n += Tile.Size)
                new Tile(rows[k..], columns[n..], block + k * columns.Length + n, columns.Length)
                    .CopyFrom(parameter, factors.IsEmpty ? factors : factors[n..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddElements(Span<float> parameter, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, float* block)
    {
        // Columns outside, so that whole cache lines of the parameter are written.
        for (int n = 0; n < columns.Length; n += Tile.Size)
        {
            for (int k = 0; k < rows.Length; k += Tile.Size)
                new Tile(rows[k..], columns[n..], block + k * columns.Length + n, columns.Length).AddTo(parameter);
        }
    }

    /// <summary>
    /// Up to four rows of a panel by up to four columns. Where the elements of each column are neighbours in the parameter, as they
    /// usually are, four are loaded at once and transposed in registers.
    /// </summary>
    private readonly ref struct Tile
    {
        public const int Size = 4;

        private readonly ReadOnlySpan<int> _rows;
        private readonly ReadOnlySpan<int> _columns;
        private readonly float* _packed;
        private readonly int _stride;

        /// <param name="rows">The offsets of the rows, from the tile's first on.</param>
        /// <param name="columns">The offsets of the columns, from the tile's first on.</param>
        /// <param name="packed">The tile's first element in the panel.</param>
        /// <param name="stride">Floats from one row of the panel to the next.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Tile(ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, float* packed, int stride)
        {
            _rows = rows[..Math.Min(Size, rows.Length)];
            _columns = columns[..Math.Min(Size, columns.Length)];
            _packed = packed;
            _stride = stride;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void CopyFrom(ReadOnlySpan<float> parameter, ReadOnlySpan<float> factors)
        {
            if (CanBeTransposed)
            {
                Vector4 factor = factors.IsEmpty ? Vector4.One : new Vector4(factors);
                var transposed = Matrix4x4.Transpose(Matrix4x4.Create(
                    new Vector4(Column(parameter, 0)), new Vector4(Column(parameter, 1)),
                    new Vector4(Column(parameter, 2)), new Vector4(Column(parameter, 3))));
                Row(0) = transposed.X * factor;
                Row(1) = transposed.Y * factor;
                Row(2) = transposed.Z * factor;
                Row(3) = transposed.W * factor;
                return;
            }
            for (int n = 0; n < _columns.Length; n++)
            {
                float factor = factors.IsEmpty ? 1f : factors[n];
                for (int k = 0; k < _rows.Length; k++)
                    _packed[k * _stride + n] = (_rows[k] | _columns[n]) < 0 ? 0f : factor * parameter[_rows[k] + _columns[n]];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddTo(Span<float> parameter)
        {
            if (CanBeTransposed)
            {
                var transposed = Matrix4x4.Transpose(Matrix4x4.Create(Row(0), Row(1), Row(2), Row(3)));
                Add(transposed.X, Column(parameter, 0));
                Add(transposed.Y, Column(parameter, 1));
                Add(transposed.Z, Column(parameter, 2));
                Add(transposed.W, Column(parameter, 3));
                return;
            }
            for (int n = 0; n < _columns.Length; n++)
            {
                for (int k = 0; k < _rows.Length; k++)
                {
                    if ((_rows[k] | _columns[n]) >= 0)
                        parameter[_rows[k] + _columns[n]] += _packed[k * _stride + n];
                }
            }
        }

        private bool CanBeTransposed => _rows.Length == Size && AreNeighbours(_rows)
            && _columns.Length == Size && (_columns[0] | _columns[1] | _columns[2] | _columns[3]) >= 0;

        private ref Vector4 Row(int k) => ref *(Vector4*)(_packed + k * _stride);

        private Span<float> Column(Span<float> parameter, int n) => parameter.Slice(_rows[0] + _columns[n], Size);

        private ReadOnlySpan<float> Column(ReadOnlySpan<float> parameter, int n) => parameter.Slice(_rows[0] + _columns[n], Size);

        private static void Add(Vector4 value, Span<float> target) => (new Vector4(target) + value).CopyTo(target);
    }
}
