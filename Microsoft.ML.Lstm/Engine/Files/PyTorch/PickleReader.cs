using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Lstm.Engine.Files.PyTorch;

/// <summary>
/// The pickle of a state dict, data.pkl of a file that torch.save wrote: dictionaries of tensors. It builds tensors, dictionaries, lists,
/// tuples, texts and numbers and nothing else; whatever else a pickle may ask for, other operations and all other classes and functions,
/// is refused by its name, and nothing is ever called.
/// </summary>
internal sealed class PickleReader
{
    private const int BytesPerObject = 160;
    private const int MaxMessageLength = 64;

    private static readonly object Mark = new();
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // The classes and functions that a state dict names. What they stand for is done here.
    private static readonly Dictionary<string, Global> Globals = new()
    {
        ["collections.OrderedDict"] = new(GlobalKind.Dictionary),
        ["torch._utils._rebuild_tensor_v2"] = new(GlobalKind.Tensor),
        ["torch._utils._rebuild_parameter"] = new(GlobalKind.Parameter),
        ["torch.FloatStorage"] = new(GlobalKind.Storage, ElementType.Float32),
        ["torch.DoubleStorage"] = new(GlobalKind.Storage, ElementType.Float64),
        ["torch.HalfStorage"] = new(GlobalKind.Storage, ElementType.Float16),
        ["torch.BFloat16Storage"] = new(GlobalKind.Storage, ElementType.BFloat16),
        // The counters of batch normalization and the like; they are not read.
        ["torch.LongStorage"] = new(GlobalKind.Storage, ElementType.Find("I64")),
        ["torch.IntStorage"] = new(GlobalKind.Storage, ElementType.Find("I32")),
        ["torch.ShortStorage"] = new(GlobalKind.Storage, ElementType.Find("I16")),
        ["torch.CharStorage"] = new(GlobalKind.Storage, ElementType.Find("I8")),
        ["torch.ByteStorage"] = new(GlobalKind.Storage, ElementType.Find("U8")),
        ["torch.BoolStorage"] = new(GlobalKind.Storage, ElementType.Find("BOOL")),
    };

    private readonly byte[] _bytes;
    private readonly Budget _budget;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<int, object?> _memo = [];
    private int _at;

    private PickleReader(byte[] bytes, Budget budget) => (_bytes, _budget) = (bytes, budget);

    private enum GlobalKind
    {
        Dictionary,
        Tensor,
        Parameter,
        Storage,
    }

    /// <summary>Reads a pickle.</summary>
    /// <param name="bytes">The pickle.</param>
    /// <param name="budget">The memory that it may take.</param>
    /// <returns>A <see cref="PickledDictionary"/>, a <see cref="PickledTensor"/>, or something else that a pickle may be.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">It asks for more than a state dict does; the message names it.</exception>
    public static object? Read(byte[] bytes, Budget budget) => new PickleReader(bytes, budget).Read();

