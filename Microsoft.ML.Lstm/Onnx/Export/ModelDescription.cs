using System.Collections;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx.Import;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// What the metadata of a file of ours says of its model, so that the model can be had back as it was: what a graph can't say plainly, in
/// the form of a model.zip. The weights are the graph's own; where each is follows from writing a network of the same shape once more.
/// </summary>
/// <remarks>
/// Texts under <c>Microsoft.ML.Lstm.</c> and a name: <c>transformer</c>, the class; <c>network</c>, the shape (<see cref="SavedNetwork"/>);
/// <c>scaling</c> (<see cref="ScalingFile"/>); and what the transformer adds. Texts are JSON, streams are in base 64.
/// </remarks>
internal sealed class ModelDescription
{
    private const string Prefix = "Microsoft.ML.Lstm.";
    private const string TransformerName = "transformer", NetworkName = "network", ScalingName = "scaling";

    // For what is written to find the weights and to compare, beyond the file's own size.
    private const long SpareBytes = 16 << 20;

    private readonly Dictionary<string, string> _texts;
    private readonly Dictionary<string, TensorProto> _tensors;
    private readonly long _length;

    private ModelDescription(Dictionary<string, string> texts, IEnumerable<TensorProto> tensors, long length)
    {
        _texts = texts;
        _length = length;
        _tensors = tensors.DistinctBy(tensor => tensor.Name).ToDictionary(tensor => tensor.Name);
        Transformer = Text(TransformerName);
    }

    /// <summary>The name of the transformer's class.</summary>
    public string Transformer { get; }

    /// <summary>Describes a model.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="transformer">The name of the transformer's class.</param>
    /// <param name="model">The network.</param>
    /// <param name="texts">What else the transformer needs.</param>
    public static void Write(OnnxFile file, string transformer, SequenceModel model, params (string Name, string Text)[] texts)
    {
        WriteTransformer(file, transformer);
        file.AddMetadata(Prefix + NetworkName, SavedNetwork.Write([.. model.Members.Select(member => member.Shape)]));
        file.AddMetadata(Prefix + ScalingName, TextOf(stream => ScalingFile.Write(stream, model)));
        foreach ((string name, string text) in texts)
            file.AddMetadata(Prefix + name, text);
    }

    /// <summary>Says no more of a file than whose it is.</summary>
    public static void WriteTransformer(OnnxFile file, string transformer) => file.AddMetadata(Prefix + TransformerName, transformer);

