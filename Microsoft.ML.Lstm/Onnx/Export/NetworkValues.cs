using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>What a network reads, as values of a graph.</summary>
/// <param name="Numbers">The features of a step, [B x T x F], in parts, one behind the other.</param>
/// <param name="Tokens">Keys, [B x T] whole numbers of any type, for each table of embeddings; 0 is the missing key.</param>
/// <param name="Statics">The static features, [B x S]; null for none.</param>
/// <param name="Lengths">The steps of each row, [B] or one for all of them; null where each row is as long as the time axis.</param>
internal sealed record NetworkInputs(string[] Numbers, string[] Tokens, string? Statics, string? Lengths);

/// <summary>
/// A network written into a graph: B rows of up to T steps, with the scaling around it. The weights of a layer are those of ONNX's operator
/// for its cell, everything else is plain arithmetic.
/// </summary>
internal sealed class NetworkValues
{
    // Numbers beyond it are not told apart by the scaler either.
    private const float Largest = 1e18f;

    private readonly SequenceModel _model;
    private readonly string _first;
    private readonly string? _lengths;
    private string? _stepErrors;
    private CrfValues? _crf;

    /// <summary>Writes a network.</summary>
    public NetworkValues(OnnxGraph graph, SequenceModel model, NetworkInputs inputs)
    {
        (Graph, _model) = (graph, model);
        _first = inputs.Numbers.Concat(inputs.Tokens).First();
        if (inputs.Lengths is not null)
        {
            string steps = graph.SizeOf(_first, axis: 1), range = graph.Range(steps);
            string within = graph.Node("Min", [graph.Node("Max", [inputs.Lengths, graph.Vector(0)]), steps]);
            _lengths = graph.Named("lengths", "Expand", [within, graph.SizeOf(_first, axis: 0)]);
            IsStep = graph.Named("is_step", "Less", [range, graph.Reshape(_lengths, -1, 1)]);
        }
        string? numbers = inputs.Numbers.Length > 0 ? graph.Concat(axis: 2, inputs.Numbers) : null;
        Fault = FaultOf(numbers, inputs.Statics);
        ScaledNumbers = numbers is null ? null : Scale("scaled", numbers, model.InputScaler);
        ScaledStatics = inputs.Statics is null ? null : Scale("statics", inputs.Statics, model.StaticScaler);
        string[] parts =
        [
            .. ScaledNumbers is null ? [] : new[] { ScaledNumbers },
            .. inputs.Tokens.Select(Embed),
        ];
        Recurrent = new RecurrentValues(graph, model.Parameters, graph.Transpose(graph.Concat(axis: 2, parts), 1, 0, 2), _lengths,
            needsSteps: Shape.Head.IsPerStep || Shape.Pooling != Pooling.Last);
        if (Shape.Head.IsPerStep)
        {
            Output = Unscale(StepOutputs());
            return;
        }
        Encoding = Pool();
        string head = ScaledStatics is null ? Encoding : graph.Concat(axis: 1, Encoding, ScaledStatics);
        Output = graph.Linear("head", head, Parameters[ParameterSet.HeadWeight], Shape.OutputSize, Parameters[ParameterSet.HeadBias]);
        if (Shape.Head == Head.Autoencoder)
            Encoding = Output;
        else
            Output = Unscale(Output);
    }

    /// <summary>Writes all of a network into a file, whatever of it is read.</summary>
    public static void WriteAll(OnnxFile file, SequenceModel model)
    {
        NetworkShape shape = model.Shape;
        string Floats(string name, params OnnxAxis[] axes) => file.AddInput(new OnnxValue(name, TensorProto.Types.DataType.Float, axes));
        var network = new NetworkValues(file, model, new NetworkInputs(
            shape.NumericSize > 0 ? [Floats("Features", OnnxAxis.Batch, OnnxAxis.Time, shape.NumericSize)] : [],
            [.. shape.Embeddings.Select(_ => file.AddInput(new OnnxValue("Tokens", TensorProto.Types.DataType.Uint32, OnnxAxis.Batch,
                OnnxAxis.Time)))],
            shape.StaticSize > 0 ? Floats("Statics", OnnxAxis.Batch, shape.StaticSize) : null, file.AddLengths()));
        _ = shape.Head == Head.Crf ? network.Crf : null;
        _ = shape.Head == Head.Autoencoder ? network.StepErrors : null;
    }