    private object? Read()
    {
        while (true)
        {
            int at = _at;
            byte code = Bytes(1)[0];
            switch (code)
            {
                case 0x80: // PROTO
                    if (Bytes(1)[0] is var protocol and (< 2 or > 5))
                        throw new NotSupportedException($"PyTorch: the pickle's protocol is {protocol}; 2 to 5 are read.");
                    break;
                case 0x95: // FRAME
                    Bytes(8);
                    break;
                case (byte)'.': // STOP
                    return Pop();
                case (byte)'N':
                    Push(null);
                    break;
                case 0x88 or 0x89: // NEWTRUE, NEWFALSE
                    Push(code == 0x88);
                    break;
                case (byte)'J' or (byte)'K' or (byte)'M' or 0x8a: // BININT, BININT1, BININT2, LONG1
                    Push(ReadInteger(code));
                    break;
                case (byte)'G': // BINFLOAT
                    Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8)));
                    break;
                case (byte)'X': // BINUNICODE
                    Push(ReadText(ReadLength()));
                    break;
                case 0x8c: // SHORT_BINUNICODE
                    Push(ReadText(Bytes(1)[0]));
                    break;
                case (byte)'(':
                    _marks.Add(_stack.Count);
                    Push(Mark);
                    break;
                case (byte)')' or 0x85 or 0x86 or 0x87: // EMPTY_TUPLE, TUPLE1 to TUPLE3
                    Push(new PickledTuple([.. PopMany(code == (byte)')' ? 0 : code - 0x84)]));
                    break;
                case (byte)'t':
                    Push(new PickledTuple([.. PopToMark()]));
                    break;
                case (byte)']' or (byte)'l': // EMPTY_LIST, LIST
                    Push(new PickledList(code == (byte)']' ? [] : PopToMark()));
                    break;
                case (byte)'a' or (byte)'e': // APPEND, APPENDS
                    List<object?> items = code == (byte)'a' ? PopMany(1) : PopToMark();
                    Peek<PickledList>("a list").Items.AddRange(items);
                    break;
                case (byte)'}' or (byte)'d': // EMPTY_DICT, DICT
                    List<object?> pairs = code == (byte)'}' ? [] : PopToMark();
                    Push(new PickledDictionary());
                    SetItems(pairs);
                    break;
                case (byte)'s' or (byte)'u': // SETITEM, SETITEMS
                    SetItems(code == (byte)'s' ? PopMany(2) : PopToMark());
                    break;
                case (byte)'q' or (byte)'r' or 0x94: // BINPUT, LONG_BINPUT, MEMOIZE
                    int place = code == 0x94 ? _memo.Count : code == (byte)'q' ? Bytes(1)[0] : ReadLength();
                    _budget.Take(BytesPerObject);
                    _memo[place] = _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw Invalid($"a value before byte {at}", "none");
                    break;
                case (byte)'h' or (byte)'j': // BINGET, LONG_BINGET
                    int wanted = code == (byte)'h' ? Bytes(1)[0] : ReadLength();
                    if (!_memo.TryGetValue(wanted, out object? known))
                        throw Invalid($"a value {wanted} that was kept before byte {at}", "none");
                    Push(known);
                    break;
                case (byte)'c': // GLOBAL
                    Push(FindGlobal(ReadLine(), ReadLine()));
                    break;
                case 0x93: // STACK_GLOBAL
                    string name = Pop<string>("a name");
                    Push(FindGlobal(Pop<string>("a module"), name));
                    break;
                case (byte)'Q': // BINPERSID
                    Push(ReadStorage(Pop<PickledTuple>("a tuple")));
                    break;
                case (byte)'R': // REDUCE
                    PickledTuple arguments = Pop<PickledTuple>("arguments");
                    Push(Build(Pop<Global>("a function"), arguments.Items));
                    break;
                case (byte)'b': // BUILD: the versions of the modules, beside an OrderedDict.
                    Pop<PickledDictionary>("attributes");
                    Peek<PickledDictionary>("a dictionary");
                    break;
                default:
                    throw new NotSupportedException($"PyTorch: the file asks for pickle's operation 0x{code:x2} at byte {at}, which a "
                        + "state dict has no use for. Save the state dict, torch.save(model.state_dict(), path), rather than the model.");
            }
        }
    }

    private static Global FindGlobal(string module, string name)
    {
        string full = $"{module}.{name}";
        return Globals.TryGetValue(full, out Global? global)
            ? global
            : throw new NotSupportedException($"PyTorch: the file asks for {Show(full)}, which is not of a state dict; nothing "
                + "but tensors is read. Save the state dict, torch.save(model.state_dict(), path), rather than the model.");
    }

    private static object Build(Global function, object?[] arguments)
    {
        switch (function.Kind, arguments)
        {
            case (GlobalKind.Dictionary, []):
                return new PickledDictionary();
            case (GlobalKind.Tensor, [PickledStorage storage, long offset, PickledTuple sizes, PickledTuple strides, ..]):
                return new PickledTensor(storage, offset, Longs(sizes), Longs(strides));
            case (GlobalKind.Parameter, [PickledTensor tensor, ..]):
                return tensor;
            default:
                throw Invalid("the arguments of a tensor, a parameter or an OrderedDict", "others");
        }
    }

    private static PickledStorage ReadStorage(PickledTuple id)
        => id.Items is ["storage", Global { Kind: GlobalKind.Storage, Type: { } type }, string key, string, long length]
            ? new PickledStorage(key, type, length)
            : throw Invalid("a storage with its type, key, place and length", "something else");

    private static long[] Longs(PickledTuple tuple)
    {
        // A tuple may be that of many tensors, each of which copies it.
        if (tuple.Items.Length > StateDict.MaxDimensions)
            throw Invalid($"at most {StateDict.MaxDimensions} sizes and strides of a tensor", $"{tuple.Items.Length}");
        return Array.TrueForAll(tuple.Items, item => item is long)
            ? [.. tuple.Items.Cast<long>()]
            : throw Invalid("whole numbers as sizes and strides", "something else");
    }

    private void SetItems(List<object?> pairs)
    {
        PickledDictionary dictionary = Peek<PickledDictionary>("a dictionary");
        if (pairs.Count % 2 != 0)
            throw Invalid("a value for each key", "none");
        for (int i = 0; i < pairs.Count; i += 2)
            dictionary.Items.Add((pairs[i], pairs[i + 1]));
    }

    private void Push(object? value)
    {
        _budget.Take(BytesPerObject);
        _stack.Add(value);
    }

    private object? Pop() => PopMany(1)[0];

    private T Pop<T>(string what) => Pop() is T value ? value : throw Invalid($"{what} before byte {_at}", "something else");

    private T Peek<T>(string what)
    {
        return _stack.Count > 0 && _stack[^1] is T value ? value : throw Invalid($"{what} before byte {_at}", "something else");
    }

    private List<object?> PopMany(int count)
    {
        int first = _stack.Count - count;
        if (first < (_marks.Count > 0 ? _marks[^1] + 1 : 0))
            throw Invalid($"a value before byte {_at}", "none");
        return Remove(first);
    }

    private List<object?> PopToMark()
    {
        if (_marks.Count == 0)
            throw Invalid($"a mark before byte {_at}", "none");
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        List<object?> items = Remove(mark + 1);
        _stack.RemoveAt(mark);
        return items;
    }

    private List<object?> Remove(int first)
    {
        List<object?> items = _stack[first..];
        _stack.RemoveRange(first, items.Count);
        return items;
    }

    private long ReadInteger(byte code)
    {
        if (code == (byte)'J')
            return BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));
        if (code == (byte)'K')
            return Bytes(1)[0];
        if (code == (byte)'M')
            return BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));
        int length = Bytes(1)[0];
        if (length > sizeof(long))
            throw Invalid("whole numbers of at most 64 bits", $"one of {8 * length}");
        long value = 0;
        foreach ((int i, byte part) in Bytes(length).ToArray().Index())
            value |= (long)part << (8 * i);
        // The last byte has the sign.
        return length is 0 or sizeof(long) ? value : value << (64 - 8 * length) >> (64 - 8 * length);
    }

    private int ReadLength()
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));
        return length <= int.MaxValue ? (int)length : throw Invalid($"a length below 2^31 before byte {_at}", $"{length}");
    }

    private string ReadText(int length)
    {
        _budget.Take(2L * length);
        try
        {
            return Utf8.GetString(Bytes(length));
        }
        catch (DecoderFallbackException)
        {
            throw Invalid($"Unicode text before byte {_at}", "an invalid sequence");
        }
    }

    private string ReadLine()
    {
        int length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        if (length < 0)
            throw Invalid($"a line from byte {_at} on", "the end of the pickle");
        string line = ReadText(length);
        _at++;
        return line;
    }

    private ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > _bytes.Length - _at)
            throw Invalid($"{count} bytes from byte {_at} on", $"the end of the pickle after {_bytes.Length - _at}");
        _at += count;
        return _bytes.AsSpan(_at - count, count);
    }

    private static string Show(string name) => name.Length <= MaxMessageLength ? name : name[..MaxMessageLength] + "…";

    private static InvalidDataException Invalid(string expected, string found)
        => new($"PyTorch: expected {expected} in the pickle, found {found}.");

    private sealed record Global(GlobalKind Kind, ElementType? Type = null);

    private sealed record PickledTuple(object?[] Items);
}

/// <summary>A list of a pickle.</summary>
internal sealed record PickledList(List<object?> Items);

/// <summary>A dictionary of a pickle, in its order.</summary>
internal sealed class PickledDictionary
{
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>The memory of one or several tensors: an entry of the file.</summary>
/// <param name="Key">The name of the entry.</param>
/// <param name="Type">Its elements.</param>
/// <param name="Length">How many there are.</param>
internal sealed record PickledStorage(string Key, ElementType Type, long Length);

/// <summary>A tensor: some elements of a storage.</summary>
/// <param name="Storage">The storage, which other tensors may share.</param>
/// <param name="Offset">The element that the tensor begins with.</param>
/// <param name="Sizes">Its dimensions.</param>
/// <param name="Strides">For each dimension, how many elements of the storage lie from one place to the next.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Sizes, long[] Strides);
