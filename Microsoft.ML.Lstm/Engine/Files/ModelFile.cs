using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>A <see cref="SequenceModel"/> as one safetensors stream and, in a checkpoint, the state of its training.</summary>
/// <remarks>
/// The metadata has <c>format</c>, <c>version</c>, the shape as JSON under <c>network</c> (<see cref="SavedNetwork"/>), and the checksum of
/// <see cref="SafeTensors"/>. The tensors are the parameters under their names in <see cref="ParameterSet"/>, matrices as [rows,
/// columns], filters as [filters, channels, K] and vectors as [length], and the scalers as vectors (<c>input.offset</c>,
/// <c>input.scale</c> if a step has numeric features, <c>static.*</c> if there are static features, <c>output.*</c>): the network reads
/// (x − offset)·scale, and the user gets y/scale + offset. Of an ensemble, the names of the parameters of the members behind the first
/// one have the prefix <c>members.{i}.</c>, i from 1.
/// <para>
/// Further tensors and texts, such as the state of an optimizer, may be saved beside the model: <see cref="Write"/> takes them and
/// <see cref="Read(Stream, out SafeTensors)"/> returns them under their own names, to which the file prepends <c>training.</c>. A tensor
/// holds 32-bit floats, so doubles and integers above 2^24 belong in texts. The checksum covers them, their number is not limited, and
/// <see cref="Read(Stream)"/> skips them.
/// </para>
/// Version 1, of 0.1.0, has no checksum and nothing beside. Version 2 has both. Version 3 has, for weights in another
/// <see cref="WeightFormat"/> than floats, its name as <c>weights</c>: the parameters that <see cref="WeightRounding"/> reaches are of
/// dtype BF16, or I8 with their scales as a vector of floats, one for each row, whose name has <c>.scale</c> behind that of the parameter.
/// </remarks>
internal static class ModelFile
{
    private const string NetworkKey = "network";
    private const string Format = "Microsoft.ML.Lstm.SequenceModel";
    private const string BesidePrefix = "training.";
    private const string MemberPrefix = "members.";
    private const string ScaleSuffix = ".scale";
    private const string What = "LSTM model";

    /// <summary>Writes <paramref name="model"/> at the stream's position.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="model">The model.</param>
    /// <param name="beside">Further tensors and texts; null for none.</param>
    /// <exception cref="InvalidOperationException">The model has a value that isn't finite. Nothing is written then.</exception>
    public static void Write(Stream stream, SequenceModel model, SafeTensors? beside = null)
    {
        var metadata = new Dictionary<string, string>
        {
            [FileVersion.FormatKey] = Format,
            [FileVersion.Key] = model.Format == WeightFormat.Float32 ? FileVersion.Current : FileVersion.OfSmallWeights,
            [NetworkKey] = SavedNetwork.Write([.. model.Members.Select(member => member.Shape)]),
        };
        if (model.Format != WeightFormat.Float32)
            metadata.Add(FileVersion.WeightsKey, model.Format.ToString());
        var tensors = new List<SafeTensor>();
        foreach ((int index, ParameterSet member) in model.Members.Index())
            tensors.AddRange(member.Parameters.SelectMany(parameter => TensorsOf(member, parameter, NameOf(parameter, index))));
        tensors.AddRange(NamedTensors.Of(model));
        if (beside is not null)
        {
            foreach ((string key, string text) in beside.Metadata)
                metadata.Add(BesidePrefix + key, text);
            tensors.AddRange(beside.Tensors.Select(tensor => tensor with { Name = BesidePrefix + tensor.Name }));
        }
        // Larger elements first, so that each stands at a multiple of its size.
        new SafeTensors(metadata, [.. tensors.OrderByDescending(tensor => tensor.Type.Size)]).Write(stream);
    }

    /// <summary>Reads the model that <see cref="Write"/> wrote, from the stream's position to its end.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged, incomplete, of another format or of a later version. Memory is
    /// allocated only for bytes that are there.</exception>
    public static SequenceModel Read(Stream stream) => Read(stream, out _);

