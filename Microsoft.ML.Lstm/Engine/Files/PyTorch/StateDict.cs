using System.IO.Compression;

namespace Microsoft.ML.Lstm.Engine.Files.PyTorch;

/// <summary>A tensor of a file, whose values are read when they are asked for.</summary>
/// <param name="Name">Its name in the dictionary that it is in.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Type">Its elements.</param>
/// <param name="Read">Reads its values, row-major.</param>
internal sealed record StoredTensor(string Name, int[] Shape, ElementType Type, Func<float[]> Read)
{
    /// <summary>The keys of the dictionary in the file that the tensor is in, with dots between; empty for the file itself.</summary>
    public string Dictionary { get; init; } = "";

    /// <summary>The name of the module that it belongs to; empty for none.</summary>
    public string Module => Name.LastIndexOf('.') is var dot and >= 0 ? Name[..dot] : "";

    /// <summary>The last part of the name.</summary>
    public string Leaf => Name[(Name.LastIndexOf('.') + 1)..];
}

/// <summary>
/// The tensors of a file of PyTorch: a safetensors file, or one that torch.save wrote (1.6 or newer), a zip archive of a pickle and an
/// entry for each storage.
/// </summary>
internal sealed class StateDict : IDisposable
{
    /// <summary>The most dimensions of a tensor.</summary>
    public const int MaxDimensions = 8;

    private const string PickleEntry = "data.pkl";

    // What small files may take, and large ones for each of their bytes: half floats become floats, in the file's arrays and the network's,
    // and tied weights (an embedding's that are the last layer's too) are read twice from one storage.
    private const long BaseBytes = 40 << 20;
    private const int BytesPerByte = 16;
    private const int BytesPerEntry = 512;
    private const int MaxDepth = 8;
    private const int MaxName = 512;

    private readonly Stream _stream;
    private readonly long _start;
    private readonly ZipArchive? _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = [];
    private readonly List<StoredTensor> _tensors = [];
    private (string Key, byte[] Bytes)? _storage;
    private int _visited;

    private StateDict(Stream stream)
    {
        _stream = stream;
        _start = stream.Position;
        long length = stream.Length - _start;
        Budget = new Budget(BaseBytes + BytesPerByte * length, "PyTorch");
        if (!IsZip(stream))
        {
            ReadSafeTensors(length);
            return;
        }
        try
        {
            _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            ReadArchive(_archive);
        }
        catch (Exception error) when (error is IOException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            _archive?.Dispose();
            throw new InvalidDataException($"PyTorch: expected an archive of torch.save, found a damaged one ({error.Message})", error);
        }
    }

    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>
    /// Whether tensors stand in the order in which a program defined them; in safetensors files they stand by name.
    /// </summary>
    public bool IsInOrder => _archive is not null;

    /// <summary>The memory that is left for what is made of the file.</summary>
    public Budget Budget { get; }

    /// <summary>The texts of a safetensors file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = new Dictionary<string, string>();

    /// <summary>Whether a stream has a zip archive from its position on, as torch.save writes it; the position stays.</summary>
    public static bool IsZip(Stream stream) => StartOf(stream, 4) is [(byte)'P', (byte)'K', 3, 4];

