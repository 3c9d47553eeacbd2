using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// A matrix B [K x N] in the order in which the kernels read it: panels of a few vectors of columns, each panel
/// contiguous from its first row to its last. Its elements come from a parameter, wherever each of them stands there.
/// </summary>
/// <param name="rowOffsets">Of each of the K rows, the part of the parameter's index that it decides; −1 for a row of zeros.</param>
/// <param name="columnOffsets">Of each of the N columns, likewise.</param>
/// <param name="panelColumns">Columns of a panel; the last may have fewer.</param>
/// <param name="columnFactors">By which the elements of each column are multiplied; null for none.</param>
internal sealed unsafe class PackedMatrix(int[] rowOffsets, int[] columnOffsets, int panelColumns, float[]? columnFactors = null)
{
    // Rows of a panel that are gone through together, so that they stay in the first-level cache (16 KB of vectors of 512 bits)
    // while the parameter's elements, which are neighbours along K, are taken a few cache lines of each column at a time.
    private const int BlockRows = 64;

    private readonly FloatBuffer _buffer = new((long)rowOffsets.Length * columnOffsets.Length);

    public float* Pointer => _buffer.Pointer;

    /// <summary>Another matrix of the same layout, without factors.</summary>
    public PackedMatrix SameLayout() => new(rowOffsets, columnOffsets, panelColumns);

    public int Panels => (columnOffsets.Length + panelColumns - 1) / panelColumns;

    /// <summary>The element (k, n) becomes the parameter's element at rowOffsets[k] + columnOffsets[n], times the column's factor.</summary>
    public void Pack(ReadOnlySpan<float> parameter)
    {
        for (int panel = 0; panel < Panels; panel++)
            PackPanel(parameter, panel);
    }

    /// <summary>The same for the elements of one panel.</summary>
    public void PackPanel(ReadOnlySpan<float> parameter, int panel)
    {
        int first = panel * panelColumns;
        ReadOnlySpan<int> columns = Columns(first);
        ReadOnlySpan<float> factors = columnFactors.AsSpan(columnFactors is null ? 0 : first);
        bool areNeighbours = columnFactors is null && columns[0] >= 0 && columns[^1] - columns[0] == columns.Length - 1;
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

    /// <summary>Adds panel <paramref name="panel"/> to the parameter's elements that it holds.</summary>
    public void AddPanelTo(Span<float> parameter, int panel)
    {
        int first = panel * panelColumns;
        ReadOnlySpan<int> columns = Columns(first);
        for (int k = 0; k < rowOffsets.Length; k += BlockRows)
        {
            ReadOnlySpan<int> rows = rowOffsets.AsSpan(k, Math.Min(BlockRows, rowOffsets.Length - k));
            float* block = Pointer + (long)first * rowOffsets.Length + (long)k * columns.Length;
            for (int n = 0; n < columns.Length; n++)
            {
                int column = columns[n];
                if (column < 0)
                    continue;
                float* packed = block + n;
                foreach (int row in rows)
                {
                    if (row >= 0)
                        parameter[row + column] += *packed;
                    packed += columns.Length;
                }
            }
        }
    }

    private ReadOnlySpan<int> Columns(int first) => columnOffsets.AsSpan(first, Math.Min(panelColumns, columnOffsets.Length - first));

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

    private static void CopyElements(ReadOnlySpan<float> parameter, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> factors, float* block)
    {
        for (int n = 0; n < columns.Length; n++)
        {
            int column = columns[n];
            float factor = factors.IsEmpty ? 1f : factors[n];
            float* packed = block + n;
            foreach (int row in rows)
            {
                *packed = (row | column) < 0 ? 0f : factor * parameter[row + column];
                packed += columns.Length;
            }
        }
    }
}
