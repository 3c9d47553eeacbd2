using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// A matrix B [K x N] in the order in which the kernels read it: panels of a few vectors of columns, each panel
/// contiguous from its first row to its last. Its elements come from a parameter, wherever each of them stands there.
/// </summary>
/// <param name="rowOffsets">Of each of the K rows, the part of the parameter's index that it decides; −1 for a row of zeros.</param>
/// <param name="columnOffsets">Of each of the N columns, likewise.</param>
/// <param name="panelColumns">Columns of a panel; the last may have fewer.</param>
internal sealed unsafe class PackedMatrix(int[] rowOffsets, int[] columnOffsets, int panelColumns)
{
    private readonly FloatBuffer _buffer = new((long)rowOffsets.Length * columnOffsets.Length);

    public float* Pointer => _buffer.Pointer;

    /// <summary>The element (k, n) becomes the parameter's element at rowOffsets[k] + columnOffsets[n].</summary>
    public void Pack(ReadOnlySpan<float> parameter)
    {
        float* packed = Pointer;
        for (int first = 0; first < columnOffsets.Length; first += panelColumns)
        {
            ReadOnlySpan<int> columns = columnOffsets.AsSpan(first, Math.Min(panelColumns, columnOffsets.Length - first));
            foreach (int row in rowOffsets)
            {
                foreach (int column in columns)
                    *packed++ = (row | column) < 0 ? 0f : parameter[row + column];
            }
        }
    }

    /// <summary>Another matrix of the same layout.</summary>
    public PackedMatrix SameLayout() => new(rowOffsets, columnOffsets, panelColumns);

    /// <summary>Adds panel <paramref name="panel"/> to the parameter's elements that it holds.</summary>
    public void AddPanelTo(Span<float> parameter, int panel)
    {
        int first = panel * panelColumns;
        ReadOnlySpan<int> columns = columnOffsets.AsSpan(first, Math.Min(panelColumns, columnOffsets.Length - first));
        float* packed = Pointer + (long)first * rowOffsets.Length;
        foreach (int row in rowOffsets)
        {
            foreach (int column in columns)
            {
                if ((row | column) >= 0)
                    parameter[row + column] += *packed;
                packed++;
            }
        }
    }
}
