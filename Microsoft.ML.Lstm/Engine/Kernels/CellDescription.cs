namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The facts about a cell that the rest of the library asks for, as its <see cref="ICell"/> states them. A cell is a member of
/// <see cref="CellType"/>, an implementation of <see cref="ICell"/> and a line in <see cref="All"/>.
/// </summary>
internal abstract class CellDescription
{
    /// <summary>All cells, in the order of <see cref="CellType"/>.</summary>
    public static IReadOnlyList<CellDescription> All { get; } =
    [
        new CellDescription<LstmCell>(CellType.Lstm),
        new CellDescription<GruCell>(CellType.Gru),
        new CellDescription<RnnCell>(CellType.Rnn),
    ];

    private protected CellDescription(CellType type) => Type = type;

    public CellType Type { get; }

    /// <summary>Vectors that a block of units has in a row of gates, and blocks of H elements in the merged bias.</summary>
    public abstract int Slots { get; }

    /// <summary>G: blocks of H rows in each weight matrix.</summary>
    public abstract int Gates { get; }

    /// <summary>The letter of each gate in formulas, in PyTorch's order.</summary>
    public abstract string GateNames { get; }

    /// <summary>Whether the cell has a state c beside h.</summary>
    public abstract bool HasCellState { get; }

    /// <summary>The block of the bias that the forget gate adds, which does not start at zero; null for a cell without one.</summary>
    public abstract int? ForgetGate { get; }

    public static CellDescription Of(CellType type) => All[(int)type];

    /// <summary>The gate of the input's weights that a slot takes; −1 for a slot that only the hidden state fills.</summary>
    public abstract int InputGate(int slot);

    /// <summary>The gate of the recurrent weights that a slot takes; −1 for a slot that only the input fills.</summary>
    public abstract int HiddenGate(int slot);

    /// <summary>The block of the merged bias that a slot takes.</summary>
    public abstract int Bias(int slot);

    /// <summary>
    /// The factor of the packed weights and biases of a slot, by which the products become the exponents of its activation function; see
    /// <see cref="Activations"/>.
    /// </summary>
    public abstract float ExponentFactor(int slot);

    /// <summary>The cell's kernel for the vectors <typeparamref name="V"/> with the operations <typeparamref name="S"/>.</summary>
    public abstract CellKernel CreateKernel<S, V>()
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>The description of <typeparamref name="TCell"/>.</summary>
internal sealed class CellDescription<TCell>(CellType type) : CellDescription(type)
    where TCell : struct, ICell
{
    public override int Slots => TCell.Slots.Length;

    public override int Gates => TCell.InputGates.Length;

    public override string GateNames => TCell.GateNames;

    public override bool HasCellState => TCell.HasCellState;

    public override int? ForgetGate => TCell.ForgetGate;

    public override int InputGate(int slot) => slot < Gates ? TCell.InputGates[slot] : -1;

    public override int HiddenGate(int slot) => slot >= Slots - Gates ? TCell.HiddenGates[slot - (Slots - Gates)] : -1;

    public override int Bias(int slot) => TCell.Biases[slot];

    public override float ExponentFactor(int slot)
        => TCell.Slots[slot] == GateActivation.Tanh ? Activations.TanhExponent : Activations.SigmoidExponent;

    public override CellKernel CreateKernel<S, V>() => new CellKernel<S, V, TCell>();
}