    /// <summary>The graph.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>The network's shape.</summary>
    public NetworkShape Shape => _model.Shape;

    /// <summary>Whether a step is one of its row, rather than behind its end, [B x T]; null where all are.</summary>
    public string? IsStep { get; }

    /// <summary>
    /// [B x 1]: NaN for a row that can't be scored (no steps, NaN or infinity in one or in static features), else 0; it is added to
    /// results.
    /// </summary>
    public string Fault { get; }

    /// <summary>The scaled numbers of the steps, [B x T x F]; null for none.</summary>
    public string? ScaledNumbers { get; }

    /// <summary>The scaled static features, [B x S]; null for none.</summary>
    public string? ScaledStatics { get; }

    /// <summary>The outputs in the unit of the targets, [B x O], or [B x T x O] where each step has some.</summary>
    public string Output { get; }

    /// <summary>The encoding, [B x E], or of an autoencoder its code, [B x O]; of a network with outputs for each step none.</summary>
    public string Encoding { get; } = "";

    /// <summary>The weight of each step in the encoding, [B x T]; of a network that pools by attention.</summary>
    public string Attention { get; private set; } = "";

    /// <summary>The mean squared error of the reconstruction of each step, [B x T]; of an autoencoder.</summary>
    public string StepErrors => _stepErrors ??= Reconstruct();

    /// <summary>The random field behind the steps, of a network that has one.</summary>
    /// <exception cref="NotSupportedException">The graph can't have loops.</exception>
    public CrfValues Crf => _crf ??= new CrfValues(this);

    /// <summary>The network's parameters.</summary>
    public ParameterSet Parameters => _model.Parameters;

    private RecurrentValues Recurrent { get; }

    /// <summary>A result of each row, [B x n], that is NaN for a row that can't be scored.</summary>
    public OnnxValue OfRows(string value, OnnxAxis size)
        => new(Graph.Node("Add", [value, Fault]), TensorProto.Types.DataType.Float, OnnxAxis.Batch, size);

    /// <summary>Whether a number of each row is above a threshold, [B x 1].</summary>
    public OnnxValue IsAbove(OnnxValue number, float threshold)
        => new(Graph.Node("Greater", [number.Name, Graph.Constant("label.threshold", threshold)]), TensorProto.Types.DataType.Bool,
            number.Axes);

    /// <summary>A result of each step, [B x T x n], that is 0 behind the end of its row, and NaN for a row that can't be scored.</summary>
    public OnnxValue OfSteps(string value, OnnxAxis size) => new(
        Graph.Node("Add", [WithinRows(value, 0), Graph.Reshape(Fault, -1, 1, 1)]), TensorProto.Types.DataType.Float,
        OnnxAxis.Batch, OnnxAxis.Time, size);

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

    /// <summary>The mean of a value over the steps of each row: of [B x T] as [B x 1], of [B x T x n] as [B x 1 x n].</summary>
    public string MeanOfSteps(string value, bool hasParts = false)
    {
        if (_lengths is null)
            return Graph.ReduceMean(value, 1);
        string length = Graph.Cast(_lengths, TensorProto.Types.DataType.Float), within = hasParts
            ? WithinRows(value, 0)
            : Graph.Node("Where", [IsStep!, value, Graph.Constant("zero", 0)]);
        return Graph.Node("Div", [Graph.ReduceSum(within, 1), hasParts ? Graph.Reshape(length, -1, 1, 1) : Graph.Reshape(length, -1, 1)]);
    }

    /// <summary>A value [B x T x n] with another number in place of what is behind the end of its row.</summary>
    private string WithinRows(string value, float otherwise)
        => IsStep is null
            ? value
            : Graph.Node("Where", [Graph.Reshape(IsStep, 0, 0, 1), value, Graph.Constant("otherwise", otherwise)]);

