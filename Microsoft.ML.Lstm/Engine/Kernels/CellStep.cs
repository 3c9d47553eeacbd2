namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>The weights of one direction of a recurrent layer as the kernels read them; see <see cref="CellLayout"/>.</summary>
internal readonly unsafe struct PackedCell
{
    public PackedCell(CellLayout layout, int inputWidth, float* input, float* hidden, float* hiddenTransposed, float* bias,
        QuantizedPanels quantizedInput = default, QuantizedPanels quantizedHidden = default)
    {
        Layout = layout;
        InputWidth = inputWidth;
        Input = input;
        Hidden = hidden;
        HiddenTransposed = hiddenTransposed;
        Bias = bias;
        QuantizedInput = quantizedInput;
        QuantizedHidden = quantizedHidden;
        EndPanel = layout.InputPanels.Count;
    }

    private PackedCell(PackedCell all, int firstPanel, int endPanel)
    {
        this = all;
        FirstPanel = firstPanel;
        EndPanel = endPanel;
    }

    public readonly CellLayout Layout;

    /// <summary>Features of a row of x in memory.</summary>
    public readonly int InputWidth;

    /// <summary>
    /// W: panels of [<see cref="InputWidth"/> x up to 4 vectors] over the gates, times their exponent factors; null where there is
    /// <see cref="QuantizedInput"/>.
    /// </summary>
    public readonly float* Input;

    /// <summary>
    /// U: panels of [padded H x up to 4 vectors] over the gates, times their exponent factors; null where there is
    /// <see cref="QuantizedHidden"/>.
    /// </summary>
    public readonly float* Hidden;

    /// <summary>Uᵀ: panels of [gate width x up to 4 vectors] over the units.</summary>
    public readonly float* HiddenTransposed;

    /// <summary>One row of gates, times their exponent factors.</summary>
    public readonly float* Bias;

    /// <summary>W in whole numbers, which the rows of x are then rounded to, too.</summary>
    public readonly QuantizedPanels QuantizedInput;

    /// <summary>U in whole numbers, which the rows of h are then rounded to, too.</summary>
    public readonly QuantizedPanels QuantizedHidden;

    /// <summary>The panels of gates, and so the units, that the forward kernels compute: from this one on.</summary>
    public readonly int FirstPanel;

    /// <summary>The panel after the last.</summary>
    public readonly int EndPanel;

    /// <summary>Whether a step reads more of W and U than stays near the processor until the next one.</summary>
    public bool IsLarge => (long)(InputWidth + Layout.PaddedSize) * Layout.GateWidth >= FetchedAhead.LargeWeights;

    /// <summary>Share <paramref name="part"/> of <paramref name="parts"/> of the panels.</summary>
    public PackedCell Share(int part, int parts) => new(this, EndPanel * part / parts, EndPanel * (part + 1) / parts);
}

/// <summary>
/// One time step of a cell for <see cref="Rows"/> rows of a batch. Each pointer is at its first row. The first
/// <see cref="Carried"/> rows have a previous state; the rows after them begin here, from zero.
/// </summary>
internal unsafe struct CellStep
{
    public int Rows;
    public int Carried;

    /// <summary>
    /// Whether to go through the panels of weights from the last to the first. Every other step does, so that each begins with the panels
    /// that the previous one has left in the nearest cache.
    /// </summary>
    public bool LastPanelFirst;

    /// <summary>x, with its stride; null when <see cref="Gates"/> has x·W + b already.</summary>
    public float* X;
    public nint XRow;

    /// <summary>h and c of the previous step; read for the carried rows only.</summary>
    public float* HPrevious;
    public float* CPrevious;

    /// <summary>The previous h as the recurrent product reads it, of stride padded H; null when that is <see cref="HPrevious"/>.</summary>
    public float* HDropped;

    /// <summary>h and its stride, which <see cref="HPrevious"/> has too.</summary>
    public float* H;
    public nint HRow;

    /// <summary>c, of stride padded H as all the states below.</summary>
    public float* C;

    /// <summary>
    /// Stride gate width. Before the forward step x·W + b when <see cref="X"/> is null; activated gates after it, when they are
    /// kept; gradients of the products after the backward step.
    /// </summary>
    public float* Gates;

    /// <summary>
    /// The gates of the step that comes next, which are fetched while the products of this one are summed, unless the weights are large;
    /// null for none. The gates of a batch are more than the second-level cache holds.
    /// </summary>
    public float* NextGates;

    /// <summary>Floats of <see cref="NextGates"/>.</summary>
    public int NextLength;

    /// <summary>Whether the activated gates are kept for the backward step.</summary>
    public bool Keep;

    /// <summary>Backward: the gradient of h from above, or null; its stride is <see cref="HRow"/>.</summary>
    public float* DOutput;

    /// <summary>Backward: the gradient of h from later steps in, of the previous h out.</summary>
    public float* DH;

    /// <summary>Backward: receives the gradient of <see cref="HDropped"/>, which is then no part of <see cref="DH"/>.</summary>
    public float* DHDropped;

    /// <summary>Backward: the gradient of c from later steps in, of the previous c out.</summary>
    public float* DC;
}
