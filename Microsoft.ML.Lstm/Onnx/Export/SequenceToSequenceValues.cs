using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// An encoder and its decoder as two files, so that another runtime can write sequences: the first reads a source once, the second goes one
/// token on, with its state as an input and an output.
/// </summary>
/// <remarks>
/// The state of a row is, layer by layer, h and, for LSTM, c, behind them what a decoder with input feeding reads of the step before; what
/// it remembers of a step of the source is the encoding and, for additive attention, K·e of it, which is the same at every step. Of an
/// ensemble there is one network behind the other in both.
/// </remarks>
internal static class SequenceToSequenceValues
{
    /// <summary>Names of what goes from the encoder to the decoder, and of the decoder's other inputs and outputs.</summary>
    public const string State = "State", Memory = "Memory", Token = "Token", NextState = "NextState", Attention = "Attention",
        LogProbabilities = "LogProbabilities";

    private const TensorProto.Types.DataType Float = TensorProto.Types.DataType.Float;

    /// <summary>Writes the encoder: from a source to the state that the decoder begins with, and what it looks at.</summary>
    /// <exception cref="NotSupportedException">The decoder has outputs that the files have no place for.</exception>
    public static void WriteEncoder(OnnxFile file, SequenceModel model, NetworkInputs inputs)
    {
        const string noPlace = "The files of an encoder and its decoder have no place yet for ";
        if (model.Shape.Target is { TiesHead: true })
            throw new NotSupportedException($"{noPlace}outputs whose weights are the vectors of the keys (TieEmbeddings).");
        if (model.Shape.Target is { WritesUnknown: true })
            throw new NotSupportedException($"{noPlace}the missing key (WriteUnknown).");
        var network = new NetworkValues(file, model, inputs);
        var states = new List<string>();
        var memories = new List<string>();
        foreach (MemberValues member in network.Members)
        {
            ParameterSet decoder = member.Parameters.Decoder!;
            string state = file.Node("Tanh", [member.Output]);
            states.Add(state);
            if (FeedSize(decoder.Shape) is var feed and > 0)
                states.Add(file.Node("Expand", [file.Constant("nothing", [0f], 1, 1),
                    file.Concat(0, file.SizeOf(state, axis: 0), file.Vector(feed))]));
            if (decoder.Shape.SourceAttention == SourceAttention.None)
                continue;
            memories.Add(member.Top);
            if (decoder.Shape.SourceAttention == SourceAttention.Additive)
                memories.Add(file.Linear("decoder.key", member.Top, decoder[ParameterSet.KeyWeight], decoder.Shape.HiddenSize));
        }
        file.AddOutput(State, network.OfRows(file.Concat(axis: 1, [.. states]), model.Members.Sum(StateSize)));
        if (memories.Count > 0)
            file.AddOutput(Memory, network.OfSteps(file.Concat(axis: 2, [.. memories]), model.Members.Sum(MemorySize)));
    }

    /// <summary>Writes a step of the decoder: from the token before to the log-probabilities of the next one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="names">What the keys that are written stand for; null where that is unknown.</param>
    public static void WriteStep(OnnxFile file, SequenceModel model, IReadOnlyList<string>? names)
    {
        EmbeddingShape table = model.Shape.Target!.Value.Table;
        string token = file.Reshape(file.AddInput(new OnnxValue(Token, TensorProto.Types.DataType.Uint32, OnnxAxis.Batch)), 1, -1);
        int stateSize = model.Members.Sum(StateSize), memorySize = model.Members.Sum(MemorySize);
        var state = new Parts(file, file.AddInput(new OnnxValue(State, Float, OnnxAxis.Batch, stateSize)), axis: 1);
        Parts? memory = memorySize == 0
            ? null
            : new Parts(file, file.AddInput(new OnnxValue(Memory, Float, OnnxAxis.Batch, OnnxAxis.Time, memorySize)), axis: 2);
        string? isStep = memory is null
            ? null
            : file.Node("Less", [file.Range(file.SizeOf(memory.Value, axis: 1)), file.Reshape(file.AddLengths(), -1, 1)]);
        // The state of a source that can't be read is NaN, which not all operators pass on.
        string fault = file.ReduceMean(file.Node("Mul", [state.Value, file.Constant("zero", 0)]), 1);
        var outputs = new List<string>();
        var weights = new List<string>();
        var states = new List<string>();
        foreach (ParameterSet member in model.Members)
        {
            ParameterSet decoder = member.Decoder!;
            (string top, string? alphas) = WriteMember(file, decoder, token, state, memory, isStep, states);
            outputs.Add(file.Linear("decoder.head", top, MemberValues.HeadWeightOf(decoder), decoder.Shape.OutputSize,
                decoder[ParameterSet.HeadBias]));
            if (alphas is not null)
                weights.Add(alphas);
        }
        string logs = file.Node("LogSoftmax", [MeanOf(file, outputs)], OnnxAttribute.Of("axis", 1));
        file.AddOutput(LogProbabilities, new OnnxValue(WithFault(OfKeys(file, table, logs)), Float, OnnxAxis.Batch, table.KeyCount + 1)
        {
            Names = names is null ? null : [.. names, ""],
        });
        if (memory is not null)
            file.AddOutput(Attention, new OnnxValue(WithFault(MeanOf(file, weights)), Float, OnnxAxis.Batch, OnnxAxis.Time));
        file.AddOutput(NextState, new OnnxValue(WithFault(file.Concat(axis: 1, [.. states])), Float, OnnxAxis.Batch, stateSize));

        string WithFault(string value) => file.Node("Add", [value, fault]);
    }

