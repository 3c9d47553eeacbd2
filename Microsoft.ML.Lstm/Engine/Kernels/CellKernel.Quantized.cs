using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <content>
/// Steps with weights in whole numbers. Of a few panels all rows' products come first, then all rows' activations: a processor whose ports
/// serve either 512 bits or twice 256 would change to and fro for each tile otherwise, and products of whole numbers are of 256 bits.
/// </content>
internal sealed unsafe partial class CellKernel<S, V, TCell>
{
    // Floats of products that stay in the first-level cache, beside the panel and the rows.
    private const int ProductsAtOnce = 4096;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardQuantized(in PackedCell cell, in CellStep step)
    {
        CellLayout layout = cell.Layout;
        int panelWidth = layout.Panels.FullVectors * S.Lanes, blocks = layout.InputPanels.FullBlocks;
        int count = cell.EndPanel - cell.FirstPanel;
        int panelsAtOnce = Math.Clamp(ProductsAtOnce / (step.Rows * panelWidth), 1, Math.Max(count, 1));
        nint productRow = panelsAtOnce * panelWidth;
        QuantizedWorkspace workspace = Quantize(cell, step);
        workspace.Products.Require(step.Rows * (long)productRow);
        for (int done = 0; done < count; done += panelsAtOnce)
        {
            int panels = Math.Min(panelsAtOnce, count - done);
            int first = step.LastPanelFirst ? cell.EndPanel - done - panels : cell.FirstPanel + done;
            for (int i = 0; i < panels; i++)
                QuantizedProducts(cell, step, workspace, first + i, workspace.Products.Pointer + i * panelWidth, productRow);
            int firstBlock = first * blocks, endBlock = Math.Min(layout.Blocks, (first + panels) * blocks);
            for (int row = 0; row < step.Rows;)
            {
                bool carried = row < step.Carried;
                int rows = GemmTile.NextRows<S, V>((carried ? step.Carried : step.Rows) - row);
                float* products = workspace.Products.Pointer + row * productRow;
                for (int block = firstBlock; block < endBlock; block++)
                    Activate(layout, step, block, row, rows, carried, products + (block - firstBlock) * TCell.Slots.Length * S.Lanes,
                        productRow);
                row += rows;
            }
        }
    }

    /// <summary>Rounds what the step's products with whole numbers read, all rows of it, to whole numbers.</summary>
    private static QuantizedWorkspace Quantize(in PackedCell cell, in CellStep step)
    {
        QuantizedWorkspace workspace = QuantizedWorkspace.OfThread;
        byte zero = QuantizedTile.Zero<S, V>();
        if (step.Carried > 0)
            workspace.H.Fill<S, V>(step.Carried, cell.Layout.PaddedSize, step.HPrevious, step.HRow, zero);
        if (cell.QuantizedInput.Exist && step.X != null)
            workspace.X.Fill<S, V>(step.Rows, cell.InputWidth, step.X, step.XRow, zero);
        return workspace;
    }

    /// <summary>The sums of a panel of gate columns for all rows of a step, which has no dropout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizedProducts(
        in PackedCell cell, in CellStep step, QuantizedWorkspace workspace, int panel, float* products, nint productRow)
    {
        CellLayout layout = cell.Layout;
        GatePanels inputs = layout.InputPanels;
        GatePanels hiddens = layout.HiddenPanels;
        int vectors = inputs.Vectors(panel), width = vectors * S.Lanes;
        // A slot more than gates, as GRU has: the products share all but the first and the last slot, which begins as its bias.
        bool hasOwnSlots = hiddens.FirstSlot != inputs.FirstSlot;
        float* init = cell.Bias + inputs.Column(panel);
        nint initRow = 0;
        if (step.X == null)
        {
            initRow = layout.GateWidth;
            init = step.Gates + inputs.Column(panel);
        }
        if (step.X != null && cell.QuantizedInput.Exist)
        {
            var x = new QuantizedProduct(workspace.X, cell.QuantizedInput, inputs.PackedColumn(panel));
            QuantizedTile.Run<S, V>(step.Rows, vectors, init, initRow, x, products, productRow);
        }
        else
        {
            // Where the inputs' products are there already, those of the states are added to them on the way.
            for (int row = step.X == null && !hasOwnSlots ? step.Carried : 0; row < step.Rows;)
            {
                int rows = GemmTile.NextRows<S, V>(step.Rows - row);
                Product x = step.X == null ? default : new Product(step.X + row * step.XRow, step.XRow, 1,
                    cell.Input + inputs.Offset(panel, cell.InputWidth), width, cell.InputWidth);
                GemmTile.Run<S, V>(rows, vectors, init + row * initRow, initRow, x, default, products + row * productRow, productRow);
                row += rows;
            }
        }
        for (int row = 0; row < step.Rows && hasOwnSlots; row++)
            S.Store(S.Load(init + row * initRow + width), products + row * productRow + width);
        if (step.Carried == 0)
            return;
        if (hasOwnSlots)
            products += S.Lanes;
        if (step.X != null || hasOwnSlots)
        {
            init = products;
            initRow = productRow;
        }
        var h = new QuantizedProduct(workspace.H, cell.QuantizedHidden, hiddens.PackedColumn(panel));
        QuantizedTile.Run<S, V>(step.Carried, vectors, init, initRow, h, products, productRow);
    }
}

/// <summary>A thread's memory for one step at a time.</summary>
internal sealed class QuantizedWorkspace
{
    [ThreadStatic]
    private static QuantizedWorkspace? _ofThread;

    public static QuantizedWorkspace OfThread => _ofThread ??= new QuantizedWorkspace();

    /// <summary>The inputs.</summary>
    public QuantizedRows X { get; } = new();

    /// <summary>The previous states.</summary>
    public QuantizedRows H { get; } = new();

    /// <summary>Sums of products.</summary>
    public FloatBuffer Products { get; } = new();
}
