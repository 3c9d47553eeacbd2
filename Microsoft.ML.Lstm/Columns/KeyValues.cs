using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The values of a column's keys, such as the names of classes or words, in a form that a file can hold.</summary>
/// <param name="Type">The .NET type of the values, by its name; "Text" for texts.</param>
/// <param name="Values">The values as texts, in the invariant culture.</param>
internal sealed record KeyValues(string Type, string[] Values)
{
    private static readonly Kind[] Kinds =
    [
        new Kind<ReadOnlyMemory<char>>("Text", TextDataViewType.Instance, text => text.ToString(), text => text.AsMemory(),
            (text, name) => text.Span.SequenceEqual(name)),
        new Kind<bool>(nameof(Boolean), BooleanDataViewType.Instance, value => value.ToString(), bool.Parse),
        Number<sbyte>(NumberDataViewType.SByte),
        Number<byte>(NumberDataViewType.Byte),
        Number<short>(NumberDataViewType.Int16),
        Number<ushort>(NumberDataViewType.UInt16),
        Number<int>(NumberDataViewType.Int32),
        Number<uint>(NumberDataViewType.UInt32),
        Number<long>(NumberDataViewType.Int64),
        Number<ulong>(NumberDataViewType.UInt64),
        Number<float>(NumberDataViewType.Single),
        Number<double>(NumberDataViewType.Double),
        new Kind<DateTime>(nameof(DateTime), DateTimeDataViewType.Instance, Format,
            text => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)),
        new Kind<DateTimeOffset>(nameof(DateTimeOffset), DateTimeOffsetDataViewType.Instance,
            time => time.ToString("O", CultureInfo.InvariantCulture),
            text => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
        new Kind<TimeSpan>(nameof(TimeSpan), TimeSpanDataViewType.Instance,
            span => span.ToString("c", CultureInfo.InvariantCulture),
            text => TimeSpan.Parse(text, CultureInfo.InvariantCulture)),
    ];

    // Before the integer type of the keys and their count: "Key UInt32 3".
    private const string KeyPrefix = "Key ";

    /// <summary>The values of a binary label: no and yes.</summary>
    public static KeyValues OfBoolean { get; } = new(nameof(Boolean), [bool.FalseString, bool.TrueString]);

    public bool IsText => Type == Kinds[0].Name;

    /// <summary>The keys of the values, counted from 1; of those that stand several times, the first.</summary>
    public Dictionary<string, int> Keys()
    {
        var keys = new Dictionary<string, int>(Values.Length);
        for (int i = 0; i < Values.Length; i++)
            keys.TryAdd(Values[i], i + 1);
        return keys;
    }

    /// <summary>The values in the form in which a model file holds them.</summary>
    public SavedKeyValues ToSaved() => new(Type, Values);

    /// <summary>The values that a model file holds; null for none.</summary>
    public static KeyValues? From(SavedKeyValues? saved) => saved is null ? null : new KeyValues(saved.Type, saved.Values);

    /// <summary>The values of some of the keys.</summary>
    /// <param name="keys">The keys; null for all.</param>
    public KeyValues Of(KeySubset? keys) => keys is null ? this : this with { Values = [.. keys.Keys.Select(key => Values[key - 1])] };

    /// <summary>Whether values of this type can be held.</summary>
    public static bool CanHold(DataViewType type) => Array.Exists(Kinds, kind => kind.Type.Equals(type));

    /// <summary>
    /// The values that a column of <paramref name="count"/> keys has as an annotation; null for none, and for values that a file can't
    /// hold.
    /// </summary>
    public static KeyValues? Of(DataViewSchema.Column column, int count)
        => KindOf(column, count) is { } kind ? new KeyValues(kind.Name, kind.Read(column.Annotations)) : null;

