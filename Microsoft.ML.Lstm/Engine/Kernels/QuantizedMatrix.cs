namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// A matrix B [K x N] in whole numbers of 8 bits, each column with a scale: what <see cref="PackedMatrix"/> is in floats, in the same
/// panels. A panel has groups of four rows, from the first to the last, and a group the four numbers of each column, one column beside the
/// other.
/// </summary>
/// <param name="rowOffsets">The offset of each of the K rows in the parameter; −1 for a row of zeros.</param>
/// <param name="columnOffsets">The offset of each of the N columns, which are rows of the parameter; −1 for a column of zeros.</param>
/// <param name="panelColumns">Columns of a panel; the last may have fewer.</param>
/// <param name="columnFactors">The factor of each column's elements.</param>
internal sealed unsafe class QuantizedMatrix(int[] rowOffsets, int[] columnOffsets, int panelColumns, float[] columnFactors) : PanelMatrix
{
    /// <summary>Rows of a group, whose products are summed by one instruction.</summary>
    public const int GroupRows = 4;

    /// <summary>The largest K: sums of more products might not fit in 32 bits.</summary>
    public const int MaxDepth = int.MaxValue / (WeightRow.Largest * WeightRow.Largest);

    private readonly FloatBuffer _weights = new((long)PaddedDepth(rowOffsets.Length) / sizeof(float) * columnOffsets.Length);
    private readonly FloatBuffer _scales = new(columnOffsets.Length);
    private readonly FloatBuffer _offsets = new(columnOffsets.Length);

    public override int Panels => (columnOffsets.Length + panelColumns - 1) / panelColumns;

    /// <summary>The matrix as kernels take it.</summary>
    public QuantizedPanels Pointers
        => new((sbyte*)_weights.Pointer, _scales.Pointer, (int*)_offsets.Pointer, PaddedDepth(rowOffsets.Length));

    /// <summary>K, rounded up to whole groups.</summary>
    public static int PaddedDepth(int depth) => (depth + GroupRows - 1) / GroupRows * GroupRows;

    public override void PackPanel(ReadOnlySpan<float> parameter, int panel)
    {
        int first = panel * panelColumns, columns = Math.Min(panelColumns, columnOffsets.Length - first);
        int depth = PaddedDepth(rowOffsets.Length);
        sbyte* packed = (sbyte*)_weights.Pointer + (long)first * depth;
        new Span<sbyte>(packed, checked(columns * depth)).Clear();
        for (int n = 0; n < columns; n++)
        {
            int column = columnOffsets[first + n];
            float largest = 0;
            foreach (int row in rowOffsets)
                largest = (row | column) < 0 ? largest : Math.Max(largest, MathF.Abs(parameter[row + column]));
            float scale = WeightRow.ScaleOf(largest);
            int sum = 0;
            for (int k = 0; k < rowOffsets.Length; k++)
            {
                if ((rowOffsets[k] | column) < 0)
                    continue;
                int number = (int)WeightRow.Quantize(parameter[rowOffsets[k] + column], scale);
                packed[(k / GroupRows * columns + n) * GroupRows + k % GroupRows] = (sbyte)number;
                sum += number;
            }
            _scales.Pointer[first + n] = scale * columnFactors[first + n];
            ((int*)_offsets.Pointer)[first + n] = -sum * ByteProducts.UnsignedZero;
        }
    }
}

/// <summary>A <see cref="QuantizedMatrix"/> as kernels take it; null pointers for none.</summary>
/// <param name="weights">The whole numbers.</param>
/// <param name="scales">The scale of each column, times its factor.</param>
/// <param name="offsets">What products with numbers that are stored as unsigned ones start from, to have the right sum.</param>
/// <param name="depth">K, rounded up to whole groups.</param>
internal readonly unsafe struct QuantizedPanels(sbyte* weights, float* scales, int* offsets, int depth)
{
    public readonly sbyte* Weights = weights;
    public readonly float* Scales = scales;
    public readonly int* Offsets = offsets;
    public readonly int Depth = depth;

    public bool Exist => Weights != null;
}
