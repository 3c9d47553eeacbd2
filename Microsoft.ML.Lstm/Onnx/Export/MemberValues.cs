using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// One network written into a graph, behind its inputs. The weights of a layer are those of ONNX's operator for its cell, all else is
/// plain arithmetic.
/// </summary>
internal sealed class MemberValues
{
    private readonly InputValues _inputs;
    private readonly ParameterSet _parameters;
    private readonly StepValues _steps;
    private readonly RecurrentValues _recurrent;
    private readonly string? _convolved;

    /// <summary>Writes a network.</summary>
    public MemberValues(InputValues inputs, ParameterSet parameters)
    {
        (_inputs, _parameters) = (inputs, parameters);
        string[] parts =
        [
            .. inputs.Numbers is null ? [] : new[] { inputs.Numbers },
            .. inputs.Tokens.Select((keys, table) => Embed(Graph, parameters, keys, table)),
            .. inputs.Characters is null ? [] : new[] { CharacterValues.Write(Graph, parameters, inputs.Characters) },
        ];
        string x = Graph.Concat(axis: 2, parts);
        _convolved = Shape.Convolutions.Count == 0 ? null : ConvolutionValues.Write(inputs, parameters, x);
        FrameValues? frames = Shape.InputConvolutions.Count > 0 ? new FrameValues(inputs, x, parameters)
            : Shape.StepsPerFrame > 1 ? new FrameValues(inputs, x, Shape.InputSize, Shape.StepsPerFrame) : null;
        _steps = frames is null ? inputs : frames;
        _recurrent = new RecurrentValues(Graph, parameters, Graph.Transpose(frames?.Values ?? x, 1, 0, 2), _steps.Lengths,
            needsSteps: Shape.Head.IsPerStep || Shape.Head == Head.SequenceToSequence || Shape.Pooling != Pooling.Last,
            needsFinal: Shape.Head == Head.SequenceToSequence);
        if (Shape.Head.IsPerStep)
        {
            Output = StepOutputs();
            return;
        }
        Encoding = Pool();
        if (Attention != "" && frames is not null)
            Attention = frames.Spread(Attention);
        if (_convolved is not null)
            Encoding = Graph.Concat(1, Encoding, Graph.Reshape(Shape.PoolsConvolutionsByMax
                ? Graph.ReduceMax(inputs.WithinRows(_convolved, float.NegativeInfinity), 1)
                : inputs.MeanOfSteps(_convolved, hasParts: true), 0, Shape.ConvolutionSize));
        string?[] read =
        [
            Encoding, inputs.Statics,
            Shape.SkipSteps == 0 ? null : LastSteps.Write(Graph, inputs.Numbers!, inputs.Lengths, Shape),
        ];
        string head = Graph.Concat(axis: 1, [.. read.OfType<string>()]);
        Output = Graph.Linear("head", head, parameters[ParameterSet.HeadWeight], Shape.OutputSize, parameters[ParameterSet.HeadBias]);
        if (Shape.Head == Head.Autoencoder)
            Encoding = Output;
    }

    /// <summary>The scaled outputs, [B x O], or [B x T x O] where each step has some.</summary>
    public string Output { get; }

    /// <summary>The encoding, [B x E], or of an autoencoder its code, [B x O]; of a network with outputs for each step none.</summary>
    public string Encoding { get; } = "";

    /// <summary>The weight of each step in the encoding, [B x T]; of a network that pools by attention.</summary>
    public string Attention { get; private set; } = "";

    /// <summary>The steps, or frames, that the recurrent layers read.</summary>
    public StepValues Steps => _steps;

    /// <summary>The last layer's outputs at all steps, [B x T x D·H]; of a network that does not read its final states alone.</summary>
    public string Top => Graph.Transpose(_recurrent.Steps, 1, 0, 2);

    /// <summary>The network's parameters.</summary>
    public ParameterSet Parameters => _parameters;

    private OnnxGraph Graph => _inputs.Graph;

    private NetworkShape Shape => _parameters.Shape;

    /// <summary>The scaled numbers of each step as an autoencoder gives them again, [B x T x F].</summary>
    public string Reconstruct()
    {
        // The decoder gives a sequence from its end to its beginning, so it is run from the last step to the first: then each step of it
        // lies where the step is that it gives again.
        ParameterSet decoder = _parameters.Decoder!;
        string batch = _inputs.Rows, steps = _inputs.Steps;
        string length = _inputs.Lengths is null ? steps : Graph.Reshape(_inputs.Lengths, -1, 1);
        string left = Graph.Node("Sub", [length, Graph.Node("Add", [Graph.Range(steps), Graph.Vector(1)])]);
        string share = Graph.Node("Div", [ToFloat(left), ToFloat(length)]);
        string place = Graph.Node("Sub", [Graph.Node("Add", [share, share]), Graph.Constant("one", 1)]);
        place = Graph.Reshape(place, _inputs.Lengths is null ? [1, -1, 1] : [0, 0, 1]);
        place = Graph.Node("Expand", [place, Graph.Concat(0, batch, Graph.Vector(1, 1))]);
        string one = Graph.Vector(1), code = Graph.Reshape(Output, -1, 1, Shape.OutputSize);
        code = Graph.Node("Expand", [code, Graph.Concat(0, one, steps, one)]);
        string input = Graph.Transpose(Graph.Concat(2, code, place), 1, 0, 2);
        var recurrent = new RecurrentValues(Graph, decoder, input, _inputs.Lengths, needsSteps: true, name: "decoder", isReversed: true);
        return Graph.Linear("decoder.head", Graph.Transpose(recurrent.Steps, 1, 0, 2), decoder[ParameterSet.HeadWeight],
            Shape.InputSize, decoder[ParameterSet.HeadBias]);

        string ToFloat(string value) => Graph.Cast(value, TensorProto.Types.DataType.Float);
    }

