using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// One time step of a recurrent cell: x·W + h'·U + b in register tiles, and the cell's element-wise part on a tile's gates
/// while they are in the first-level cache.
/// </summary>
/// <remarks>
/// Panels of weights outside, rows inside: a panel is read from the second-level cache once for all rows of the step.
/// </remarks>
internal static unsafe class CellKernel<S, V, TCell>
    where S : struct, ISimd<V>
    where V : struct
    where TCell : struct, ICell<S, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(in PackedCell cell, in CellStep step)
    {
        CellLayout layout = cell.Layout;
        GatePanels panels = layout.InputPanels;
        for (int panel = 0; panel < panels.Count; panel++)
        {
            int firstBlock = panel * panels.FullBlocks;
            int endBlock = Math.Min(layout.Blocks, firstBlock + panels.FullBlocks);
            for (int row = 0; row < step.Rows;)
            {
                bool carried = row < step.Carried;
                int rows = Math.Min(S.TileRows, (carried ? step.Carried : step.Rows) - row);
                Products(cell, step, panel, row, rows, carried);
                for (int block = firstBlock; block < endBlock; block++)
                    Activate(layout, step, block, row, rows, carried);
                row += rows;
            }
        }
    }

    /// <summary>x·W + b of any number of rows, for a <see cref="CellStep"/> without x to go on from.</summary>
    public static void InputProducts(in PackedCell cell, int rows, float* x, nint xRow, float* gates)
    {
        var step = new CellStep { Rows = rows, X = x, XRow = xRow, Gates = gates };
        for (int panel = 0; panel < cell.Layout.InputPanels.Count; panel++)
        {
            for (int row = 0; row < rows; row += S.TileRows)
                Products(cell, step, panel, row, Math.Min(S.TileRows, rows - row), carried: false);
        }
    }

    private static void Products(in PackedCell cell, in CellStep step, int panel, int row, int rows, bool carried)
    {
        CellLayout layout = cell.Layout;
        GatePanels inputs = layout.InputPanels;
        GatePanels hiddens = layout.HiddenPanels;
        int lanes = S.Lanes;
        nint gateRow = layout.GateWidth;
        float* gates = step.Gates + row * gateRow;
        int vectors = inputs.Vectors(panel);
        int column = inputs.Column(panel);
        bool hasInput = step.X != null;
        Product x = default, h = default;
        if (hasInput)
            x = new Product(step.X + row * step.XRow, step.XRow, 1, cell.Input + inputs.Offset(panel, cell.InputWidth), vectors * lanes, cell.InputWidth);
        if (carried)
            h = new Product(step.HPrevious + row * step.HRow, step.HRow, 1, cell.Hidden + hiddens.Offset(panel, layout.PaddedSize), vectors * lanes, layout.PaddedSize);

        if (hiddens.FirstSlot == inputs.FirstSlot)
        {
            if (hasInput)
                GemmTile.Run<S, V>(rows, vectors, cell.Bias + column, 0, x, h, gates + column, gateRow);
            else if (carried)
                GemmTile.Run<S, V>(rows, vectors, gates + column, gateRow, h, default, gates + column, gateRow);
            return;
        }

        // GRU: the two products share only two of their three slots. The fourth begins as the hidden state's bias.
        if (hasInput)
        {
            GemmTile.Run<S, V>(rows, vectors, cell.Bias + column, 0, x, default, gates + column, gateRow);
            int last = column + 3 * lanes;
            for (int m = 0; m < rows; m++)
                S.Store(S.Load(cell.Bias + last), gates + m * gateRow + last);
        }
        column = hiddens.Column(panel);
        if (carried)
            GemmTile.Run<S, V>(rows, vectors, gates + column, gateRow, h, default, gates + column, gateRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate(CellLayout layout, in CellStep step, int block, int row, int rows, bool carried)
    {
        int unit = block * S.Lanes;
        nint stateRow = layout.PaddedSize;
        float* gates = step.Gates + row * (nint)layout.GateWidth + unit * TCell.Slots;
        float* c = step.C + row * stateRow + unit;
        float* cPrevious = step.CPrevious + row * stateRow + unit;
        float* h = step.H + row * step.HRow + unit;
        float* hPrevious = step.HPrevious + row * step.HRow + unit;
        for (int m = 0; m < rows; m++)
        {
            V cBefore = carried && TCell.HasCellState ? S.Load(cPrevious + m * stateRow) : S.Create(0f);
            V hBefore = carried ? S.Load(hPrevious + m * step.HRow) : S.Create(0f);
            S.Store(TCell.Forward(gates + m * (nint)layout.GateWidth, cBefore, hBefore, c + m * stateRow), h + m * step.HRow);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(in PackedCell cell, in CellStep step)
    {
        CellLayout layout = cell.Layout;
        nint stateRow = layout.PaddedSize;
        for (int row = 0; row < step.Rows; row++)
        {
            bool carried = row < step.Carried;
            float* gates = step.Gates + row * (nint)layout.GateWidth;
            for (int unit = 0; unit < layout.PaddedSize; unit += S.Lanes)
            {
                nint state = row * stateRow + unit;
                nint output = row * step.HRow + unit;
                V cBefore = carried && TCell.HasCellState ? S.Load(step.CPrevious + state) : S.Create(0f);
                V hBefore = carried ? S.Load(step.HPrevious + output) : S.Create(0f);
                V dh = S.Load(step.DH + state);
                if (step.DOutput != null)
                    dh = S.Add(dh, S.Load(step.DOutput + output));
                S.Store(TCell.Backward(gates + unit * TCell.Slots, cBefore, hBefore, step.C + state, dh, step.DC + state), step.DH + state);
            }
        }
    }
}
