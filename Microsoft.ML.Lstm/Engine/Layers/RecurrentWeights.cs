using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The weights of one direction of one recurrent layer, packed for the kernels.</summary>
internal sealed unsafe class RecurrentWeights
{
    private readonly Parameter _input;
    private readonly Parameter _hidden;
    private readonly Parameter _bias;
    private readonly PackedMatrix _packedInput;
    private readonly PackedMatrix _packedHidden;
    private readonly PackedMatrix _packedBias;
    private readonly PackedMatrix? _packedInputTransposed;
    private readonly PackedMatrix? _packedHiddenTransposed;

    // With dropout of weights: the mask, and U multiplied by it.
    private float[] _mask = [];
    private float[] _dropped = [];

    /// <param name="parameters">The network's parameters.</param>
    /// <param name="layer">The layer, from 0.</param>
    /// <param name="direction">0, or 1 for the reverse direction.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run, which needs Uᵀ.</param>
    /// <param name="inputGradient">Whether the backward pass goes on to the layer's input, which needs Wᵀ.</param>
    public RecurrentWeights(ParameterSet parameters, int layer, int direction, CpuKernels kernels, bool backward, bool inputGradient)
    {
        NetworkShape shape = parameters.Shape;
        CellDescription cell = shape.CellDescription;
        Layout = new CellLayout(cell, shape.HiddenSize, kernels.Lanes);
        string suffix = ParameterSet.Suffix(layer, direction);
        _input = parameters.Find("weight_ih" + suffix);
        _hidden = parameters.Find("weight_hh" + suffix);
        _bias = parameters.Find("bias" + suffix);

        // A layer above the first reads rows of h of each direction, each padded to whole blocks.
        int[] inputFeatures = layer == 0 ? [.. Enumerable.Range(0, shape.LayerInputSize(0))] : OutputFeatures(Layout, shape.Directions);
        int[] hiddenUnits = [.. Enumerable.Range(0, Layout.PaddedSize).Select(k => k < shape.HiddenSize ? k : -1)];
        InputWidth = inputFeatures.Length;

        _packedInput = ForwardMatrix(_input, inputFeatures, Layout.InputPanels, cell.InputGate);
        _packedHidden = ForwardMatrix(_hidden, hiddenUnits, Layout.HiddenPanels, cell.HiddenGate);
        int[] gateColumns = [.. Enumerable.Range(0, Layout.GateWidth)];
        _packedBias = new PackedMatrix([0], [.. gateColumns.Select(column => RowOf(column, cell.Bias))],
            Layout.Panels.FullVectors * Layout.Lanes, [.. gateColumns.Select(ExponentFactor)]);
        if (backward)
            _packedHiddenTransposed = BackwardMatrix(_hidden, hiddenUnits, cell.HiddenGate);
        if (inputGradient)
        {
            // Rounded up to whole vectors, as the kernels write them.
            int[] gradientFeatures = [.. inputFeatures, .. Enumerable.Repeat(-1, kernels.RoundUp(InputWidth) - InputWidth)];
            _packedInputTransposed = BackwardMatrix(_input, gradientFeatures, cell.InputGate);
        }
    }

    public CellLayout Layout { get; }

    /// <summary>Floats of a row of the layer's input in memory.</summary>
    public int InputWidth { get; }

    /// <summary>The packed weights as the kernels take them.</summary>
    public PackedCell Cell => new(Layout, InputWidth, _packedInput.Pointer, _packedHidden.Pointer,
        _packedHiddenTransposed is null ? null : _packedHiddenTransposed.Pointer, _packedBias.Pointer);

    /// <summary>Wᵀ: [gate width x input width, rounded up to whole vectors], for the gradient of the layer's input.</summary>
    public float* InputTransposed => _packedInputTransposed!.Pointer;

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<(PackedMatrix Matrix, Parameter Parameter)> Packed
    {
        get
        {
            yield return (_packedInput, _input);
            yield return (_packedHidden, _hidden);
            yield return (_packedBias, _bias);
            if (_packedInputTransposed is not null)
                yield return (_packedInputTransposed, _input);
            if (_packedHiddenTransposed is not null)
                yield return (_packedHiddenTransposed, _hidden);
        }
    }

