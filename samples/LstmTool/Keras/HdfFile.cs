using PureHDF;
using PureHDF.VOL.Native;

namespace LstmTool.Keras;

/// <summary>An array of a file, whose values are read when they are asked for.</summary>
/// <param name="Path">The groups that it is in and its name, with slashes between.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Read">Reads its values, row-major.</param>
internal sealed record HdfArray(string Path, int[] Shape, Func<float[]> Read)
{
    /// <summary>The array for a message.</summary>
    public override string ToString() => $"'{HdfFile.Show(Path)}' [{string.Join(", ", Shape)}]";
}

/// <summary>The arrays of numbers and the texts of an HDF5 file. Whatever is wrong with one is an InvalidDataException.</summary>
internal sealed class HdfFile
{
    private const int MaxDepth = 16;
    private const int MaxObjects = 100_000;
    private const int MaxNames = 10_000;

    // PureHDF's objects, for each array and each group.
    private const int StackBytes = 64 << 20;

    private readonly Stream _stream;
    private readonly List<HdfArray> _arrays = [];
    private readonly Dictionary<string, IH5Group> _groups = [];
    private readonly NativeFile _file;
    private int _objects;
    private long _bytes;

    private HdfFile(Stream stream)
    {
        _stream = stream;
        _file = NativeFile.InternalOpen(new HdfDriver(stream), "", deleteOnClose: false, new H5ReadOptions());
        Collect(_file, "", 0);
    }

    /// <summary>All arrays, in the order of their groups' and their own names.</summary>
    public IReadOnlyList<HdfArray> Arrays => _arrays;