    /// <summary>A step of one network: what its head reads, [B x H], and the weights of the source's steps, [B x T].</summary>
    private static (string Top, string? Alphas) WriteMember(OnnxFile file, ParameterSet decoder, string token, Parts state, Parts? memory,
        string? isStep, List<string> states)
    {
        NetworkShape shape = decoder.Shape;
        int h = shape.HiddenSize, parts = shape.CellDescription.HasCellState ? 2 : 1;
        string[][] initial = [.. Enumerable.Range(0, shape.Layers)
            .Select(_ => Enumerable.Range(0, parts).Select(_ => file.Reshape(state.Take(h), 1, -1, h)).ToArray())];
        string x = MemberValues.Embed(file, decoder, token, table: 0, "decoder.embedding");
        if (FeedSize(shape) > 0)
            x = file.Concat(2, file.Reshape(state.Take(h), 1, -1, h), x);
        var recurrent = new RecurrentValues(file, decoder, x, lengths: null, needsSteps: true, "decoder", initialStates: initial);
        states.AddRange(recurrent.FinalStates.SelectMany(layer => layer).Select(final => file.Reshape(final, -1, h)));
        string top = file.Reshape(recurrent.Steps, -1, h);
        string? alphas = null;
        if (memory is not null)
            (top, alphas) = Look(file, decoder, top, memory, isStep!);
        if (FeedSize(shape) > 0)
            states.Add(top);
        return (top, alphas);
    }

    /// <summary>The look at the source: see <see cref="Engine.Layers.SourceAttentionLayer"/>.</summary>
    private static (string Attended, string Alphas) Look(OnnxFile file, ParameterSet decoder, string top, Parts memory, string isStep)
    {
        NetworkShape shape = decoder.Shape;
        string encodings = memory.Take(shape.SourceSize), query = top, scores;
        if (shape.SourceAttention != SourceAttention.Dot)
            query = file.Linear("decoder.query", top, decoder[ParameterSet.QueryWeight], shape.QuerySize,
                shape.SourceAttention == SourceAttention.Additive ? decoder[ParameterSet.QueryBias] : default);
        if (shape.SourceAttention == SourceAttention.Additive)
        {
            string sum = file.Node("Add", [memory.Take(shape.HiddenSize), file.Reshape(query, -1, 1, shape.HiddenSize)]);
            scores = file.Linear("decoder.attention", file.Node("Tanh", [sum]), decoder[ParameterSet.AttentionVector], 1);
        }
        else
        {
            scores = file.Node("MatMul", [encodings, file.Reshape(query, -1, shape.QuerySize, 1)]);
        }
        string within = file.Node("Where", [isStep, file.Reshape(scores, 0, -1), file.Constant("lowest", float.MinValue)]);
        string alphas = file.Node("Softmax", [within], OnnxAttribute.Of("axis", 1));
        // A form that ONNX Runtime 1.31.1 takes for all lengths.
        string weighted = file.Node("Mul", [encodings, file.Reshape(alphas, 0, -1, 1)]);
        string mean = file.Reshape(file.ReduceSum(weighted, 1), -1, shape.SourceSize);
        string attended = file.Linear("decoder.combine", file.Concat(1, mean, top), decoder[ParameterSet.CombineWeight], shape.HiddenSize);
        return (file.Node("Tanh", [attended]), alphas);
    }

    /// <summary>The log-probabilities of all keys, and of the end, of those of the known ones: the others have none.</summary>
    private static string OfKeys(OnnxFile file, EmbeddingShape table, string logs)
    {
        if (table.Keys is not { } known)
            return logs;
        string none = file.Node("Expand", [file.Constant("none", [float.NegativeInfinity], 1, 1),
            file.Concat(0, file.SizeOf(logs, axis: 0), file.Vector(1))]);
        int end = known.Count;
        long[] places = [.. Enumerable.Range(1, known.KeyCount).Select(key => known.NumberOf(key) is var number and > 0
            ? number - 1
            : end + 1L), end];
        return file.Gather(file.Concat(1, logs, none), file.Constant("decoder.places", places, places.Length), axis: 1);
    }

    private static string MeanOf(OnnxFile file, List<string> values)
    {
        string sum = values.Aggregate((sum, next) => file.Node("Add", [sum, next]));
        return values.Count == 1 ? sum : file.Node("Mul", [sum, file.Constant("share", 1f / values.Count)]);
    }

    private static int FeedSize(NetworkShape decoder) => decoder.NumericSize;

    private static int StateSize(ParameterSet member)
        => member.Shape.StateSizeOf(member.Shape.Target!.Value) + FeedSize(member.Decoder!.Shape);

    private static int MemorySize(ParameterSet member) => member.Decoder!.Shape switch
    {
        { SourceAttention: SourceAttention.None } => 0,
        { SourceAttention: SourceAttention.Additive } decoder => decoder.SourceSize + decoder.HiddenSize,
        var decoder => decoder.SourceSize,
    };

    /// <summary>A value whose parts along an axis are taken one after the other.</summary>
    private sealed class Parts(OnnxFile file, string value, int axis)
    {
        private int _at;

        public string Value => value;

        public string Take(int size)
        {
            string part = file.Node("Slice", [value, file.Vector(_at), file.Vector(_at + size), file.Vector(axis)]);
            _at += size;
            return part;
        }
    }
}