    /// <summary>Packs U with some of its elements dropped, as it is until the network is packed again.</summary>
    public void PackDropped(ParameterSet parameters, DropoutMask mask)
    {
        FloatBuffer.Require(ref _mask, _hidden.Length);
        FloatBuffer.Require(ref _dropped, _hidden.Length);
        Array.Fill(_mask, 1f);
        mask.Apply(_mask, _mask);
        TensorPrimitives.Multiply(parameters[_hidden], _mask, _dropped);
        _packedHidden.Pack(_dropped);
        _packedHiddenTransposed?.Pack(_dropped);
    }

    /// <summary>Makes the gradient of U after <see cref="PackDropped"/> of the gradient of what was left of it.</summary>
    public void DropGradient(ParameterSet gradient) => TensorPrimitives.Multiply(gradient[_hidden], _mask, gradient[_hidden]);

    /// <summary>Gradients in the layout of the packed weights and bias.</summary>
    public RecurrentGradientSums NewGradients()
        => new(_input, _hidden, _bias, _packedInput.SameLayout(), _packedHidden.SameLayout(), _packedBias.SameLayout());

    /// <summary>
    /// The feature in each float of a layer's output row, which has h of one direction beside h of the other; −1 for the padding of
    /// blocks.
    /// </summary>
    public static int[] OutputFeatures(CellLayout layout, int directions) =>
    [
        .. from direction in Enumerable.Range(0, directions)
           from unit in Enumerable.Range(0, layout.PaddedSize)
           select unit < layout.HiddenSize ? direction * layout.HiddenSize + unit : -1,
    ];

    /// <summary>W [K x gates] of a parameter [gates x K], in the panels whose products fill a row of gates.</summary>
    private PackedMatrix ForwardMatrix(Parameter parameter, int[] features, GatePanels panels, Func<int, int> gateOf)
    {
        var columns = new List<int>();
        var factors = new List<float>();
        for (int panel = 0; panel < panels.Count; panel++)
        {
            for (int j = 0; j < panels.Vectors(panel) * Layout.Lanes; j++)
            {
                int gateColumn = panels.Column(panel) + j;
                columns.Add(Offset(RowOf(gateColumn, gateOf), parameter.Columns));
                factors.Add(ExponentFactor(gateColumn));
            }
        }
        return new PackedMatrix(features, [.. columns], panels.FullVectors * Layout.Lanes, [.. factors]);
    }

    /// <summary>Wᵀ [gates x K] of a parameter [gates x K], with a row for each column of a row of gates.</summary>
    private PackedMatrix BackwardMatrix(Parameter parameter, int[] features, Func<int, int> gateOf)
    {
        int[] rows = [.. Enumerable.Range(0, Layout.GateWidth).Select(j => Offset(RowOf(j, gateOf), parameter.Columns))];
        return new PackedMatrix(rows, features, GemmTile.MaxVectors * Layout.Lanes);
    }

    /// <summary>
    /// The row of PyTorch's weight matrix [G·H x K], or the element of the merged bias, that belongs to a column of a row of gates; −1
    /// for the padding of the last block, and for a slot that the matrix has no gate for.
    /// </summary>
    /// <param name="gateColumn">The column.</param>
    /// <param name="gateOf">The matrix's gate for a slot, or the bias's block.</param>
    private int RowOf(int gateColumn, Func<int, int> gateOf)
    {
        (int slot, int unit) = Layout.Locate(gateColumn);
        int gate = gateOf(slot);
        return gate >= 0 && unit < Layout.HiddenSize ? gate * Layout.HiddenSize + unit : -1;
    }

    private float ExponentFactor(int gateColumn) => Layout.Cell.ExponentFactor(Layout.Locate(gateColumn).Slot);

    private static int Offset(int row, int columns) => row < 0 ? -1 : row * columns;
}

/// <summary>The gradients of one direction of a recurrent layer in the layout in which the kernels sum them.</summary>
internal sealed record RecurrentGradientSums(Parameter InputParameter, Parameter HiddenParameter, Parameter BiasParameter,
    PackedMatrix Input, PackedMatrix Hidden, PackedMatrix Bias);
