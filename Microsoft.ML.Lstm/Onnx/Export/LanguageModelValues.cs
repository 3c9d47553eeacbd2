using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// A language model written into a file with its state as an input and an output, so that a runtime can go through a text in pieces of any
/// length, token by token too, and generate.
/// </summary>
/// <remarks>
/// The state of a row is that of a <see cref="Engine.Network.SequenceStream"/>: layer by layer h and, for LSTM, c; of an ensemble one
/// network behind the other. It is zero before the first token.
/// </remarks>
internal static class LanguageModelValues
{
    /// <summary>Names of the state before and after the tokens, and of the result.</summary>
    public const string State = "State", NextState = "NextState", LogProbabilities = "LogProbabilities";

    /// <summary>Writes a model.</summary>
    /// <param name="file">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="tokenColumn">The name of the input of keys [batch, time]; the boundary is the key behind the column's last.</param>
    /// <param name="names">What the column's keys stand for; null where that is unknown.</param>
    public static void Write(OnnxFile file, SequenceModel model, string tokenColumn, IReadOnlyList<string>? names)
    {
        NetworkShape shape = model.Shape;
        string keys = file.AddInput(new OnnxValue(tokenColumn, TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, OnnxAxis.Time));
        int length = model.Members.Sum(member => member.Shape.Layers * PartsOf(member.Shape) * member.Shape.HiddenSize);
        string state = file.AddInput(new OnnxValue(State, TensorProto.Types.DataType.Float, OnnxAxis.Batch, length));
        var states = new List<string>();
        string? sum = null;
        int at = 0;
        foreach (ParameterSet member in model.Members)
        {
            NetworkShape own = member.Shape;
            string x = file.Transpose(MemberValues.Embed(file, member, keys, table: 0), 1, 0, 2);
            string[][] initial = [.. Enumerable.Range(0, own.Layers)
                .Select(_ => Enumerable.Range(0, PartsOf(own)).Select(_ => TakeState(own.HiddenSize)).ToArray())];
            var recurrent = new RecurrentValues(file, member, x, lengths: null, needsSteps: true, initialStates: initial);
            states.AddRange(recurrent.FinalStates.SelectMany(layer => layer)
                .Select(final => file.Reshape(final, -1, own.HiddenSize)));
            string top = file.Transpose(recurrent.Steps, 1, 0, 2);
            string outputs = file.Linear("head", top, MemberValues.HeadWeightOf(member), own.HeadOutputSize,
                member[ParameterSet.HeadBias]);
            if (own.AdaptiveSoftmax is { } clusters)
                outputs = LogProbabilitiesOf(file, member, clusters, top, outputs);
            sum = sum is null ? outputs : file.Node("Add", [sum, outputs]);
        }
        if (model.Members.Count > 1)
            sum = file.Node("Mul", [sum!, file.Constant("share", 1f / model.Members.Count)]);
        file.AddOutput(LogProbabilities, new OnnxValue(LogSoftmax(file, sum!), TensorProto.Types.DataType.Float, OnnxAxis.Batch,
            OnnxAxis.Time, shape.OutputSize)
        {
            Names = names is null ? null : [.. OutputNames(shape, names)],
        });
        file.AddOutput(NextState, new OnnxValue(file.Concat(axis: 1, [.. states]), TensorProto.Types.DataType.Float, OnnxAxis.Batch,
            length));

        string TakeState(int h)
        {
            string part = file.Node("Slice", [state, file.Vector(at), file.Vector(at + h), file.Vector(1)]);
            at += h;
            return file.Reshape(part, 1, -1, h);
        }
    }

    /// <summary>The states of a layer: h and, for LSTM, c.</summary>
    private static int PartsOf(NetworkShape shape) => shape.CellDescription.HasCellState ? 2 : 1;

    private static string LogSoftmax(OnnxFile file, string outputs) => file.Node("LogSoftmax", [outputs], OnnxAttribute.Of("axis", 2));

    /// <summary>What an adaptive softmax makes of the head's outputs: the logarithm of the probability of each token.</summary>
    private static string LogProbabilitiesOf(OnnxFile file, ParameterSet member, AdaptiveSoftmaxShape clusters, string top, string outputs)
    {
        string head = LogSoftmax(file, outputs);
        int shortlist = clusters.Shortlist.Count;
        var parts = new List<string> { Slice(0, shortlist) };
        for (int i = 0; i < clusters.Tails.Count; i++)
        {
            (KeySubset classes, int size) = clusters.Tails[i];
            string projected = file.Linear($"tail{i}.projection", top, member[ParameterSet.TailProjection(i)], size);
            string inTail = LogSoftmax(file, file.Linear($"tail{i}", projected, member[ParameterSet.TailWeight(i)], classes.Count));
            parts.Add(file.Node("Add", [inTail, Slice(shortlist + i, shortlist + i + 1)]));
        }
        // From the order of the clusters to that of the tokens.
        int[] order = [.. clusters.Shortlist.Keys, .. clusters.Tails.SelectMany(tail => tail.Classes.Keys)];
        long[] places = new long[order.Length];
        for (int i = 0; i < order.Length; i++)
            places[order[i] - 1] = i;
        return file.Gather(file.Concat(axis: 2, [.. parts]), file.Constant("tokens.places", places, places.Length), axis: 2);

        string Slice(int begin, int end) => file.Node("Slice", [head, file.Vector(begin), file.Vector(end), file.Vector(2)]);
    }

    // The boundary, behind the tokens, has no name.
    private static IEnumerable<string> OutputNames(NetworkShape shape, IReadOnlyList<string> names)
    {
        EmbeddingShape table = shape.Embeddings[0];
        IEnumerable<int> keys = table.Keys?.Keys ?? Enumerable.Range(1, table.Vocabulary);
        return [.. keys.Select(key => names[key - 1]), .. Enumerable.Repeat("", shape.OutputSize - table.Vocabulary)];
    }
}
