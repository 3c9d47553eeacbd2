using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>The steps of one cell on one vector width.</summary>
internal abstract class CellKernel
{
    /// <summary>x·W + b of any number of rows, as a <see cref="CellStep"/> without x starts from.</summary>
    public abstract unsafe void InputProducts(in PackedCell cell, int rows, float* x, nint xRow, float* gates);

    /// <summary>h, c and the activated gates of one step.</summary>
    public abstract void Forward(in PackedCell cell, in CellStep step);

    /// <summary>
    /// The gradients of one step's products (in place of the gates), of the previous c, and of the previous h without the part that goes
    /// through the products.
    /// </summary>
    public abstract void Backward(in PackedCell cell, in CellStep step);
}

/// <summary>
/// One time step of a recurrent cell: x·W + h'·U + b in register tiles, and the cell's element-wise part on a tile's gates
/// while they are in the first-level cache.
/// </summary>
/// <remarks>
/// Panels of weights outside, rows inside: a panel is read from the second-level cache once for all rows of the step. A tile
/// leaves its sums in a few cache lines that all tiles use; only h, c and the gates for the backward step go to memory.
/// </remarks>
internal sealed unsafe partial class CellKernel<S, V, TCell> : CellKernel
    where S : struct, ISimd<V>
    where V : struct
    where TCell : struct, ICell
{
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Forward(in PackedCell cell, in CellStep step)
    {
        if (cell.QuantizedHidden.Exist)
        {
            ForwardQuantized(cell, step);
            return;
        }
        CellLayout layout = cell.Layout;
        GatePanels panels = layout.InputPanels;
        float* memory = stackalloc float[(GemmTile.MaxRows * GemmTile.MaxVectors + 1) * S.Lanes];
        // Aligned to whole vectors, so that none crosses a cache line.
        var products = (float*)(((nint)memory + S.Lanes * sizeof(float) - 1) & -(S.Lanes * sizeof(float)));
        nint productRow = GemmTile.MaxVectors * S.Lanes;
        for (int i = 0; i < cell.EndPanel - cell.FirstPanel; i++)
        {
            int panel = step.LastPanelFirst ? cell.EndPanel - 1 - i : cell.FirstPanel + i;
            int firstBlock = panel * panels.FullBlocks;
            int endBlock = Math.Min(layout.Blocks, firstBlock + panels.FullBlocks);
            for (int row = 0, tile = 0; row < step.Rows; tile++)
            {
                bool carried = row < step.Carried;
                int rows = GemmTile.NextRows<S, V>((carried ? step.Carried : step.Rows) - row);
                Products(cell, step, panel, tile, row, rows, carried, products, productRow);
                for (int block = firstBlock; block < endBlock; block++)
                {
                    float* blockProducts = products + (block - firstBlock) * TCell.Slots.Length * S.Lanes;
                    Activate(layout, step, block, row, rows, carried, blockProducts, productRow);
                }
                row += rows;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void InputProducts(in PackedCell cell, int rows, float* x, nint xRow, float* gates)
    {
        var step = new CellStep { Rows = rows, X = x, XRow = xRow };
        GatePanels panels = cell.Layout.InputPanels;
        nint gateRow = cell.Layout.GateWidth;
        if (cell.QuantizedInput.Exist)
        {
            QuantizedWorkspace workspace = Quantize(cell, step);
            for (int panel = cell.FirstPanel; panel < cell.EndPanel; panel++)
                QuantizedProducts(cell, step, workspace, panel, gates + panels.Column(panel), gateRow);
            return;
        }
        for (int panel = cell.FirstPanel; panel < cell.EndPanel; panel++)
        {
            for (int row = 0, tile = 0; row < rows; tile++)
            {
                int tileRows = GemmTile.NextRows<S, V>(rows - row);
                Products(cell, step, panel, tile, row, tileRows, carried: false, gates + row * gateRow + panels.Column(panel), gateRow);
                row += tileRows;
            }
        }
    }

    /// <summary>The sums of a panel of gate columns for a tile of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products(
        in PackedCell cell, in CellStep step, int panel, int tile, int row, int rows, bool carried, float* products, nint productRow)
    {
        CellLayout layout = cell.Layout;
        GatePanels inputs = layout.InputPanels;
        GatePanels hiddens = layout.HiddenPanels;
        int lanes = S.Lanes;
        int vectors = inputs.Vectors(panel);
        float* init = cell.Bias + inputs.Column(panel);
        nint initRow = 0;
        Product x = default, h = default;
        (FetchedAhead aheadOfX, FetchedAhead aheadOfH) = Ahead(cell, step, panel, tile);
        if (step.X != null)
        {
            x = new Product(step.X + row * step.XRow, step.XRow, 1,
                cell.Input + inputs.Offset(panel, cell.InputWidth), vectors * lanes, cell.InputWidth, aheadOfX);
        }
        else
        {
            initRow = layout.GateWidth;
            init = step.Gates + row * initRow + inputs.Column(panel);
        }
        float* hPrevious = step.HDropped == null ? step.HPrevious : step.HDropped;
        nint hRow = step.HDropped == null ? step.HRow : layout.PaddedSize;
        if (carried)
            h = new Product(hPrevious + row * hRow, hRow, 1,
                cell.Hidden + hiddens.Offset(panel, layout.PaddedSize), vectors * lanes, layout.PaddedSize, aheadOfH);

        if (hiddens.FirstSlot == inputs.FirstSlot)
        {
            GemmTile.Run<S, V>(rows, vectors, init, initRow, x, h, products, productRow);
            return;
        }
        // A slot more than gates, as GRU has: the products share all but the first and the last slot, which begins as its bias.
        GemmTile.Run<S, V>(rows, vectors, init, initRow, x, default, products, productRow);
        int last = vectors * lanes;
        for (int m = 0; m < rows; m++)
            S.Store(S.Load(init + m * initRow + last), products + m * productRow + last);
        products += lanes;
        if (carried)
            GemmTile.Run<S, V>(rows, vectors, products, productRow, h, default, products, productRow);
    }

    /// <summary>What a tile of a panel fetches while it sums x·W, and while it sums h·U.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (FetchedAhead X, FetchedAhead H) Ahead(in PackedCell cell, in CellStep step, int panel, int tile)
    {
        CellLayout layout = cell.Layout;
        int tilesOfPanel = TilesOf(step.Carried) + TilesOf(step.Rows - step.Carried);
        int inputWidth = step.X == null ? 0 : cell.InputWidth;
        if (!cell.IsLarge || tilesOfPanel == 1)
        {
            var gates = new FetchedAhead(step.NextGates, step.NextLength, (panel - cell.FirstPanel) * tilesOfPanel + tile,
                (cell.EndPanel - cell.FirstPanel) * tilesOfPanel, inputWidth + layout.PaddedSize);
            return (gates, gates.After(inputWidth));
        }
        int next = step.LastPanelFirst ? panel - 1 : panel + 1;
        if (next < cell.FirstPanel || next >= cell.EndPanel)
            return default;
        return (Panel(cell.Input, layout.InputPanels, cell.InputWidth), Panel(cell.Hidden, layout.HiddenPanels, layout.PaddedSize));

        static int TilesOf(int rows) => (rows + S.TileRows - 1) / S.TileRows;

        FetchedAhead Panel(float* weights, GatePanels panels, int depth)
            => weights == null ? default
                : new(weights + panels.Offset(next, depth), (long)depth * panels.Vectors(next) * S.Lanes, tile, tilesOfPanel, depth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate(
        CellLayout layout, in CellStep step, int block, int row, int rows, bool carried, float* products, nint productRow)
    {
        int unit = block * S.Lanes;
        nint stateRow = layout.PaddedSize;
        nint gateRow = step.Keep ? layout.GateWidth : 0;
        float* gates = step.Keep ? step.Gates + row * gateRow + unit * TCell.Slots.Length : null;
        float* c = step.C + row * stateRow + unit;
        float* cPrevious = step.CPrevious + row * stateRow + unit;
        float* h = step.H + row * step.HRow + unit;
        float* hPrevious = step.HPrevious + row * step.HRow + unit;
        for (int m = 0; m < rows; m++)
        {
            V cBefore = carried && TCell.HasCellState ? S.Load(cPrevious + m * stateRow) : S.Create(0f);
            TCell.Begin<S, V>(products + m * productRow, cBefore, c + m * stateRow, gates + m * gateRow);
        }
        for (int m = 0; m < rows; m++)
        {
            V hBefore = carried ? S.Load(hPrevious + m * step.HRow) : S.Create(0f);
            S.Store(TCell.Finish<S, V>(products + m * productRow, hBefore, c + m * stateRow, gates + m * gateRow), h + m * step.HRow);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(in PackedCell cell, in CellStep step)
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
                dh = S.WithoutTraces(dh);
                float* unitGates = gates + unit * TCell.Slots.Length;
                S.Store(TCell.Backward<S, V>(unitGates, cBefore, hBefore, step.C + state, dh, step.DC + state), step.DH + state);
            }
        }
    }
}