    /// <summary>Reads what <see cref="Write"/> wrote, from the stream's position to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="beside">The further tensors and texts; empty where there are none.</param>
    /// <exception cref="InvalidDataException">As <see cref="Read(Stream)"/>.</exception>
    public static SequenceModel Read(Stream stream, out SafeTensors beside)
    {
        IReadOnlyList<NetworkShape> shapes = [];
        var format = WeightFormat.Float32;
        var content = SafeTensors.Read(stream, header => (shapes, format) = ReadShapes(header), ElementType.BFloat16, ElementType.Int8);
        NetworkShape shape = shapes[0];
        var tensors = new NamedTensors(content.Tensors.Where(tensor => !IsBeside(tensor.Name)), What);
        ParameterSet[] members = [.. shapes.Select(member => new ParameterSet(member, format))];
        foreach ((int index, ParameterSet member) in members.Index())
        {
            foreach (Parameter parameter in member.Parameters)
                Take(tensors, NameOf(parameter, index), parameter, member);
            if (member.Parameters.Any(parameter => parameter.Role == ParameterRole.RunningVariance
                && member[parameter].IndexOfAnyInRange(float.MinValue, -float.Epsilon) >= 0))
                throw Invalid("running variances of 0 and more", "less");
        }
        ModelScalers scalers = tensors.TakeScalers(shape);
        tensors.RequireNone("the network");
        var texts = new Dictionary<string, string>();
        foreach ((string key, string text) in content.Metadata)
        {
            if (IsBeside(key))
                texts.Add(key[BesidePrefix.Length..], text);
        }
        beside = new SafeTensors(texts,
            [.. content.Tensors.Where(tensor => IsBeside(tensor.Name))
                .Select(tensor => tensor with { Name = tensor.Name[BesidePrefix.Length..] })]);
        return SequenceModel.Of(members, scalers);
    }

    /// <summary>
    /// Writes <paramref name="model"/> to a file, which keeps its previous content until that has succeeded: a full disk or a killed
    /// process can't damage a checkpoint.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model.</param>
    /// <param name="beside">Further tensors and texts; null for none.</param>
    public static void Save(string path, SequenceModel model, SafeTensors? beside = null)
        => AtomicFile.Write(path, stream => Write(stream, model, beside));