    /// <summary>Reads what there is, and what becomes of it.</summary>
    /// <param name="stream">Holds the file and can seek.</param>
    /// <param name="use">Reads what it needs of the file.</param>
    /// <typeparam name="T">What becomes of it.</typeparam>
    /// <returns>What <paramref name="use"/> gives.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or no HDF5 file.</exception>
    /// <exception cref="NotSupportedException">It has something that is not read; the message says what.</exception>
    public static T Use<T>(Stream stream, Func<HdfFile, T> use)
    {
        // Links in circles end after so many reads, and PureHDF follows them by recursion: the stack has room for those.
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = use(new HdfFile(stream));
                }
                catch (Exception error)
                {
                    failure = error;
                }
            },
            StackBytes);
        thread.Start();
        thread.Join();
        return failure switch
        {
            null => result,
            InvalidDataException or NotSupportedException => throw Rethrown(failure),
            // What PureHDF throws for a damaged file is of many kinds.
            _ => throw new InvalidDataException($"The HDF5 file can't be read: {failure.Message}", failure),
        };
    }

    /// <summary>A name, which may be of any length, for a message.</summary>
    public static string Show(string name) => name.Length <= 80 ? name : name[..80] + "…";

    /// <summary>Whether there is a group.</summary>
    public bool HasGroup(string path) => _groups.ContainsKey(path);

    /// <summary>The names of the groups that are in one.</summary>
    public IEnumerable<string> GroupsIn(string path)
        => _groups.Keys.Where(name => name != "" && name[..Math.Max(0, name.LastIndexOf('/'))] == path)
            .Select(name => name[(name.LastIndexOf('/') + 1)..]);

    /// <summary>A text that a group has as an attribute; null where it has none of that name.</summary>
    public string? Text(string group, string name) => Texts(group, name) is [var text] ? text : null;

    /// <summary>Texts that a group has as an attribute; null where it has none of that name.</summary>
    public string[]? Texts(string group, string name)
    {
        if (!_groups.TryGetValue(group, out IH5Group? found) || !found.AttributeExists(name))
            return null;
        IH5Attribute attribute = found.Attribute(name);
        ulong count = CountOf(attribute.Space);
        if (attribute.Type.Class is not (H5DataTypeClass.String or H5DataTypeClass.VariableLength)
            || count > MaxNames || attribute.Type.Size > _stream.Length)
            throw new InvalidDataException($"HDF5: expected texts as attribute '{name}' of group '{Show(group)}', found something else.");
        string[] texts = count == 0 ? [] : attribute.Space.Rank == 0 ? [attribute.Read<string>()] : attribute.Read<string[]>();
        return Array.ConvertAll(texts, text => text?.TrimEnd('\0') ?? "");
    }

    private static Exception Rethrown(Exception error) => error is NotSupportedException
        ? new NotSupportedException(error.Message, error)
        : new InvalidDataException(error.Message, error);

    private static ulong CountOf(IH5Dataspace space)
    {
        ulong count = 1;
        foreach (ulong dimension in space.Type == H5DataspaceType.Null ? [0] : space.Dimensions)
            count = dimension == 0 ? 0 : count > ulong.MaxValue / dimension ? ulong.MaxValue : count * dimension;
        return count;
    }

    private void Collect(IH5Group group, string path, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"HDF5: expected groups at most {MaxDepth} deep, found deeper ones.");
        if (!_groups.TryAdd(path, group))
            throw new InvalidDataException($"HDF5: expected each name once, found '{Show(path)}' twice.");
        foreach (IH5Object child in group.Children())
        {
            if (++_objects > MaxObjects)
                throw new InvalidDataException($"HDF5: expected at most {MaxObjects:N0} groups and arrays, found more.");
            string name = path == "" ? child.Name : $"{path}/{child.Name}";
            switch (child)
            {
                case IH5Group inner:
                    Collect(inner, name, depth + 1);
                    break;
                case IH5Dataset dataset:
                    _arrays.Add(ArrayOf(dataset, name));
                    break;
                default:
                    throw new NotSupportedException($"HDF5: '{Show(name)}' is no group and no array of this file.");
            }
        }
    }

    private HdfArray ArrayOf(IH5Dataset dataset, string path)
    {
        ulong[] dimensions = dataset.Space.Type == H5DataspaceType.Simple ? dataset.Space.Dimensions : [];
        if (dimensions.Length > 8 || dimensions.Any(dimension => dimension > int.MaxValue))
            throw new InvalidDataException($"HDF5: expected at most 8 dimensions below 2^31 of '{Show(path)}', found others.");
        return new HdfArray(path, Array.ConvertAll(dimensions, dimension => (int)dimension), () => Read(dataset, path));
    }

    private float[] Read(IH5Dataset dataset, string path)
    {
        // PureHDF takes the bits of whole numbers for those of floats where sizes agree.
        if (dataset.Type.Class != H5DataTypeClass.FloatingPoint || dataset.Type.Size is not (2 or 4 or 8))
            throw new NotSupportedException($"HDF5: '{Show(path)}' has numbers of type {dataset.Type.Class} with {dataset.Type.Size} "
                + "bytes; half floats, floats and doubles are read.");
        // The others are filtered, and may claim any length.
        if (dataset.Layout.Class is not (H5DataLayoutClass.Contiguous or H5DataLayoutClass.Compact))
            throw new NotSupportedException($"HDF5: '{Show(path)}' is stored in {dataset.Layout.Class}; Keras writes arrays as a whole.");
        ulong count = CountOf(dataset.Space);
        // All arrays together have no more bytes than the file.
        _bytes = count > (ulong)_stream.Length ? long.MaxValue : checked(_bytes + (long)count * dataset.Type.Size);
        if (_bytes > _stream.Length)
            throw new InvalidDataException($"HDF5: expected {count} numbers in '{Show(path)}', found a file that is shorter.");
        return dataset.Type.Size switch
        {
            2 => Array.ConvertAll(dataset.Read<Half[]>(), value => (float)value),
            4 => dataset.Read<float[]>(),
            _ => Array.ConvertAll(dataset.Read<double[]>(), value => (float)value),
        };
    }
}
