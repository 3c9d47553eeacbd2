using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>The values that are keys: the first is key 1, the second key 2, and any other is missing.</summary>
internal abstract class TermMap
{
    /// <summary>What a model file says before the terms of a map.</summary>
    private protected const byte TextCode = 0;
    private protected const byte TypedCode = 1;

    public abstract PrimitiveDataViewType ItemType { get; }

    public abstract int Count { get; }

    public abstract Delegate MakeGetter(DataViewRow row, DataViewSchema.Column source);

    /// <summary>Annotates a column of keys with their values; those of keys that have names themselves are the names.</summary>
    public abstract void AddKeyValues(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column source);

    public abstract void Save(ModelSaveContext ctx);

    public static TermMap Load(ModelLoadContext ctx)
    {
        switch (ctx.Reader.ReadByte())
        {
            case TextCode:
                int count = ctx.Reader.ReadInt32();
                Contracts.CheckDecode(0 <= count && count <= ctx.Reader.BaseStream.Length / sizeof(int));
                var texts = new ReadOnlyMemory<char>[count];
                for (int i = 0; i < count; i++)
                    texts[i] = ctx.LoadNonEmptyString().AsMemory();
                return new TermMap<ReadOnlyMemory<char>>(TextDataViewType.Instance, texts);
            case TypedCode:
                var itemType = ValueCodec.ReadType(ctx.Reader) as PrimitiveDataViewType;
                Contracts.CheckDecode(itemType is not null);
                return (TermMap)ByType.Call(LoadTyped<int>, itemType.RawType, ctx.Reader, itemType);
            default:
                throw Contracts.ExceptDecode();
        }
    }

    private static TermMap LoadTyped<T>(BinaryReader reader, PrimitiveDataViewType itemType)
    {
        int count = reader.ReadInt32();
        Contracts.CheckDecode(count >= 0);
        return new TermMap<T>(itemType, count == 0 ? [] : ValueCodec.ReadItems<T>(reader, count));
    }
}

internal sealed class TermMap<T> : TermMap
{
    private readonly T[] _terms;
    private readonly Dictionary<T, uint> _keys;

    public TermMap(PrimitiveDataViewType itemType, T[] terms)
    {
        ItemType = itemType;
        _terms = terms;
        _keys = new(new TermEquality<T>(itemType));
        foreach (T term in terms)
            Contracts.CheckDecode(_keys.TryAdd(term, (uint)_keys.Count + 1));
    }

    public override PrimitiveDataViewType ItemType { get; }

    public override int Count => _terms.Length;

    public override Delegate MakeGetter(DataViewRow row, DataViewSchema.Column source)
    {
        if (source.Type is not VectorDataViewType)
        {
            ValueGetter<T> scalar = row.GetGetter<T>(source);
            T term = default;
            return (ValueGetter<uint>)((ref uint value) =>
            {
                scalar(ref term);
                value = _keys.GetValueOrDefault(term);
            });
        }
        ValueGetter<VBuffer<T>> vector = row.GetGetter<VBuffer<T>>(source);
        VBuffer<T> terms = default;
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
        {
            vector(ref terms);
            var keys = new SparseBuilder<uint>(ref value, terms.Length, terms.Length);
            int slot = 0;
            foreach (T item in terms.DenseValues())
                keys.Add(slot++, _keys.GetValueOrDefault(item));
            value = keys.Build(isDenseAt: terms.Length / 2);
        });
    }

    public override void AddKeyValues(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column source)
    {
        if (ItemType is KeyDataViewType key && source.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type is VectorDataViewType names
            && (ulong)names.Size == key.Count)
        {
            ByType.Call(AddNames<uint, int>, [typeof(T), names.ItemType.RawType], builder, source, names.ItemType, _terms);
            return;
        }
        builder.AddKeyValues(Count, ItemType, (ref VBuffer<T> value) => VBuffer<T>.Copy(_terms, 0, ref value, Count));
    }

    public override void Save(ModelSaveContext ctx)
    {
        bool isText = ItemType is TextDataViewType;
        ctx.Writer.Write(isText ? TextCode : TypedCode);
        if (!isText)
            ValueCodec.WriteType(ctx.Writer, ItemType);
        ctx.Writer.Write(Count);
        if (!isText && Count > 0)
            ValueCodec.WriteItems<T>(ctx.Writer, _terms);
        foreach (T term in isText ? _terms : [])
            ctx.SaveNonEmptyString(term.ToString());
    }

    private static object AddNames<TKey, TName>(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column source, PrimitiveDataViewType nameType,
        TKey[] terms)
        where TKey : IBinaryInteger<TKey>
    {
        builder.AddKeyValues(terms.Length, nameType, (ref VBuffer<TName> value) =>
        {
            VBuffer<TName> names = default;
            source.GetKeyValues(ref names);
            VBuffer<TName>.Copy(Array.ConvertAll(terms, key => names.GetItemOrDefault(int.CreateChecked(key) - 1)), 0, ref value, terms.Length);
        });
        return null;
    }
}