    /// <summary>Reads the model that <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">As <see cref="Read(Stream)"/>, with the path before the message.</exception>
    public static SequenceModel Load(string path) => Load(path, out _);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="beside">The further tensors and texts; empty where there are none.</param>
    /// <exception cref="InvalidDataException">As <see cref="Read(Stream)"/>, with the path before the message.</exception>
    public static SequenceModel Load(string path, out SafeTensors beside)
    {
        using FileStream stream = File.OpenRead(path);
        try
        {
            return Read(stream, out beside);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The name of a parameter of a member of an ensemble, counted from 0; the first has no prefix.</summary>
    public static string NameOf(Parameter parameter, int member)
        => member == 0 ? parameter.Name : $"{MemberPrefix}{member}.{parameter.Name}";

    /// <summary>Whether a safetensors file has a model of ours, by its header.</summary>
    public static bool IsModel(SafeTensorsHeader header) => header.Metadata.GetValueOrDefault(FileVersion.FormatKey) == Format;

    private static bool IsBeside(string name) => name.StartsWith(BesidePrefix, StringComparison.Ordinal);

    private static ElementType TypeOf(Parameter parameter, WeightFormat format)
        => format == WeightFormat.Float32 || !WeightRounding.Reaches(parameter) ? ElementType.Float32
            : format == WeightFormat.BFloat16 ? ElementType.BFloat16 : ElementType.Int8;

    /// <summary>The tensors that a parameter is saved as.</summary>
    private static IEnumerable<SafeTensor> TensorsOf(ParameterSet parameters, Parameter parameter, string name)
    {
        ElementType type = TypeOf(parameter, parameters.Format);
        ReadOnlyMemory<float> values = parameters.Values.AsMemory(parameter.Offset, parameter.Length);
        if (type == ElementType.Int8)
        {
            float[] quantized = new float[parameter.Length], scales = new float[parameter.Rows];
            for (int row = 0; row < parameter.Rows; row++)
            {
                ReadOnlySpan<float> weights = parameters.Row(parameter, row);
                scales[row] = WeightRow.ScaleOf(weights);
                for (int column = 0; column < weights.Length; column++)
                    quantized[row * weights.Length + column] = WeightRow.Quantize(weights[column], scales[row]);
            }
            yield return new SafeTensor(name + ScaleSuffix, [parameter.Rows], scales);
            values = quantized;
        }
        yield return new SafeTensor(name, parameter.Dimensions, values) { Type = type };
    }

    /// <summary>Takes what <see cref="TensorsOf"/> made of a parameter.</summary>
    private static void Take(NamedTensors tensors, string name, Parameter parameter, ParameterSet parameters)
    {
        ElementType type = TypeOf(parameter, parameters.Format);
        tensors.Take(name, type, Array.ConvertAll(parameter.Dimensions, size => (long)size)).CopyTo(parameters[parameter]);
        if (type == ElementType.BFloat16)
            return;
        ReadOnlySpan<float> scales = type == ElementType.Int8 ? tensors.Take(name + ScaleSuffix, parameter.Rows) : [];
        for (int row = 0; row < scales.Length; row++)
        {
            Span<float> weights = parameters.Row(parameter, row);
            bool isZero = !weights.ContainsAnyExcept(0f);
            TensorPrimitives.Multiply(weights, scales[row], weights);
            // Of other numbers the kernels would make their own.
            if (WeightRow.ScaleOf(weights) != scales[row] || isZero != (scales[row] == 0))
                throw Invalid($"in row {row} of '{name}' a scale of 17 significant bits and a whole number of magnitude 127, or zeros",
                    "others");
        }
    }

    /// <summary>
    /// The shapes of all networks in the metadata of a header, checked against the sizes of the tensors in the header, and the format of
    /// their weights.
    /// </summary>
    private static (IReadOnlyList<NetworkShape> Shapes, WeightFormat Format) ReadShapes(SafeTensorsHeader header)
    {
        FileVersion.Check(header, Format, FileVersion.Key, NetworkKey);
        if (!header.Metadata.TryGetValue(NetworkKey, out string? network))
            throw Invalid($"'{NetworkKey}' in the metadata", "none");
        var format = WeightFormat.Float32;
        if (header.Metadata.TryGetValue(FileVersion.WeightsKey, out string? name)
            && (!Enum.TryParse(name, out format) || format == WeightFormat.Float32 || name != format.ToString()))
            throw Invalid($"{WeightFormat.BFloat16} or {WeightFormat.Int8} as '{FileVersion.WeightsKey}'",
                $"'{SafeTensorsHeader.Show(name)}'");
        IReadOnlyList<NetworkShape> shapes = SavedNetwork.Read(network);
        HashSet<string> quantized = [.. header.Tensors.Where(tensor => tensor.Type == ElementType.Int8).Select(tensor => tensor.Name)];
        CheckSizes(shapes, [.. header.Tensors.Where(tensor => !IsBeside(tensor.Name) && !IsScale(tensor.Name))]);
        return (shapes, format);

        bool IsScale(string tensor) => tensor.EndsWith(ScaleSuffix, StringComparison.Ordinal)
            && quantized.Contains(tensor[..^ScaleSuffix.Length]);
    }

    /// <summary>Checks shapes against the tensors of the header, before anything is allocated for them.</summary>
    private static void CheckSizes(IReadOnlyList<NetworkShape> shapes, SafeTensorsHeader.Entry[] tensors)
    {
        NetworkShape first = shapes[0];
        // These sums can't overflow. Only shapes that pass them have ParameterCounts that can't either.
        long expectedTensors = (first.StaticSize > 0 ? 2 : 0) + (first.NumericSize > 0 ? 2 : 0) + 2;
        foreach (NetworkShape shape in shapes)
            expectedTensors += shape.TensorCount;
        if (tensors.Length != expectedTensors)
            throw Invalid($"{expectedTensors} tensors for {(shapes.Count > 1 ? $"{shapes.Count} networks, the first" : "a network")} "
                + $"of {first.Layers} layers", $"{tensors.Length}");
        long values = 0, parameters = 0;
        foreach (SafeTensorsHeader.Entry tensor in tensors)
            values += tensor.Length;
        foreach (NetworkShape shape in shapes)
        {
            CheckSize(shape, values);
            parameters += shape.ParameterCount;
        }
        long scalers = 2L * first.NumericSize + 2L * first.StaticSize + 2L * first.OutputSize;
        if (parameters + scalers != values)
            throw Invalid($"{parameters} parameters and {scalers} values of scalers", $"{values} in all");
    }

    /// <summary>Checks that a network of a shape has at most as many parameters as a file has numbers.</summary>
    /// <param name="shape">The shape; its layers are known to be as many as the file has tensors for.</param>
    /// <param name="values">The numbers of the file.</param>
    /// <exception cref="InvalidDataException">It has more.</exception>
    public static void CheckSize(NetworkShape shape, long values)
    {
        // Only a shape that passes these has a ParameterCount that can't overflow.
        if ((long)shape.HiddenSize * shape.HiddenSize > values)
            throw Invalid($"more values than {values} for a hidden size of {shape.HiddenSize}", "no more");
        if (shape.Head == Head.Autoencoder && shape.OutputSize > values)
            throw Invalid($"more values than {values} for a code of {shape.OutputSize} numbers", "no more");
        if (shape.Head == Head.Crf && (long)shape.OutputSize * shape.OutputSize > values)
            throw Invalid($"more values than {values} for the transitions between {shape.OutputSize} labels", "no more");
        if (shape.AdaptiveSoftmax is { } adaptive && adaptive.Tails.Any(tail => (long)tail.Size * tail.Classes.Count > values))
            throw Invalid($"more values than {values} for the tails of an adaptive softmax", "no more");
        if (shape.Target is { } target
            && ((long)target.HiddenSize * target.HiddenSize > values || target.Table.Length > values))
            throw Invalid($"more values than {values} for a decoder of {target.HiddenSize} units and {target.Table.Vocabulary} tokens",
                "no more");
        for (int layer = 0; layer < shape.Convolutions.Count; layer++)
        {
            (int filters, int size) = shape.Convolutions[layer];
            if (IsMore(filters, size, shape.ConvolutionInputSize(layer)))
                throw Invalid($"more values than {values} for {filters} filters of size {size}", "no more");
        }
        for (int layer = 0; layer < shape.InputConvolutions.Count; layer++)
        {
            (int filters, int size, _) = shape.InputConvolutions[layer];
            if (IsMore(filters, size, shape.InputConvolutionInputSize(layer)))
                throw Invalid($"more values than {values} for {filters} filters of size {size}", "no more");
        }
        if (shape.StepsPerFrame > 1 && (long)shape.InputSize * shape.StepsPerFrame > values)
            throw Invalid($"more values than {values} for frames of {shape.StepsPerFrame} steps", "no more");
        for (int column = 0; column < shape.Embeddings.Count; column++)
        {
            EmbeddingShape embedding = shape.Embeddings[column];
            if (embedding.Length > values)
                throw Invalid($"more values than {values} for embeddings of {embedding.Vocabulary} tokens with {embedding.Size} features",
                    "no more");
        }
        // The products below can't overflow, one after the other.
        if (shape.Characters is { } words
            && (words.Table.Length > values
                || (long)words.Filters * words.Table.Size > values
                || (long)words.Filters * words.Table.Size * words.KernelSize > values))
            throw Invalid($"more values than {values} for {words.Filters} filters of {words.Table.Vocabulary} characters", "no more");
        if (shape.ParameterCount > Math.Min(values, NetworkShape.MaxParameters))
            throw Invalid($"at most {Math.Min(values, NetworkShape.MaxParameters)} parameters", $"{shape.ParameterCount}");

        // A double can't overflow here, and is exact up to far more values than a file has.
        bool IsMore(int filters, int size, int inputs) => filters > values || (double)filters * size * inputs > values;
    }

    private static InvalidDataException Invalid(string expected, string found) => new($"{What}: expected {expected}, found {found}.");
}