    /// <summary>The text that a stream is written as.</summary>
    public static string TextOf(Action<Stream> write)
    {
        var stream = new MemoryStream();
        write(stream);
        return Convert.ToBase64String(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Finds the description in a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="length">Its length, with that of the second.</param>
    /// <param name="second">A second file that has weights of the model too; null for none.</param>
    /// <returns>The description; null where there is none.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static ModelDescription? Find(ModelProto file, long length, ModelProto? second = null)
    {
        var texts = new Dictionary<string, string>();
        foreach (StringStringEntryProto entry in file.MetadataProps.Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (!texts.TryAdd(entry.Key[Prefix.Length..], entry.Value))
                throw Invalid($"one '{OnnxText.Show(entry.Key)}'", "more");
        }
        return texts.Count == 0 || file.Graph is null
            ? null
            : new ModelDescription(texts, [.. file.Graph.Initializer, .. second?.Graph?.Initializer ?? []], length);
    }

    /// <summary>A text of the description.</summary>
    /// <exception cref="InvalidDataException">There is none of this name.</exception>
    public string Text(string name) => _texts.TryGetValue(name, out string? text) ? text : throw Invalid($"'{Prefix}{name}'", "none");

    /// <summary>Whether the description has a text.</summary>
    public bool Has(string name) => _texts.ContainsKey(name);

    /// <summary>Reads a stream of the description.</summary>
    /// <exception cref="InvalidDataException">There is none of this name, or it is damaged.</exception>
    public T Read<T>(string name, Func<Stream, T> read)
    {
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(Text(name));
        }
        catch (FormatException)
        {
            throw Invalid($"base 64 as '{Prefix}{name}'", "something else");
        }
        return read(new MemoryStream(bytes));
    }

    /// <summary>Reads the network, with the graph's weights.</summary>
    /// <exception cref="InvalidDataException">The graph hasn't the weights of such a network.</exception>
    public SequenceModel ReadNetwork()
    {
        IReadOnlyList<NetworkShape> shapes = SavedNetwork.Read(Text(NetworkName));
        NetworkShape shape = shapes[0];
        long layers = shapes.Sum(member => (long)member.Layers);
        if (3 * layers > _tensors.Count)
            throw Invalid($"tensors for {layers} layers", $"{_tensors.Count}");
        // No number takes less than a byte, and keys and classes of which some are known are tables in the graph.
        foreach (NetworkShape member in shapes)
            ModelFile.CheckSize(member, _length);
        if (shapes.Sum(member => member.ParameterCount) is var count && count > _length)
            throw Invalid($"at most {_length} weights", $"{count}");
        if (shape.Embeddings.Select(table => table.KeyCount).Append(shape.ClassCount).Append(shape.Characters?.Table.KeyCount ?? 0)
            .Any(keys => keys > _length))
            throw Invalid($"at most {_length} keys", "more");
        ModelScalers scalers = Read(ScalingName, stream => ScalingFile.Read(stream, shape));
        return SequenceModel.Of(ReadWeights(shapes), scalers);
    }

    /// <summary>Checks that the tensors of the model are those that a file of it has, as far as both have them.</summary>
    /// <param name="writes">Write the file, or files, of the model.</param>
    /// <exception cref="InvalidDataException">One has other values.</exception>
    public void Check(params ReadOnlySpan<Action<OnnxFile>> writes)
    {
        var files = new List<OnnxFile>();
        foreach (Action<OnnxFile> write in writes)
        {
            files.Add(new OnnxFile(Transformer, MostBytes));
            write(files[^1]);
        }
        var budget = new Budget(long.MaxValue, "ONNX");
        // The names of tensors of the model have parts; others belong to the arithmetic, which may be another one in other versions.
        foreach (TensorProto expected in files.SelectMany(file => file.Constants).Where(tensor => tensor.Name.Contains('.')))
        {
            if (!_tensors.TryGetValue(expected.Name, out TensorProto? found))
                continue;
            Elements value = TensorReader.Read(found, What(found), budget).Elements;
            Elements described = TensorReader.Read(expected, What(expected), budget).Elements;
            bool isSame = found.Dims.SequenceEqual(expected.Dims) && (value, described) switch
            {
                (Floats floats, Floats others) => BitsOf(floats.Values).SequenceEqual(BitsOf(others.Values)),
                (Integers integers, Integers others) => integers.Values.AsSpan().SequenceEqual(others.Values),
                _ => false,
            };
            if (!isSame)
                throw Invalid($"the values that follow from it in {What(found)}", "others: it was changed after it was written");
        }
    }

    private long MostBytes => SpareBytes + 2 * _length;

    private ParameterSet[] ReadWeights(IReadOnlyList<NetworkShape> shapes)
    {
        // Each parameter has its number in place of its value. As floats these are finite, and smaller than any constant of the arithmetic.
        ParameterSet[] numbers = [.. shapes.Select(shape => new ParameterSet(shape))];
        var owners = new List<(ParameterSet Member, int First)>();
        int count = 0;
        foreach (ParameterSet member in numbers)
        {
            owners.Add((new ParameterSet(member.Shape), count));
            Span<int> marks = BitsOf(member.Values);
            for (int i = 0; i < marks.Length; i++)
                marks[i] = ++count;
            foreach (Parameter parameter in member.Parameters.Where(parameter => parameter.IsOfCrf))
                marks.Slice(parameter.Offset, parameter.Length).Clear();
        }
        NetworkShape first = shapes[0];
        IReadOnlyList<OnnxFile> files = NetworkValues.WriteAll(() => new OnnxFile(Transformer, MostBytes), SequenceModel.Of(numbers,
            new ModelScalers(AffineScaler.Identity(first.NumericSize), AffineScaler.Identity(first.StaticSize),
                AffineScaler.Identity(first.OutputSize))));

        int read = 0;
        // A tied head has weights of the table of embeddings once more; Check compares them.
        var isRead = new BitArray(count + 1);
        // Several networks have one random field, the mean of theirs.
        foreach ((ParameterSet member, _) in owners)
        {
            foreach (Parameter parameter in member.Parameters.Where(parameter => parameter.IsOfCrf))
            {
                int rows = parameter.IsVector ? 1 : parameter.Rows;
                Take(OnnxGraph.Prefix + parameter.Name, [rows, parameter.Length / rows]).CopyTo(member[parameter]);
                read += parameter.Length;
            }
        }
        foreach (TensorProto written in files.SelectMany(file => file.Constants))
        {
            int[] places = Floats(written) is { } marked ? BitsOf(marked).ToArray() : [];
            if (!places.AsSpan().ContainsAnyInRange(1, count))
                continue;
            float[] values = Take(written.Name, [.. written.Dims]);
            for (int i = 0; i < values.Length; i++)
            {
                if (places[i] < 1 || places[i] > count)
                    continue;
                int owner = owners.Count - 1;
                while (owners[owner].First >= places[i])
                    owner--;
                owners[owner].Member.Values[places[i] - owners[owner].First - 1] = values[i];
                read += isRead[places[i]] ? 0 : 1;
                isRead[places[i]] = true;
            }
        }
        if (read != count || !owners.All(owner => owner.Member.Values.All(float.IsFinite)))
            throw Invalid("finite weights", "NaN or infinity");
        return [.. owners.Select(owner => owner.Member)];
    }

    private float[] Take(string name, long[] shape)
        => _tensors.TryGetValue(name, out TensorProto? tensor) && tensor.Dims.SequenceEqual(shape) && Floats(tensor) is { } values
            ? values
            : throw Invalid($"floats [{string.Join(", ", shape)}] as tensor {OnnxText.Quote(name)}", tensor is null ? "none" : "others");

    private static float[]? Floats(TensorProto tensor)
        => TensorReader.Read(tensor, What(tensor), new Budget(long.MaxValue, "ONNX")).Elements is Floats floats ? floats.Values : null;

    private static Span<int> BitsOf(float[] values) => System.Runtime.InteropServices.MemoryMarshal.Cast<float, int>(values.AsSpan());

    private static string What(TensorProto tensor) => $"tensor {OnnxText.Quote(tensor.Name)}";

    private static InvalidDataException Invalid(string expected, string found)
        => new($"ONNX: the description of the model: expected {expected}, found {found}.");
}