    /// <summary>Whether a stream has an archive of torch.save, rather than one of ML.NET; the position stays.</summary>
    public static bool IsPyTorchArchive(Stream stream)
    {
        if (!IsZip(stream))
            return false;
        long position = stream.Position;
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            return archive.Entries.Any(entry => entry.Name == PickleEntry);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or ArgumentException or OverflowException
            or IndexOutOfRangeException)
        {
            return false;
        }
        finally
        {
            stream.Position = position;
        }
    }

    /// <summary>Whether a stream has a safetensors file from its position on; the position stays.</summary>
    public static bool IsSafeTensors(Stream stream)
        // The length of the header, less than 2^24, and its first character.
        => StartOf(stream, 9) is [_, _, _, 0, 0, 0, 0, 0, (byte)'{'];

    /// <summary>Reads what tensors there are in a seekable stream, from its position on. The stream stays open, and has to as long as
    /// tensors are read.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another format.</exception>
    /// <exception cref="NotSupportedException">It has something else than tensors; the message says what.</exception>
    public static StateDict Open(Stream stream) => new(stream);

    public void Dispose() => _archive?.Dispose();

    private static byte[] StartOf(Stream stream, int length)
    {
        byte[] start = new byte[length];
        long position = stream.Position;
        int got = stream.ReadAtLeast(start, length, throwOnEndOfStream: false);
        stream.Position = position;
        return start[..got];
    }

    private void ReadSafeTensors(long length)
    {
        if (!IsSafeTensors(_stream))
        {
            throw new InvalidDataException(StartOf(_stream, 2) is [0x80, _]
                ? "PyTorch: the file was written by PyTorch before 1.6, or for it; load it there and save it again."
                : "PyTorch: expected a safetensors file, or an archive of torch.save, found something else.");
        }
        SafeTensorsHeader header = SafeTensors.ReadHeader(_stream, out _);
        long begin = _stream.Position - _start;
        if (header.DataBytes != length - begin)
            throw new InvalidDataException(
                $"safetensors: expected {header.DataBytes} bytes of data behind the header, found {length - begin}.");
        Metadata = header.Metadata;
        foreach (SafeTensorsHeader.Entry entry in header.Tensors)
        {
            _tensors.Add(new StoredTensor(entry.Name, entry.Shape, entry.Type, () =>
            {
                long size = (long)entry.Length * entry.Type.Size;
                if (size > Array.MaxLength)
                    throw new NotSupportedException(
                        $"PyTorch: tensor '{Show(entry.Name)}' has {size:N0} bytes; at most {Array.MaxLength:N0} are read.");
                Budget.Take((long)entry.Length * sizeof(float) + size);
                _stream.Position = _start + begin + entry.Begin;
                byte[] bytes = LittleEndian.Read<byte>(_stream, (int)size, $"tensor '{Show(entry.Name)}'");
                float[] values = new float[entry.Length];
                entry.Type.Read(bytes, values);
                return values;
            }));
        }
    }

    private void ReadArchive(ZipArchive archive)
    {
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            Budget.Take(BytesPerEntry);
            if (!_entries.TryAdd(entry.FullName, entry))
                throw Invalid("each entry once in the archive", $"'{Show(entry.FullName)}' twice");
        }
        string[] pickles =
        [
            .. _entries.Keys.Where(name => name == PickleEntry || name.EndsWith("/" + PickleEntry, StringComparison.Ordinal)),
        ];
        if (pickles is not [string pickle])
            throw Invalid($"one entry '{PickleEntry}' in the archive", pickles.Length == 0 ? "none" : $"{pickles.Length}");
        string prefix = pickle[..^PickleEntry.Length];
        if (_entries.ContainsKey(prefix + "constants.pkl"))
            throw new NotSupportedException(
                "PyTorch: the file is a program of TorchScript. Save the state dict, torch.save(model.state_dict(), path).");
        if (_entries.TryGetValue(prefix + "byteorder", out ZipArchiveEntry? order) && ReadEntry(order) is var text
            && !text.AsSpan().SequenceEqual("little"u8))
            throw new NotSupportedException("PyTorch: the file's numbers are not little-endian.");
        switch (PickleReader.Read(ReadEntry(_entries[pickle]), Budget))
        {
            case PickledDictionary dictionary:
                Collect(dictionary, prefix, "", depth: 0);
                break;
            case PickledTensor:
                throw new NotSupportedException("PyTorch: the file is a single tensor, not a state dict.");
            default:
                throw Invalid("a dictionary of tensors", "something else");
        }
    }

    /// <summary>The tensors of a dictionary, and of the dictionaries in it, as checkpoints have them.</summary>
    private void Collect(PickledDictionary dictionary, string prefix, string path, int depth)
    {
        if (depth > MaxDepth)
            throw Invalid($"dictionaries at most {MaxDepth} deep", "deeper ones");
        var names = new HashSet<string>();
        foreach ((object? key, object? value) in dictionary.Items)
        {
            // A dictionary may be in many others.
            Budget.Take(BytesPerEntry);
            if (++_visited > 1 << 20)
                throw Invalid("dictionaries that the file's size accounts for", "larger ones");
            if (value is not (PickledDictionary or PickledTensor))
                continue;
            string name = key as string ?? (key is long number ? $"{number}" : throw Invalid("names of tensors", "something else"));
            if (name.Length + path.Length > MaxName)
                throw Invalid($"names of at most {MaxName} characters", "longer ones");
            if (value is PickledDictionary inner)
                Collect(inner, prefix, path == "" ? name : $"{path}.{name}", depth + 1);
            else if (names.Add(name))
                _tensors.Add(TensorOf((PickledTensor)value, prefix, name) with { Dictionary = path });
            else
                throw Invalid("each tensor once", $"'{Show(name)}' twice");
        }
    }

    private StoredTensor TensorOf(PickledTensor tensor, string prefix, string name)
    {
        (PickledStorage storage, long offset, long[] sizes, long[] strides) = tensor;
        if (sizes.Length > MaxDimensions || strides.Length != sizes.Length)
            throw Invalid($"at most {MaxDimensions} sizes of tensor '{Show(name)}', and as many strides",
                $"{sizes.Length}, {strides.Length}");
        Int128 length = 1, last = offset;
        foreach ((int i, long size) in sizes.Index())
        {
            if (size is < 0 or > int.MaxValue || strides[i] < 0)
                throw Invalid($"sizes and strides of tensor '{Show(name)}' from 0 on", $"{size}, {strides[i]}");
            length = length * size > Array.MaxLength ? (Int128)Array.MaxLength + 1 : length * size;
            last += Math.Max(0, size - 1) * (Int128)strides[i];
        }
        if (length > Array.MaxLength)
            throw Invalid($"at most {Array.MaxLength} elements in tensor '{Show(name)}'", "more");
        if (offset < 0 || (length > 0 && last >= storage.Length))
            throw Invalid($"tensor '{Show(name)}' within the {storage.Length} elements of its storage", $"elements {offset} to {last}");
        if (!_entries.TryGetValue($"{prefix}data/{storage.Key}", out ZipArchiveEntry? entry))
            throw Invalid($"an entry 'data/{Show(storage.Key)}' for tensor '{Show(name)}'", "none");
        if (storage.Length > entry.Length / storage.Type.Size)
            throw Invalid($"{storage.Length} elements in entry '{Show(entry.FullName)}'", $"{entry.Length / storage.Type.Size}");
        int[] shape = [.. sizes.Select(size => (int)size)];
        return new StoredTensor(name, shape, storage.Type, () => Gather(tensor, entry, (int)length));
    }

    /// <summary>The elements of a tensor, which lie in its storage by its strides.</summary>
    private float[] Gather(PickledTensor tensor, ZipArchiveEntry entry, int length)
    {
        Budget.Take((long)length * sizeof(float));
        float[] values = new float[length];
        if (length == 0)
            return values;
        byte[] bytes = StorageBytes(entry);
        ElementType type = tensor.Storage.Type;
        // Trailing dimensions that lie as they are read.
        int run = 1, dimension = tensor.Sizes.Length - 1;
        for (; dimension >= 0 && (tensor.Strides[dimension] == run || tensor.Sizes[dimension] == 1); dimension--)
            run *= (int)tensor.Sizes[dimension];
        long[] index = new long[dimension + 1];
        long at = tensor.Offset;
        for (int done = 0; done < length; done += run)
        {
            type.Read(bytes.AsSpan(checked((int)(at * type.Size))), values.AsSpan(done, run));
            for (int i = dimension; i >= 0; i--)
            {
                at += tensor.Strides[i];
                if (++index[i] < tensor.Sizes[i])
                    break;
                at -= index[i] * tensor.Strides[i];
                index[i] = 0;
            }
        }
        return values;
    }

    private byte[] StorageBytes(ZipArchiveEntry entry)
    {
        // Tensors that share a storage follow one another.
        if (_storage is not { } known || known.Key != entry.FullName)
            _storage = known = (entry.FullName, ReadEntry(entry));
        return known.Bytes;
    }

    private byte[] ReadEntry(ZipArchiveEntry entry)
    {
        if (entry.Length > Array.MaxLength)
            throw Invalid($"entries of at most {Array.MaxLength} bytes", $"'{Show(entry.FullName)}' with {entry.Length}");
        Budget.Take(entry.Length);
        try
        {
            byte[] bytes = new byte[entry.Length];
            using Stream content = entry.Open();
            content.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception error) when (error is IOException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"PyTorch: entry '{Show(entry.FullName)}' can't be read ({error.Message})", error);
        }
    }

    private static string Show(string name) => SafeTensorsHeader.Show(name);

    private static InvalidDataException Invalid(string expected, string found) => new($"PyTorch: expected {expected}, found {found}.");
}
