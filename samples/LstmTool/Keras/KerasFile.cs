using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace LstmTool.Keras;

/// <summary>
/// The layers of a file of Keras with their weights, in the layouts of keras/src/saving/saving_lib.py (.keras and .weights.h5) and of
/// legacy_h5_format.py (.h5 of Keras 2).
/// </summary>
internal static partial class KerasFile
{
    private const string ConfigEntry = "config.json", WeightsEntry = "model.weights.h5";
    private const int MaxConfigBytes = 4 << 20;

    // model.weights.h5 is unpacked; Keras stores it as it is.
    private const int BytesPerByte = 8;
    private const long BaseBytes = 16 << 20;

    /// <summary>Whether a file of this name is one of Keras.</summary>
    public static bool Is(string path) => Path.GetExtension(path).ToLowerInvariant() is ".keras" or ".h5" or ".hdf5";

    /// <summary>Reads the network of a file.</summary>
    /// <param name="path">A .keras, .weights.h5 or .h5 file.</param>
    /// <param name="configPath">The model's configuration, as model.to_json() gives it, for weights without one.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or its arrays don't fit together.</exception>
    /// <exception cref="NotSupportedException">It has something that networks here don't have; the message names it.</exception>
    public static KerasNetwork Load(string path, string? configPath = null)
    {
        using FileStream stream = File.OpenRead(path);
        return Load(stream, configPath is null ? null : File.ReadAllBytes(configPath));
    }