    /// <summary>The weights of the head; of a tied one the table of embeddings without its first row, the unknown token.</summary>
    public static ReadOnlySpan<float> HeadWeightOf(ParameterSet parameters)
    {
        NetworkShape shape = parameters.Shape;
        return shape.TiesHead
            ? parameters[parameters.Embeddings[0]].Slice(shape.Embeddings[0].Size, shape.OutputSize * shape.Embeddings[0].Size)
            : parameters[ParameterSet.HeadWeight];
    }

    /// <summary>The vectors of keys, [B x T x size]; where there is a boundary, it is the key behind the last.</summary>
    public static string Embed(OnnxGraph graph, ParameterSet parameters, string keys, int table, string name = "embedding")
    {
        EmbeddingShape embedding = parameters.Shape.Embeddings[table];
        Parameter weight = parameters.Find(ParameterSet.EmbeddingName(table));
        string key = graph.Cast(keys, TensorProto.Types.DataType.Int64);
        string isBeyond = graph.Node("Greater", [key, graph.Vector(embedding.KeyCount + (embedding.HasBoundary ? 1 : 0))]);
        string row = graph.Node("Where", [isBeyond, graph.Vector(0), key]);
        if (embedding.Keys is { } known)
        {
            long[] rows =
            [
                .. Enumerable.Range(0, known.KeyCount + 1).Select(each => (long)known.NumberOf(each)),
                .. embedding.HasBoundary ? [embedding.Boundary] : Array.Empty<long>(),
            ];
            row = graph.Gather(graph.Constant($"{name}{table}.rows", rows, rows.Length), row, axis: 0);
        }
        string vectors = graph.Constant($"{name}{table}.weight", parameters[weight].ToArray(), weight.Rows, weight.Columns);
        return graph.Gather(vectors, row, axis: 0);
    }

    private string StepOutputs()
    {
        string steps = Top;
        if (_convolved is not null)
            steps = Graph.Concat(2, steps, _convolved);
        ReadOnlySpan<float> weight = _parameters[ParameterSet.HeadWeight];
        int e = Shape.EncodingSize, s = Shape.StaticSize, k = Shape.HeadInputSize, o = Shape.OutputSize;
        string outputs = Graph.Linear("head", steps, Columns(weight, 0, e), o, _parameters[ParameterSet.HeadBias]);
        if (_inputs.Statics is not null)
            outputs = Graph.Node("Add",
                [outputs, Graph.Reshape(Graph.Linear("head.statics", _inputs.Statics, Columns(weight, e, s), o), 0, 1, o)]);
        if (Shape.Head.ReadsInputs && _inputs.Numbers is not null)
            outputs = Graph.Node("Add",
                [outputs, Graph.Linear("head.inputs", _inputs.Numbers, Columns(weight, e + s, Shape.NumericSize), o)]);
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
            return Graph.Reshape(Graph.Transpose(_recurrent.Final, 1, 0, 2), 0, Shape.LayerSize);
        string steps = Top;
        string pooled;
        switch (Shape.Pooling)
        {
            case Pooling.Max:
                pooled = Graph.ReduceMax(_steps.WithinRows(steps, float.NegativeInfinity), 1);
                break;
            case Pooling.Mean:
                pooled = _steps.MeanOfSteps(steps, hasParts: true);
                break;
            default:
                string hidden = Graph.Node("Tanh", [Graph.Linear("attention", steps, _parameters[ParameterSet.AttentionWeight],
                    Shape.LayerSize, _parameters[ParameterSet.AttentionBias])]);
                string scores = Graph.Linear("attention.score", hidden, _parameters[ParameterSet.AttentionVector], 1);
                scores = Graph.Reshape(_steps.WithinRows(scores, float.MinValue), 0, -1);
                Attention = Graph.Node("Softmax", [scores], OnnxAttribute.Of("axis", 1));
                // A form that ONNX Runtime 1.31.1 takes for all lengths.
                string weighted = Graph.Node("Mul", [_steps.WithinRows(steps, 0), Graph.Reshape(Attention, 0, -1, 1)]);
                pooled = Graph.ReduceSum(weighted, 1);
                break;
        }
        return Graph.Named("encoding", "Reshape", [pooled, Graph.Vector(0, Shape.LayerSize)]);
    }
}