    private static Kind? KindOf(DataViewSchema.Column column, int count)
    {
        if (column.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues) is not { Type: VectorDataViewType type }
            || type.Size != count)
            return null;
        return type.ItemType is KeyDataViewType key
            ? KindOfKeys(key.RawType.Name, key.Count)
            : Array.Find(Kinds, kind => kind.Type.Equals(type.ItemType));
    }

    /// <summary>
    /// Whether the keys of a column are not known to stand for other values than these: they stand for the same, in the same order, or it
    /// is unknown what they stand for.
    /// </summary>
    /// <param name="column">The column.</param>
    /// <param name="keys">The keys that these are the values of; null for all.</param>
    public bool MayBeThoseOf(DataViewSchema.Column column, KeySubset? keys)
        => KindOf(column, keys?.KeyCount ?? Values.Length) is not { } kind
            || (kind.Name == Type && kind.AreSame(Values, column.Annotations, keys));

    /// <summary>
    /// The shape of the annotation with the values of a column of keys; null for none, and for values that a file can't hold.
    /// </summary>
    public static SchemaShape.Column? ShapeOf(SchemaShape.Column column)
        => column.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column values)
            && (values.IsKey || CanHold(values.ItemType))
            ? values
            : null;

    /// <exception cref="InvalidDataException">There are not as many values as classes, their type is unknown, or a text is no value of that
    /// type.</exception>
    public void Check(int classes)
    {
        if (Values.Length != classes)
            throw Invalid($"{classes} values of labels", $"{Values.Length}");
        try
        {
            Find().Check(Values);
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            throw Invalid($"values of labels of type {Type}", "others");
        }
    }

    /// <summary>
    /// The index of the value that <paramref name="text"/> stands for, in the form it has here or in another one, such as "1.0" for 1; −1
    /// for none.
    /// </summary>
    public int IndexOf(string text)
    {
        int index = Array.IndexOf(Values, text);
        return index >= 0 || IsText ? index : Find().IndexOf(Values, text);
    }

    /// <summary>Whether the values are the same, in the same order.</summary>
    public bool AreSameAs(KeyValues other) => Type == other.Type && Values.AsSpan().SequenceEqual(other.Values);

    /// <summary>Whether two columns have values that are not known to differ: the same, or unknown in one of them.</summary>
    public static bool MayBeSame(KeyValues? first, KeyValues? second) => first is null || second is null || first.AreSameAs(second);

    /// <summary>Adds the values to the annotations of a column.</summary>
    public void AddTo(DataViewSchema.Annotations.Builder builder, string annotation) => Find().Add(builder, annotation, Values);

    private Kind Find() => FindOrNull(Type)
        ?? throw Invalid($"one of {string.Join(", ", Kinds.Select(kind => kind.Name))} or keys as the type of labels", $"'{Type}'");

    private static Kind? FindOrNull(string type)
    {
        if (!type.StartsWith(KeyPrefix, StringComparison.Ordinal))
            return Array.Find(Kinds, kind => kind.Name == type);
        string[] parts = type.Split(' ');
        return parts.Length == 3 && ulong.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out ulong count)
            ? KindOfKeys(parts[1], count)
            : null;
    }

    // Keys may stand for keys: MapValueToKey of a column of keys makes such.
    private static Kind? KindOfKeys(string integer, ulong count) => integer switch
    {
        nameof(Byte) => Key<byte>(count),
        nameof(UInt16) => Key<ushort>(count),
        nameof(UInt32) => Key<uint>(count),
        nameof(UInt64) => Key<ulong>(count),
        _ => null,
    };

    private static Kind<T>? Key<T>(ulong count)
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (count == 0 || count > ulong.CreateTruncating(T.MaxValue))
            return null;
        return new($"{KeyPrefix}{typeof(T).Name} {count.ToString(CultureInfo.InvariantCulture)}", new KeyDataViewType(typeof(T), count),
            value => value.ToString(null, CultureInfo.InvariantCulture), Parse);

        T Parse(string text)
        {
            T value = T.Parse(text, CultureInfo.InvariantCulture);
            return ulong.CreateTruncating(value) <= count ? value : throw new FormatException($"There is no key {value} of {count}.");
        }
    }

    private static InvalidDataException Invalid(string expected, string found)
        => new($"The columns of a saved LSTM model can't be read: expected {expected}, found {found}.");

    // A local time would be read as another time of day in another time zone. As in ML.NET's own models, the time of day is kept.
    private static string Format(DateTime time)
    {
        if (time.Kind == DateTimeKind.Local)
            time = DateTime.SpecifyKind(time, DateTimeKind.Unspecified);
        return time.ToString("O", CultureInfo.InvariantCulture);
    }

    private static Kind<T> Number<T>(NumberDataViewType type)
        where T : IFormattable, IParsable<T>
        => new(typeof(T).Name, type, value => value.ToString(null, CultureInfo.InvariantCulture),
            text => T.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>A type of values, and its conversion to texts and back.</summary>
    private abstract class Kind(string name, PrimitiveDataViewType type)
    {
        public string Name { get; } = name;

        public PrimitiveDataViewType Type { get; } = type;

        public abstract string[] Read(DataViewSchema.Annotations annotations);

        /// <summary>Whether the texts are the values of some keys; null for all keys.</summary>
        public abstract bool AreSame(string[] texts, DataViewSchema.Annotations annotations, KeySubset? keys);

        public abstract void Check(string[] texts);

        /// <summary>The index of the value that <paramref name="text"/> parses to; −1 for none.</summary>
        public abstract int IndexOf(string[] texts, string text);

        public abstract void Add(DataViewSchema.Annotations.Builder builder, string annotation, string[] texts);
    }

    private sealed class Kind<T>(string name, PrimitiveDataViewType type, Func<T, string> format, Func<string, T> parse,
        Func<T, string, bool>? isFormattedAs = null)
        : Kind(name, type)
    {
        public override string[] Read(DataViewSchema.Annotations annotations)
        {
            VBuffer<T> values = default;
            annotations.GetValue(AnnotationUtils.Kinds.KeyValues, ref values);
            return [.. values.DenseValues().Select(format)];
        }

        // Vocabularies may be large, and data be compared often: texts are not copied for it.
        public override bool AreSame(string[] texts, DataViewSchema.Annotations annotations, KeySubset? keys)
        {
            VBuffer<T> values = default;
            annotations.GetValue(AnnotationUtils.Kinds.KeyValues, ref values);
            int next = 0;
            foreach (int key in keys?.Keys ?? Enumerable.Range(1, texts.Length))
            {
                T value = values.GetItemOrDefault(key - 1);
                string text = texts[next++];
                if (!(isFormattedAs?.Invoke(value, text) ?? format(value) == text))
                    return false;
            }
            return true;
        }

        public override void Check(string[] texts) => Array.ConvertAll(texts, text => parse(text));

        public override int IndexOf(string[] texts, string text)
        {
            try
            {
                T value = parse(text);
                return Array.FindIndex(texts, other => EqualityComparer<T>.Default.Equals(parse(other), value));
            }
            catch (Exception error) when (error is FormatException or OverflowException)
            {
                return -1;
            }
        }

        public override void Add(DataViewSchema.Annotations.Builder builder, string annotation, string[] texts)
        {
            T[] values = Array.ConvertAll(texts, text => parse(text));
            builder.Add(annotation, new VectorDataViewType(Type, values.Length), (ref VBuffer<T> destination) =>
            {
                VBufferEditor<T> editor = VBufferEditor.Create(ref destination, values.Length);
                values.CopyTo(editor.Values);
                destination = editor.Commit();
            });
        }
    }
}
