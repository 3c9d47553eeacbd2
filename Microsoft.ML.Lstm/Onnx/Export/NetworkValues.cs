using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// A model written into a graph, with the scaling around it: a network, or several whose outputs are averaged.
/// </summary>
internal sealed class NetworkValues
{
    private readonly SequenceModel _model;
    private readonly InputValues _inputs;
    private readonly MemberValues[] _members;
    private string? _attention;
    private string? _stepErrors;
    private CrfValues? _crf;

    /// <summary>Writes a model.</summary>
    public NetworkValues(OnnxGraph graph, SequenceModel model, NetworkInputs inputs)
    {
        (Graph, _model) = (graph, model);
        _inputs = new InputValues(graph, model, inputs);
        _members = [.. model.Members.Select(member => new MemberValues(_inputs, member))];
        Output = MeanOf(member => member.Output);
        if (Shape.Head != Head.Autoencoder)
            Output = Unscale(Output);
        if (!Shape.Head.IsPerStep)
            Encoding = graph.Concat(axis: 1, [.. _members.Select(member => member.Encoding)]);
    }

    /// <summary>Writes all of a network into its file, or files, whatever of it is read.</summary>
    public static IReadOnlyList<OnnxFile> WriteAll(Func<OnnxFile> newFile, SequenceModel model)
    {
        NetworkShape shape = model.Shape;
        OnnxFile file = newFile();
        if (shape.Head == Head.NextToken)
        {
            LanguageModelValues.Write(file, model, "Tokens", names: null);
            return [file];
        }
        string Floats(string name, params OnnxAxis[] axes) => file.AddInput(new OnnxValue(name, TensorProto.Types.DataType.Float, axes));
        var inputs = new NetworkInputs(
            shape.NumericSize > 0 ? [Floats("Features", OnnxAxis.Batch, OnnxAxis.Time, shape.NumericSize)] : [],
            [.. shape.Embeddings.Select(_ => file.AddInput(new OnnxValue("Tokens", TensorProto.Types.DataType.Uint32, OnnxAxis.Batch,
                OnnxAxis.Time)))],
            shape.StaticSize > 0 ? Floats("Statics", OnnxAxis.Batch, shape.StaticSize) : null, file.AddLengths(),
            shape.Characters is null ? null : file.AddInput(new OnnxValue("Words", TensorProto.Types.DataType.Uint32, OnnxAxis.Batch,
                OnnxAxis.Time, OnnxAxis.Characters)));
        if (shape.Head == Head.SequenceToSequence)
        {
            OnnxFile step = newFile();
            SequenceToSequenceValues.WriteEncoder(file, model, inputs);
            SequenceToSequenceValues.WriteStep(step, model, names: null);
            return [file, step];
        }
        var network = new NetworkValues(file, model, inputs);
        _ = shape.Head == Head.Crf ? network.Crf : null;
        _ = shape.Head == Head.Autoencoder ? network.StepErrors : null;
        return [file];
    }

    /// <summary>The graph.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>The network, or the members of an ensemble.</summary>
    public IReadOnlyList<MemberValues> Members => _members;

    /// <summary>The network's shape; of an ensemble that of the first member.</summary>
    public NetworkShape Shape => _model.Shape;

    /// <summary>Whether a step is one of its row, rather than behind its end, [B x T]; null where all are.</summary>
    public string? IsStep => _inputs.IsStep;

    /// <summary>[B x 1]: NaN for a row that can't be scored, else 0; see <see cref="InputValues.Fault"/>.</summary>
    public string Fault => _inputs.Fault;

    /// <summary>The outputs in the unit of the targets, [B x O], or [B x T x O] where each step has some.</summary>
    public string Output { get; }

    /// <summary>
    /// The encodings of all members, [B x E], or of an autoencoder its codes, [B x O]; of a network with outputs for each step none.
    /// </summary>
    public string Encoding { get; } = "";

    /// <summary>The weight of each step in the encoding, [B x T]; where all members pool by attention.</summary>
    public string Attention => _attention ??= MeanOf(member => member.Attention);

    /// <summary>The mean squared error of the reconstruction of each step, [B x T]; of an autoencoder.</summary>
    public string StepErrors => _stepErrors ??= Reconstruct();

    /// <summary>The random field behind the steps, of a network that has one.</summary>
    /// <exception cref="NotSupportedException">The graph can't have loops.</exception>
    public CrfValues Crf => _crf ??= new CrfValues(this);