    /// <summary>Reads the network of a file, see the other method.</summary>
    public static KerasNetwork Load(Stream stream, byte[]? config = null)
    {
        Span<byte> start = stackalloc byte[4];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (!start[..length].SequenceEqual("PK\u0003\u0004"u8))
            return HdfFile.Use(stream, file => KerasNetwork.Of(LayersOf(file, config)));
        byte[] weights;
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            long most = BaseBytes + BytesPerByte * stream.Length;
            config ??= Unpack(archive, ConfigEntry, MaxConfigBytes);
            weights = Unpack(archive, WeightsEntry, Math.Min(most, Array.MaxLength));
        }
        catch (Exception error) when (error is IOException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"Keras: the archive can't be read: {error.Message}", error);
        }
        return HdfFile.Use(new MemoryStream(weights), file => KerasNetwork.Of(LayersOf(file, config)));
    }

    private static byte[] Unpack(ZipArchive archive, string name, long most)
    {
        ZipArchiveEntry entry = archive.GetEntry(name)
            ?? throw new InvalidDataException($"Keras: expected '{name}' in the archive, found none.");
        using Stream stream = entry.Open();
        using var content = new MemoryStream();
        byte[] part = new byte[1 << 16];
        // What an entry claims as its length is not to be trusted.
        for (int read; (read = stream.Read(part)) > 0;)
        {
            if (content.Length + read > most)
                throw new InvalidDataException($"Keras: expected at most {most} bytes in '{name}', found more.");
            content.Write(part, 0, read);
        }
        return content.ToArray();
    }

    private static List<KerasLayer> LayersOf(HdfFile file, byte[]? config)
    {
        string legacy = file.HasGroup("model_weights") ? "model_weights" : "";
        if (NamesOf(file, legacy, "layer_names") is { } names)
        {
            config ??= file.Text("", "model_config") is { } text ? Encoding.UTF8.GetBytes(text) : null;
            return LegacyLayers(file, legacy, names, config is null ? null : KerasConfig.Read(config));
        }
        string root = new[] { "layers", "_layer_checkpoint_dependencies" }.FirstOrDefault(file.HasGroup)
            ?? throw new NotSupportedException("Keras: the file has no layers of a Sequential or Functional model: neither a group "
                + "'layers' nor the attribute 'layer_names'.");
        return config is null ? GuessedLayers(file, root) : ConfiguredLayers(file, root, KerasConfig.Read(config));
    }

    // Long lists are cut into layer_names0, layer_names1 and so on.
    private static List<string>? NamesOf(HdfFile file, string group, string attribute)
    {
        if (file.Texts(group, attribute) is { } whole)
            return [.. whole];
        List<string> names = [];
        while (file.Texts(group, string.Create(CultureInfo.InvariantCulture, $"{attribute}{names.Count}")) is { } part)
            names.AddRange(part);
        return names.Count == 0 ? null : names;
    }

    private static List<KerasLayer> ConfiguredLayers(HdfFile file, string root, IReadOnlyList<KerasLayer> layers)
    {
        string[] groups = KerasConfig.GroupNames(layers);
        HashSet<string> rest = [.. file.GroupsIn(root)];
        List<KerasLayer> result = [.. layers.Zip(groups, (layer, group) => layer with { Arrays = ArraysIn(file, $"{root}/{group}") })];
        rest.ExceptWith(groups);
        if (rest.FirstOrDefault(group => ArraysIn(file, $"{root}/{group}").Count > 0) is { } other)
            throw new InvalidDataException($"Keras: the weights '{HdfFile.Show(other)}' belong to no layer of the configuration.");
        return result;
    }

    private static List<KerasLayer> LegacyLayers(HdfFile file, string root, List<string> names, IReadOnlyList<KerasLayer>? layers)
    {
        string prefix = root == "" ? "" : root + "/";
        var arrays = file.Arrays.ToDictionary(array => array.Path);
        var weights = new Dictionary<string, List<HdfArray>>();
        foreach (string name in names)
        {
            List<HdfArray> found =
            [
                .. (NamesOf(file, prefix + name, "weight_names") ?? []).Select(weight
                    => arrays.TryGetValue($"{prefix}{name}/{weight}", out HdfArray? array)
                        ? array
                        : throw new InvalidDataException($"Keras: expected the array '{HdfFile.Show(weight)}', which layer "
                            + $"'{HdfFile.Show(name)}' names, found none.")),
            ];
            if (!weights.TryAdd(name, found))
                throw new InvalidDataException($"Keras: expected each layer once, found '{HdfFile.Show(name)}' twice.");
        }
        if (layers is null)
            return [.. names.Where(name => weights[name].Count > 0).Select(name => Guess(name, weights[name]))];
        List<KerasLayer> result =
        [
            .. layers.Select(layer => layer with { Arrays = weights.Remove(layer.Name, out List<HdfArray>? found) ? found : [] }),
        ];
        if (weights.FirstOrDefault(pair => pair.Value.Count > 0).Key is { } other)
            throw new InvalidDataException($"Keras: the weights of '{HdfFile.Show(other)}' belong to no layer of the configuration.");
        return result;
    }

    /// <summary>Layers by the names of their groups: embeddings, recurrent layers and dense ones, each kind by its numbers.</summary>
    private static List<KerasLayer> GuessedLayers(HdfFile file, string root)
    {
        return
        [
            .. file.GroupsIn(root).Select(group => (Name: group, Arrays: ArraysIn(file, $"{root}/{group}")))
                .Where(group => group.Arrays.Count > 0)
                .Select(group => Guess(group.Name, group.Arrays))
                .OrderBy(layer => layer.Class switch { "Embedding" => 0, "Dense" or "TimeDistributed" => 2, _ => 1 })
                .ThenBy(layer => NumberOf(layer.Name)),
        ];
    }

    private static KerasLayer Guess(string name, IReadOnlyList<HdfArray> arrays)
    {
        // Groups of Keras 3 have the name of the class, those of Keras 2 the layer's own, beside the names of its weights.
        string paths = string.Join(' ', arrays.Select(array => array.Path));
        int directions = paths.Contains("backward", StringComparison.Ordinal) ? 2 : 1;
        bool isRecurrent = paths.Contains("cell", StringComparison.Ordinal) || paths.Contains("recurrent", StringComparison.Ordinal);
        bool isEmbedding = arrays is [{ Shape.Length: 2 }]
            && (paths.Contains("/embeddings", StringComparison.Ordinal) || Embedding().IsMatch(name));
        bool isPerStep = paths.Contains("/layer/vars/", StringComparison.Ordinal) || paths.Contains("time_distributed",
            StringComparison.Ordinal);
        string kind = isEmbedding ? "Embedding"
            : !isRecurrent ? isPerStep ? "TimeDistributed" : "Dense"
            : directions == 2 ? "Bidirectional"
            : KerasNetwork.CellOf(arrays) ?? throw new NotSupportedException(
                $"Keras: '{HdfFile.Show(name)}' has weights of no LSTM, GRU or SimpleRNN: {string.Join(", ", arrays.Take(8))}.");
        return new KerasLayer(name, kind, null, arrays);
    }

    /// <summary>A layer's variables: its own, its cell's, those of its directions, or those of the layer that it wraps.</summary>
    private static List<HdfArray> ArraysIn(HdfFile file, string group)
    {
        // The states of random numbers are no weights.
        HdfArray[] arrays = [.. file.Arrays.Where(array => array.Path.StartsWith(group + "/", StringComparison.Ordinal)
            && !array.Path.Contains("/seed_generator", StringComparison.Ordinal))];
        var found = arrays.Select(array => (Array: array, Match: Variable().Match(array.Path[(group.Length + 1)..]))).ToArray();
        if (found.FirstOrDefault(one => !one.Match.Success).Array is { } other)
            throw new NotSupportedException($"Keras: {other} is no weight of a layer that is read.");
        return
        [
            .. found.OrderBy(one => one.Match.Groups["side"].Value == "backward_layer" ? 1 : 0)
                .ThenBy(one => int.Parse(one.Match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture))
                .Select(one => one.Array),
        ];
    }

    private static int NumberOf(string name)
        => Number().Match(name) is { Success: true } match ? int.Parse(match.ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("^((?<side>forward_layer|backward_layer)/)?((cell|layer)/)?vars/(?<number>[0-9]{1,3})$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    [GeneratedRegex("(?<=_)[0-9]{1,6}$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex("emb", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Embedding();
}