    // A number times 0 is 0 if it is finite, else NaN.
    private string FaultOf(string? numbers, string? statics)
    {
        string zero = Graph.Constant("zero", 0);
        string length = _lengths is null ? Graph.SizeOf(_first, axis: 1) : Graph.Reshape(_lengths, -1, 1);
        string isEmpty = Graph.Node("Equal", [length, Graph.Vector(0)]);
        var faults = new List<string> { Graph.Node("Where", [isEmpty, Graph.Constant("missing", float.NaN), zero]) };
        if (numbers is not null)
        {
            string fault = Graph.ReduceMean(WithinRows(Graph.Node("Mul", [numbers, zero]), 0), 1, 2);
            faults.Add(Graph.Reshape(fault, 0, 1));
        }
        if (statics is not null)
            faults.Add(Graph.ReduceMean(Graph.Node("Mul", [statics, zero]), 1));
        return faults.Aggregate((sum, fault) => Graph.Node("Add", [sum, fault]));
    }

    private string Scale(string name, string value, AffineScaler scaler)
    {
        string scaled = value;
        if (!scaler.IsIdentity)
        {
            string centred = Graph.Node("Sub", [value, Graph.Constant($"{name}.offset", scaler.Offset, scaler.Size)]);
            // The difference of two large numbers may overflow, and infinity times the scale of a feature that never varied is NaN.
            if (scaler.Constants.Any())
            {
                string finite = Graph.Node("Max", [centred, Graph.Constant("lowest", float.MinValue)]);
                centred = Graph.Node("Min", [finite, Graph.Constant("highest", float.MaxValue)]);
            }
            scaled = Graph.Node("Mul", [centred, Graph.Constant($"{name}.scale", scaler.Scale, scaler.Size)]);
        }
        string notBelow = Graph.Node("Max", [scaled, Graph.Constant("least", -Largest)]);
        return Graph.Named(name, "Min", [notBelow, Graph.Constant("largest", Largest)]);
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

    /// <summary>The vectors of keys, [B x T x size].</summary>
    private string Embed(string keys, int table)
    {
        EmbeddingShape embedding = Shape.Embeddings[table];
        Parameter weight = Parameters.Find(ParameterSet.EmbeddingName(table));
        string key = Graph.Cast(keys, TensorProto.Types.DataType.Int64);
        string isBeyond = Graph.Node("Greater", [key, Graph.Vector(embedding.KeyCount)]);
        string row = Graph.Node("Where", [isBeyond, Graph.Vector(0), key]);
        if (embedding.Keys is { } known)
        {
            long[] rows = [.. Enumerable.Range(0, known.KeyCount + 1).Select(each => (long)known.NumberOf(each))];
            row = Graph.Gather(Graph.Constant($"embedding{table}.rows", rows, rows.Length), row, axis: 0);
        }
        string vectors = Graph.Constant($"embedding{table}.weight", Parameters[weight].ToArray(), weight.Rows, weight.Columns);
        return Graph.Gather(vectors, row, axis: 0);
    }

    private string StepOutputs()
    {
        string steps = Graph.Transpose(Recurrent.Steps, 1, 0, 2);
        ReadOnlySpan<float> weight = Parameters[ParameterSet.HeadWeight];
        int e = Shape.EncodingSize, s = Shape.StaticSize, k = Shape.HeadInputSize, o = Shape.OutputSize;
        string outputs = Graph.Linear("head", steps, Columns(weight, 0, e), o, Parameters[ParameterSet.HeadBias]);
        if (ScaledStatics is not null)
            outputs = Graph.Node("Add",
                [outputs, Graph.Reshape(Graph.Linear("head.statics", ScaledStatics, Columns(weight, e, s), o), 0, 1, o)]);
        if (Shape.Head.ReadsInputs && ScaledNumbers is not null)
            outputs = Graph.Node("Add",
                [outputs, Graph.Linear("head.inputs", ScaledNumbers, Columns(weight, e + s, Shape.NumericSize), o)]);
        return outputs;

        float[] Columns(ReadOnlySpan<float> matrix, int first, int count)
        {
            float[] part = new float[o * count];
            for (int row = 0; row < o; row++)
                matrix.Slice(row * k + first, count).CopyTo(part.AsSpan(row * count));
            return part;
        }
    }

    private string Pool()
    {
        if (Shape.Pooling == Pooling.Last)
            return Graph.Reshape(Graph.Transpose(Recurrent.Final, 1, 0, 2), 0, Shape.EncodingSize);
        string steps = Graph.Transpose(Recurrent.Steps, 1, 0, 2);
        string pooled;
        switch (Shape.Pooling)
        {
            case Pooling.Max:
                pooled = Graph.ReduceMax(WithinRows(steps, float.NegativeInfinity), 1);
                break;
            case Pooling.Mean:
                pooled = MeanOfSteps(steps, hasParts: true);
                break;
            default:
                string hidden = Graph.Node("Tanh", [Graph.Linear("attention", steps, Parameters[ParameterSet.AttentionWeight],
                    Shape.EncodingSize, Parameters[ParameterSet.AttentionBias])]);
                string scores = Graph.Linear("attention.score", hidden, Parameters[ParameterSet.AttentionVector], 1);
                scores = Graph.Reshape(WithinRows(scores, float.MinValue), 0, -1);
                Attention = Graph.Node("Softmax", [scores], OnnxAttribute.Of("axis", 1));
                // A form that ONNX Runtime 1.31.1 takes for all lengths.
                string weighted = Graph.Node("Mul", [WithinRows(steps, 0), Graph.Reshape(Attention, 0, -1, 1)]);
                pooled = Graph.ReduceSum(weighted, 1);
                break;
        }
        return Graph.Named("encoding", "Reshape", [pooled, Graph.Vector(0, Shape.EncodingSize)]);
    }

    // The decoder gives a sequence from its end to its beginning, so it is run from the last step to the first: then each step of it lies
    // where the step is that it gives again.
    private string Reconstruct()
    {
        ParameterSet decoder = Parameters.Decoder!;
        AffineScaler scaler = _model.InputScaler;
        string batch = Graph.SizeOf(_first, axis: 0), steps = Graph.SizeOf(_first, axis: 1);
        string length = _lengths is null ? steps : Graph.Reshape(_lengths, -1, 1);
        string left = Graph.Node("Sub", [length, Graph.Node("Add", [Graph.Range(steps), Graph.Vector(1)])]);
        string share = Graph.Node("Div", [ToFloat(left), ToFloat(length)]);
        string place = Graph.Node("Sub", [Graph.Node("Add", [share, share]), Graph.Constant("one", 1)]);
        place = Graph.Reshape(place, _lengths is null ? [1, -1, 1] : [0, 0, 1]);
        place = Graph.Node("Expand", [place, Graph.Concat(0, batch, Graph.Vector(1, 1))]);
        string one = Graph.Vector(1), code = Graph.Reshape(Output, -1, 1, Shape.OutputSize);
        code = Graph.Node("Expand", [code, Graph.Concat(0, one, steps, one)]);
        string input = Graph.Transpose(Graph.Concat(2, code, place), 1, 0, 2);
        var recurrent = new RecurrentValues(Graph, decoder, input, _lengths, needsSteps: true, name: "decoder", isReversed: true);
        string features = Graph.Linear("decoder.head", Graph.Transpose(recurrent.Steps, 1, 0, 2), decoder[ParameterSet.HeadWeight],
            Shape.InputSize, decoder[ParameterSet.HeadBias]);
        string error = Graph.Node("Sub", [features, ScaledNumbers!]);
        // Features that never varied are no errors.
        int varied = Math.Max(scaler.Size - scaler.Constants.Count(), 1);
        float[] parts = [.. Enumerable.Range(0, scaler.Size).Select(feature => scaler.IsConstant(feature) ? 0 : 1f / varied)];
        return Graph.Reshape(Graph.Linear("step_errors", Graph.Node("Mul", [error, error]), parts, 1), 0, -1);

        string ToFloat(string value) => Graph.Cast(value, TensorProto.Types.DataType.Float);
    }
}
