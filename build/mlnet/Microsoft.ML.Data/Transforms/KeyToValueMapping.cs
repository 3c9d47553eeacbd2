using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(KeyToValueMappingTransformer), null, typeof(SignatureLoadModel), "Key To Value Transform", KeyToValueMappingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(KeyToValueMappingEstimator)), new(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema.WithMade(Host, Transformer.ColumnPairs, (source, output) =>
    {
        if (!source.IsKey)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", source.Name, "KeyType", source.GetTypeString());
        if (!source.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column keyValues))
            throw Host.ExceptParam(nameof(inputSchema), $"Input column '{source.Name}' doesn't contain key values metadata");
        return new(output, source.Kind, keyValues.ItemType, keyValues.IsKey, new(source.Annotations.Keep(AnnotationUtils.Kinds.SlotNames)));
    });
}

/// <summary>Makes the values of keys, which their column's annotation has.</summary>
public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "KeyToValueTransform";

    internal KeyToValueMappingTransformer(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    private KeyToValueMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
    }

    private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair)
    {
        var values = source.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type as VectorDataViewType;
        Host.Check(values is not null, "Metadata KeyValues does not exist");
        Host.Check(source.Type.GetItemType() is KeyDataViewType key && key.Count == (ulong)values.Size,
            "KeyValues metadata size does not match column type key count");
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(source.Annotations, kind => kind == AnnotationUtils.Kinds.SlotNames);
        return new(source.Type is VectorDataViewType vector ? new VectorDataViewType(values.ItemType, vector.Dimensions) : values.ItemType,
            annotations.ToAnnotations(),
            (Func<DataViewRow, Delegate>)ByType.Call(Read<uint, int>, [source.Type.GetItemType().RawType, values.ItemType.RawType], source));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        SaveColumns(ctx);
    }

    internal static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(GetVersionInfo());
        return new(env.Register(nameof(KeyToValueMappingTransformer)), ctx);
    }

    private static Func<DataViewRow, Delegate> Read<TKey, TValue>(DataViewSchema.Column source)
        where TKey : IBinaryInteger<TKey>
    {
        VBuffer<TValue> annotation = default;
        source.GetKeyValues(ref annotation);
        TValue[] values = [.. annotation.DenseValues()];
        TValue missing = typeof(TValue) == typeof(float) ? (TValue)(object)float.NaN : typeof(TValue) == typeof(double) ? (TValue)(object)double.NaN : default;
        return source.Type is VectorDataViewType ? ReadVector : ReadScalar;

        TValue ValueOf(TKey key) => ulong.CreateTruncating(key) - 1 is var index && index < (ulong)values.Length ? values[index] : missing;

        ValueGetter<TValue> ReadScalar(DataViewRow row)
        {
            ValueGetter<TKey> getter = row.GetGetter<TKey>(source);
            TKey key = default;
            return (ref TValue value) =>
            {
                getter(ref key);
                value = ValueOf(key);
            };
        }

        ValueGetter<VBuffer<TValue>> ReadVector(DataViewRow row)
        {
            ValueGetter<VBuffer<TKey>> getter = row.GetGetter<VBuffer<TKey>>(source);
            VBuffer<TKey> keys = default;
            return (ref VBuffer<TValue> value) =>
            {
                getter(ref keys);
                VBufferEditor<TValue> editor = VBufferEditor.Create(ref value, keys.Length);
                int slot = 0;
                foreach (TKey key in keys.DenseValues())
                    editor.Values[slot++] = ValueOf(key);
                value = editor.Commit();
            };
        }
    }

    private static VersionInfo GetVersionInfo() => new("KEY2VALT", 0x00010001, 0x00010001, 0x00010001, MlNetAssembly.Data, LoaderSignature);
}
