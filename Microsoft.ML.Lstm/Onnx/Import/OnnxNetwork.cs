using Google.Protobuf;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>A network that an ONNX file has.</summary>
/// <param name="Model">The network.</param>
/// <param name="Function">The function of its outputs.</param>
/// <param name="InputNames">The inputs that it reads numbers or tokens of steps from, in their order.</param>
/// <param name="NumericSizes">The features that each input of numbers has for a step.</param>
/// <param name="StaticInputName">The input of static features; null for none.</param>
/// <param name="OutputName">The output.</param>
internal sealed record OnnxNetwork(SequenceModel Model, OutputFunction Function, string[] InputNames, int[] NumericSizes,
    string? StaticInputName, string OutputName)
{
    // For values that are computed before any weight is read; a file's own tensors come on top.
    private const long BaseBytes = 24 << 20;
    private const int BytesPerByte = 16;
    private const int MaxCandidates = 200;

    /// <summary>Reads a file.</summary>
    /// <param name="model">The file.</param>
    /// <param name="length">Its length.</param>
    /// <param name="options">What of it.</param>
    /// <exception cref="InvalidDataException">It is damaged, or no ONNX file.</exception>
    /// <exception cref="NotSupportedException">It has what networks of ours don't have; the message names the node and says
    /// why.</exception>
    public static OnnxNetwork Read(ModelProto model, long length, OnnxImportOptions options)
    {
        if (model.Graph is not { } graph || model.OpsetImport.Count == 0)
        {
            string missing = model.Graph is null ? "no graph" : "no operator sets";
            throw new InvalidDataException($"ONNX: expected a model with a graph and operator sets, found {missing}.");
        }
        long operatorSet = model.OpsetImport.Where(set => set.Domain is "" or "ai.onnx").Select(set => set.Version).FirstOrDefault();
        if (operatorSet is < 7 or > 100)
            throw new NotSupportedException($"ONNX: the file's operator set is {operatorSet}; sets from 7 on are read.");
        var budget = new Budget(BaseBytes + BytesPerByte * length, "ONNX");
        Dictionary<string, GraphValue> known = ZeroInputs(graph, options, budget);
        string[] outputs = OutputsOf(graph, options);
        Exception? first = null;
        foreach (string output in outputs)
        {
            try
            {
                return Read(graph, output, known, budget, operatorSet, options);
            }
            catch (Exception error) when (error is NotSupportedException or InvalidDataException)
            {
                first ??= error;
            }
        }
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first!);
        throw first;
    }

    private static string[] OutputsOf(GraphProto graph, OnnxImportOptions options)
    {
        if (options.OutputName is { } name)
        {
            return graph.Node.Any(node => node.Output.Contains(name))
                ? [name]
                : throw new InvalidDataException($"ONNX: expected a value {OnnxText.Quote(name)} as the network's output, found none.");
        }
        string[] outputs =
        [
            .. graph.Output.Where(output => output.Type?.TensorType is not { } type
                || (Type)type.ElemType is Type.Float or Type.Double or Type.Float16 or Type.Undefined).Select(output => output.Name),
        ];
        return outputs.Length > 0 ? outputs : throw new InvalidDataException("ONNX: expected an output of numbers, found none.");
    }

    private static Dictionary<string, GraphValue> ZeroInputs(GraphProto graph, OnnxImportOptions options, Budget budget)
    {
        var known = new Dictionary<string, GraphValue>();
        foreach (string name in options.ZeroInputNames)
        {
            ValueInfoProto input = graph.Input.FirstOrDefault(input => input.Name == name)
                ?? throw new InvalidDataException($"ONNX: expected an input {OnnxText.Quote(name)} to take as zeros, found none.");
            var axes = new Axes(GraphInput.DimensionsOf(input).Select(size => Axes.FixedAxis((int)Math.Max(1, size))));
            budget.Take(axes.Count * 8L);
            known[name] = new GraphValue(axes, new Floats(new float[axes.Count]));
        }
        return known;
    }

    private static OnnxNetwork Read(GraphProto graph, string output, Dictionary<string, GraphValue> known, Budget budget, long operatorSet,
        OnnxImportOptions options)
    {
        HashSet<string> tensors = [.. graph.Initializer.Select(tensor => tensor.Name)];
        List<NodeProto> nodes = GraphEvaluator.NodesFor(graph, [output], name => tensors.Contains(name) || known.ContainsKey(name),
            out HashSet<string> read);
        foreach (TensorProto tensor in graph.Initializer.Where(tensor => read.Contains(tensor.Name) && !known.ContainsKey(tensor.Name)))
        {
            known[tensor.Name] = TensorReader.Read(tensor, $"tensor {OnnxText.Quote(tensor.Name)}", budget);
            // It is not read again, and may be most of the file.
            tensor.RawData = ByteString.Empty;
        }
        var constants = new GraphEvaluator(known, budget, operatorSet);
        constants.Follow(nodes, read, skipsUnknown: true);
        nodes = GraphEvaluator.NodesFor(graph, [output], constants.Values.ContainsKey, out read);
        ValueInfoProto[] inputs = [.. graph.Input.Where(input => read.Contains(input.Name) && !known.ContainsKey(input.Name))];
        int? features = nodes.Where(node => node.OpType is "LSTM" or "GRU" or "RNN" && node.Input.Count > 1)
            .Select(node => constants.Values.TryGetValue(node.Input[1], out GraphValue? w) && w.Axes.Rank == 3
                ? w.Axes.Along(2)
                : (int?)null)
            .FirstOrDefault(size => size > 0);
        GraphInput[][] candidates = [.. inputs.Select((input, index) => GraphInput.Candidates(input, index, features, budget).ToArray())];
        int[][] alike =
        [
            .. Enumerable.Range(0, inputs.Length).GroupBy(index => (inputs[index].Type.TensorType.ElemType,
                inputs[index].Type.TensorType.Shape.Dim.Count, candidates[index].Length)).Select(group => group.ToArray()),
        ];

        // Which axis of an input counts rows and which steps follows from what is done with it: each way is tried, and the error that comes
        // last in the graph says most.
        Exception? error = null;
        int reached = -1;
        foreach (GraphInput[] chosen in Combinations(candidates, alike).Take(MaxCandidates))
        {
            var evaluator = new GraphEvaluator(
                constants.Values.Concat(chosen.Select(input => KeyValuePair.Create(input.Name, input.Value))).ToDictionary(), budget,
                    operatorSet);
            budget.Take(constants.Values.Count * 64L);
            try
            {
                evaluator.Follow(nodes, read);
                if (!evaluator.Values.TryGetValue(output, out GraphValue? value))
                    throw new InvalidDataException($"ONNX: expected a value {OnnxText.Quote(output)}, found none.");
                return NetworkBuilder.Build(value, output, chosen, options, budget);
            }
            catch (Exception found) when (found is NotSupportedException or InvalidDataException)
            {
                if (evaluator.Count > reached)
                    (error, reached) = (found, evaluator.Count);
            }
        }
        double ways = candidates.Aggregate(1.0, (product, each) => product * each.Length);
        if (error is not null && ways > MaxCandidates)
            throw new NotSupportedException($"{error.Message} Which axes of its {inputs.Length} inputs are rows and which are steps is not "
                + $"known; {MaxCandidates} of {ways:g3} ways were tried.", error);
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error
            ?? new InvalidDataException("ONNX: expected inputs, found none."));
        throw error!;
    }

    /// <summary>The ways in which inputs may be meant, first those in which inputs that are alike are meant in the same way.</summary>
    /// <param name="candidates">What each input may be.</param>
    /// <param name="alike">The inputs, in groups that are of one type and may be meant in as many ways.</param>
    private static IEnumerable<GraphInput[]> Combinations(GraphInput[][] candidates, int[][] alike)
    {
        foreach (int[] choice in Choices([.. alike.Select(group => candidates[group[0]].Length)]))
        {
            var chosen = new GraphInput[candidates.Length];
            for (int group = 0; group < alike.Length; group++)
            {
                foreach (int input in alike[group])
                    chosen[input] = candidates[input][choice[group]];
            }
            yield return chosen;
        }
        foreach (int[] choice in Choices([.. candidates.Select(each => each.Length)]))
        {
            if (!alike.All(group => group.All(input => choice[input] == choice[group[0]])))
                yield return [.. choice.Select((number, input) => candidates[input][number])];
        }
    }

    /// <summary>One of so many in each place, in all ways; the array is the same each time.</summary>
    private static IEnumerable<int[]> Choices(int[] counts)
    {
        int[] choice = new int[counts.Length];
        while (true)
        {
            yield return choice;
            int place = 0;
            while (place < counts.Length && ++choice[place] == counts[place])
                choice[place++] = 0;
            if (place == counts.Length)
                yield break;
        }
    }
}