    /// <summary>A parameter that all members have, averaged.</summary>
    public float[] ParameterOf(string name) => _model.MeanOf(name);

    /// <summary>A result of each row, [B x n], that is NaN for a row that can't be scored.</summary>
    public OnnxValue OfRows(string value, OnnxAxis size)
        => new(Graph.Node("Add", [value, Fault]), TensorProto.Types.DataType.Float, OnnxAxis.Batch, size);

    /// <summary>Whether a number of each row is above a threshold, [B x 1].</summary>
    public OnnxValue IsAbove(OnnxValue number, float threshold)
        => new(Graph.Node("Greater", [number.Name, Graph.Constant("label.threshold", threshold)]), TensorProto.Types.DataType.Bool,
            number.Axes);

    /// <summary>The steps that have outputs, with a head per step: those of the rows, or their frames.</summary>
    public StepValues OutputSteps => Shape.Head.IsPerStep ? _members[0].Steps : _inputs;

    /// <summary>The axis of <see cref="OutputSteps"/>.</summary>
    public OnnxAxis OutputAxis => Shape.Head.IsPerStep && Shape.FrameSteps > 1 ? "frames" : OnnxAxis.Time;

    /// <summary>
    /// A result of each step, or frame, [B x T x n], that is 0 behind the end of its row, and NaN for a row that can't be scored.
    /// </summary>
    public OnnxValue OfSteps(string value, OnnxAxis size) => new(
        Graph.Node("Add", [OutputSteps.WithinRows(value, 0), Graph.Reshape(Fault, -1, 1, 1)]), TensorProto.Types.DataType.Float,
        OnnxAxis.Batch, OutputAxis, size);

    /// <summary>One result of each step, [B x T], that is 0 behind the end of its row, and NaN for a row that can't be scored.</summary>
    public OnnxValue OfSteps(string value)
    {
        string within = IsStep is null ? value : Graph.Node("Where", [IsStep, value, Graph.Constant("zero", 0)]);
        return OfRows(within, OnnxAxis.Time);
    }

    /// <summary>
    /// Keys of rows [B x 1] or of their steps [B x T]: the missing key behind the end of a row, and for a row that can't be scored.
    /// </summary>
    public OnnxValue KeysOf(string keys, OnnxAxis size)
    {
        string known = Graph.Node("Where", [Graph.Node("IsNaN", [Fault]), Graph.Vector(0), keys]);
        if (IsStep is not null && size == OnnxAxis.Time)
            known = Graph.Node("Where", [IsStep, known, Graph.Vector(0)]);
        return new(Graph.Cast(known, TensorProto.Types.DataType.Uint32), TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, size);
    }

    /// <summary>The mean of a value over the steps of each row: of [B x T] as [B x 1].</summary>
    public string MeanOfSteps(string value) => _inputs.MeanOfSteps(value);

    private string MeanOf(Func<MemberValues, string> value)
    {
        string sum = _members.Select(value).Aggregate((sum, next) => Graph.Node("Add", [sum, next]));
        return _members.Length == 1 ? sum : Graph.Node("Mul", [sum, Graph.Constant("share", 1f / _members.Length)]);
    }

    private string Unscale(string outputs)
    {
        AffineScaler scaler = _model.OutputScaler;
        if (scaler.IsIdentity)
            return outputs;
        float[] units = [.. scaler.Scale.Select(scale => scale == 0 ? 0 : 1 / scale)];
        return Graph.Node("Add",
        [
            Graph.Node("Mul", [outputs, Graph.Constant("output.unit", units, scaler.Size)]),
            Graph.Constant("output.offset", scaler.Offset, scaler.Size),
        ]);
    }

    private string Reconstruct()
    {
        AffineScaler scaler = _model.InputScaler;
        string error = Graph.Node("Sub", [MeanOf(member => member.Reconstruct()), _inputs.Numbers!]);
        // Features that never varied are no errors.
        int varied = Math.Max(scaler.Size - scaler.Constants.Count(), 1);
        float[] parts = [.. Enumerable.Range(0, scaler.Size).Select(feature => scaler.IsConstant(feature) ? 0 : 1f / varied)];
        return Graph.Reshape(Graph.Linear("step_errors", Graph.Node("Mul", [error, error]), parts, 1), 0, -1);
    }
}
