using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The weight gradients of one direction of a recurrent layer, computed after the pass back through time: dW = Σ dGᵀ·x, dU = Σ
/// dGᵀ·h' and db = Σ dG over all steps, with G the sums under the gates.
/// </summary>
/// <remarks>
/// Threads share them by panels of gate columns, never by steps, so that each element is one sum in one order. The sums go through blocks
/// of steps whose panel of dG stays in the first-level cache for all rows of W and U.
/// </remarks>
internal sealed unsafe class RecurrentGradients
{
    private const int BlockRows = 128;

    private readonly CpuKernels _kernels;
    private readonly RecurrentDirection _direction;
    private readonly RecurrentGradientSums _sums;
    private readonly GatePanels _panels;
    private readonly GatePanels _inputs;
    private readonly GatePanels _hiddens;

    public RecurrentGradients(RecurrentDirection direction, CpuKernels kernels)
    {
        _kernels = kernels;
        _direction = direction;
        _sums = direction.Weights.NewGradients();
        _panels = direction.Layout.Panels;
        _inputs = direction.Layout.InputPanels;
        _hiddens = direction.Layout.HiddenPanels;
    }

    /// <summary>Panels of gate columns, which threads share.</summary>
    public int Panels => _panels.Count;

    /// <summary>The cost of a panel, in products a step.</summary>
    public long CostOfPanel => (long)(_direction.Weights.InputWidth + _direction.Layout.PaddedSize) * _inputs.FullVectors;

    /// <summary>Floats of scratch memory that a thread needs.</summary>
    public int ScratchLength => BlockRows * (GemmTile.MaxVectors * _kernels.Lanes + _direction.Layout.PaddedSize);

    /// <summary>Adds the gradients of panels <paramref name="begin"/> to <paramref name="end"/> to <paramref name="target"/>.</summary>
    /// <param name="begin">The first panel.</param>
    /// <param name="end">The panel after the last.</param>
    /// <param name="steps">N: packed rows.</param>
    /// <param name="x">The layer's input.</param>
    /// <param name="xRow">Floats from one row of <paramref name="x"/> to the next.</param>
    /// <param name="h">The layer's output at this direction's columns.</param>
    /// <param name="hRow">Floats from one row of <paramref name="h"/> to the next.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="target">The gradients of all parameters.</param>
    public void Add(int begin, int end, int steps, float* x, nint xRow, float* h, nint hRow, FloatBuffer scratch, ParameterSet target)
    {
        CellLayout layout = _direction.Layout;
        int lanes = layout.Lanes;
        int inputWidth = _direction.Weights.InputWidth;
        float* panel = scratch.Pointer;
        int panelLength = BlockRows * GemmTile.MaxVectors * lanes;
        float* previous = panel + panelLength;
        Span<float> previousRows = scratch.Span[panelLength..];

        int firstColumn = _panels.Column(begin), endColumn = Math.Min(_panels.Column(end), layout.GateWidth);
        new Span<float>(_sums.Bias.Pointer + firstColumn, endColumn - firstColumn).Clear();

        for (int row = 0; row < steps; row += BlockRows)
        {
            _direction.Stop.ThrowIfCancellationRequested();
            int rows = Math.Min(BlockRows, steps - row);
            bool accumulate = row > 0;
            _direction.CopyPreviousStates(row, rows, h, hRow, previousRows);
            for (int p = begin; p < end; p++)
            {
                // All slots of a block, or one slot of up to four blocks; the panels of W and of U have some of its columns, or all.
                int column = _panels.Column(p), vectors = _panels.Vectors(p);
                _kernels.PackRows(rows, _direction.GateGradients(row) + column, layout.GateWidth, vectors, panel,
                    _sums.Bias.Pointer + column);
                _kernels.MultiplyTransposed(inputWidth, x + row * xRow, xRow, rows, panel + _inputs.FirstSlot * lanes, vectors * lanes,
                    _inputs.Vectors(p), _sums.Input.Pointer + _inputs.Offset(p, inputWidth), accumulate);
                _kernels.MultiplyTransposed(layout.PaddedSize, previous, layout.PaddedSize, rows, panel + _hiddens.FirstSlot * lanes,
                    vectors * lanes, _hiddens.Vectors(p), _sums.Hidden.Pointer + _hiddens.Offset(p, layout.PaddedSize), accumulate);
            }
        }
        for (int p = begin; p < end; p++)
        {
            _sums.Input.AddPanelTo(target[_sums.InputParameter], p);
            _sums.Hidden.AddPanelTo(target[_sums.HiddenParameter], p);
            _sums.Bias.AddPanelTo(target[_sums.BiasParameter], p);
        }
    }
}
