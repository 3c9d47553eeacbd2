namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The memory layout of the gates of a layer with H units: units in blocks of one vector, the slots of a block beside each other, so
/// that a register tile ends with all gates of the same units.
/// </summary>
/// <remarks>
/// A row of gates is <see cref="GateWidth"/> floats: block 0 slot 0, block 0 slot 1, ..., block 1 slot 0, ... The last
/// block is padded with units whose weights are zero; they stay zero in h, c and every gradient.
/// </remarks>
internal sealed class CellLayout
{
    public CellLayout(CellDescription cell, int hiddenSize, int lanes)
    {
        Cell = cell;
        HiddenSize = hiddenSize;
        Lanes = lanes;
        Slots = cell.Slots;
        Blocks = (hiddenSize + lanes - 1) / lanes;
        Panels = new GatePanels(this, 0, Slots);
        InputPanels = new GatePanels(this, 0, cell.Gates);
        HiddenPanels = new GatePanels(this, Slots - cell.Gates, cell.Gates);
    }

    public CellDescription Cell { get; }

    /// <summary>H.</summary>
    public int HiddenSize { get; }

    /// <summary>Units of a block.</summary>
    public int Lanes { get; }

    /// <summary>Blocks of units.</summary>
    public int Blocks { get; }

    /// <summary>Vectors of a block in a row of gates.</summary>
    public int Slots { get; }

    /// <summary>H rounded up to whole blocks: the width of h and c in memory.</summary>
    public int PaddedSize => Blocks * Lanes;

    /// <summary>The width of a row of gates.</summary>
    public int GateWidth => Slots * PaddedSize;

    /// <summary>The panels of the bias, which has all gate columns.</summary>
    public GatePanels Panels { get; }

    /// <summary>The panels of the input's weights.</summary>
    public GatePanels InputPanels { get; }

    /// <summary>The panels of the recurrent weights.</summary>
    public GatePanels HiddenPanels { get; }

    /// <summary>The slot and the unit of a column of a row of gates; units from H on are the padding of the last block.</summary>
    public (int Slot, int Unit) Locate(int gateColumn)
    {
        int vector = gateColumn / Lanes;
        return (vector % Slots, vector / Slots * Lanes + gateColumn % Lanes);
    }
}

/// <summary>
/// The panels of a packed weight matrix or bias, up to four neighbouring vectors of gate columns each: the matrix's slots of one block of
/// units, or four blocks of units for a cell of one slot.
/// </summary>
internal readonly struct GatePanels(CellLayout layout, int firstSlot, int usedSlots)
{
    private readonly int _lanes = layout.Lanes;
    private readonly int _blocks = layout.Blocks;
    private readonly int _slots = layout.Slots;

    /// <summary>The first slot that the matrix has columns for.</summary>
    public int FirstSlot { get; } = firstSlot;

    public int Count => _slots == 1 ? (_blocks + GemmTile.MaxVectors - 1) / GemmTile.MaxVectors : _blocks;

    /// <summary>Vectors of every panel but the last, which may have fewer.</summary>
    public int FullVectors => _slots == 1 ? GemmTile.MaxVectors : usedSlots;

    /// <summary>Blocks of units that a full panel covers.</summary>
    public int FullBlocks => _slots == 1 ? GemmTile.MaxVectors : 1;

    public int Vectors(int panel) => _slots == 1 ? Math.Min(GemmTile.MaxVectors, _blocks - panel * GemmTile.MaxVectors) : usedSlots;

    /// <summary>Where the panel's columns begin in a row of gates.</summary>
    public int Column(int panel) => (_slots == 1 ? panel * GemmTile.MaxVectors : panel * _slots + FirstSlot) * _lanes;

    /// <summary>The first column of the panel in a packed matrix.</summary>
    public int PackedColumn(int panel) => panel * FullVectors * _lanes;

    /// <summary>Where the panel begins in a packed matrix of <paramref name="depth"/> rows.</summary>
    public long Offset(int panel, int depth) => (long)PackedColumn(panel) * depth;
}
