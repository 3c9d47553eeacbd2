using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The weights of one direction of one recurrent layer, packed for the kernels.</summary>
internal sealed unsafe class RecurrentWeights
{
    // Numbers of a step from which on they are rounded to 8 bits together.
    private const int WideInput = 64;

    private readonly Parameter _input;
    private readonly Parameter _hidden;
    private readonly Parameter _bias;
    private readonly PackedMatrix? _packedInput;
    private readonly PackedMatrix? _packedHidden;
    private readonly QuantizedMatrix? _quantizedInput;
    private readonly QuantizedMatrix? _quantizedHidden;
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
        int[] inputFeatures = layer == 0 ? PackedMatrix.Offsets(shape.LayerInputSize(0), k => k) : OutputFeatures(Layout, shape.Directions);
        int[] hiddenUnits = PackedMatrix.Offsets(Layout.PaddedSize, k => k < shape.HiddenSize ? k : -1);
        InputWidth = inputFeatures.Length;

        bool isQuantized = !backward && parameters.Format == WeightFormat.Int8 && WeightRounding.Reaches(_hidden);
        (int[] columns, float[] factors) = ForwardColumns(_hidden, Layout.HiddenPanels, cell.HiddenGate);
        if (isQuantized)
            _quantizedHidden = new QuantizedMatrix(hiddenUnits, columns, Layout.HiddenPanels.FullVectors * Layout.Lanes, factors);
        else
            _packedHidden = new PackedMatrix(hiddenUnits, columns, Layout.HiddenPanels.FullVectors * Layout.Lanes, factors);
        (columns, factors) = ForwardColumns(_input, Layout.InputPanels, cell.InputGate);
        if (isQuantized && QuantizesInput(shape, layer) && InputWidth <= QuantizedMatrix.MaxDepth && WeightRounding.Reaches(_input))
            _quantizedInput = new QuantizedMatrix(inputFeatures, columns, Layout.InputPanels.FullVectors * Layout.Lanes, factors);
        else
            _packedInput = new PackedMatrix(inputFeatures, columns, Layout.InputPanels.FullVectors * Layout.Lanes, factors);
        float[] biasFactors = new float[Layout.GateWidth];
        for (int column = 0; column < biasFactors.Length; column++)
            biasFactors[column] = ExponentFactor(column);
        _packedBias = new PackedMatrix([0], PackedMatrix.Offsets(Layout.GateWidth, column => RowOf(column, cell.Bias)),
            Layout.Panels.FullVectors * Layout.Lanes, biasFactors);
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
    public PackedCell Cell => new(Layout, InputWidth, PointerOf(_packedInput), PointerOf(_packedHidden), PointerOf(_packedHiddenTransposed),
        _packedBias.Pointer, _quantizedInput?.Pointers ?? default, _quantizedHidden?.Pointers ?? default);

    /// <summary>Wᵀ: [gate width x input width, rounded up to whole vectors], for the gradient of the layer's input.</summary>
    public float* InputTransposed => _packedInputTransposed!.Pointer;

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<PackedParameter> Packed
    {
        get
        {
            yield return new((PanelMatrix?)_packedInput ?? _quantizedInput!, _input);
            yield return new((PanelMatrix?)_packedHidden ?? _quantizedHidden!, _hidden);
            yield return new(_packedBias, _bias);
            if (_packedInputTransposed is not null)
                yield return new(_packedInputTransposed, _input);
            if (_packedHiddenTransposed is not null)
                yield return new(_packedHiddenTransposed, _hidden);
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
        _packedHidden!.Pack(_dropped);
        _packedHiddenTransposed?.Pack(_dropped);
    }

    /// <summary>Makes the gradient of U after <see cref="PackDropped"/> of the gradient of what was left of it.</summary>
    public void DropGradient(ParameterSet gradient) => TensorPrimitives.Multiply(gradient[_hidden], _mask, gradient[_hidden]);

    /// <summary>Gradients in the layout of the packed weights and bias.</summary>
    public RecurrentGradientSums NewGradients()
        => new(_input, _hidden, _bias, _packedInput!.SameLayout(), _packedHidden!.SameLayout(), _packedBias.SameLayout());

    /// <summary>
    /// The feature in each float of a layer's output row, which has h of one direction beside h of the other; −1 for the padding of
    /// blocks.
    /// </summary>
    public static int[] OutputFeatures(CellLayout layout, int directions)
        => PackedMatrix.Offsets(directions * layout.PaddedSize, i =>
        {
            (int direction, int unit) = Math.DivRem(i, layout.PaddedSize);
            return unit < layout.HiddenSize ? direction * layout.HiddenSize + unit : -1;
        });

    /// <summary>
    /// Whether the products of a layer's inputs are of whole numbers: of h, of embeddings, and of many numbers. A few numbers may be of
    /// very different sizes, of which one scale would leave the smaller ones no digits, and cost little.
    /// </summary>
    private static bool QuantizesInput(NetworkShape shape, int layer)
        => layer > 0 || shape.LayerInputSize(0) >= WideInput
            || (shape.NumericSize == 0 && shape.InputConvolutions.Count == 0 && shape.StepsPerFrame == 1);

    private static float* PointerOf(PackedMatrix? matrix) => matrix is null ? null : matrix.Pointer;

    /// <summary>
    /// The columns of W [K x gates] of a parameter [gates x K], and their factors, in the panels whose products fill a row of gates.
    /// </summary>
    private (int[] Columns, float[] Factors) ForwardColumns(Parameter parameter, GatePanels panels, Func<int, int> gateOf)
    {
        int count = 0;
        for (int panel = 0; panel < panels.Count; panel++)
            count += panels.Vectors(panel) * Layout.Lanes;
        int[] columns = new int[count];
        float[] factors = new float[count];
        for (int panel = 0, i = 0; panel < panels.Count; panel++)
        {
            for (int j = 0; j < panels.Vectors(panel) * Layout.Lanes; j++, i++)
            {
                int gateColumn = panels.Column(panel) + j;
                columns[i] = Offset(RowOf(gateColumn, gateOf), parameter.Columns);
                factors[i] = ExponentFactor(gateColumn);
            }
        }
        return (columns, factors);
    }

    /// <summary>Wᵀ [gates x K] of a parameter [gates x K], with a row for each column of a row of gates.</summary>
    private PackedMatrix BackwardMatrix(Parameter parameter, int[] features, Func<int, int> gateOf)
    {
        int[] rows = PackedMatrix.Offsets(Layout.GateWidth, j => Offset(RowOf(j, gateOf), parameter.Columns));
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

/// <summary>A packed matrix, and the parameter that it is packed from.</summary>
internal sealed record PackedParameter(PanelMatrix Matrix, Parameter Parameter);

/// <summary>The gradients of one direction of a recurrent layer in the layout in which the kernels sum them.</summary>
internal sealed record RecurrentGradientSums(Parameter InputParameter, Parameter HiddenParameter, Parameter BiasParameter,
    PackedMatrix Input, PackedMatrix Hidden, PackedMatrix Bias);
