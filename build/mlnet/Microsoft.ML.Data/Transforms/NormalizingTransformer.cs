using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(NormalizingTransformer), null, typeof(SignatureLoadModel), "Normalizer", NormalizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

/// <summary>Computes (x - offset) * scale for columns, with a scale and an offset for each slot.</summary>
public sealed class NormalizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "Normalizer";

    private readonly Function[] _functions;

    internal NormalizingTransformer(IHostEnvironment env, (string, string)[] columns, Function[] functions)
        : base(env.Register(nameof(NormalizingTransformer)), columns) =>
        _functions = functions;

    private NormalizingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _functions = ColumnPairs.Select((_, i) =>
        {
            DataViewType type = ReadType(ctx.Reader);
            AffineFunction affine = null;
            bool found = ctx.TryProcessSubModel($"Normalizer_{i:000}", sub => affine = AffineFunction.Load(sub, type));
            Contracts.CheckDecode(found);
            return new Function(type, affine);
        }).ToArray();

    private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair)
    {
        (DataViewType type, AffineFunction affine) = _functions[pair];
        if (source.Type.GetItemType() != type.GetItemType() || source.Type.GetVectorSize() != type.GetVectorSize())
            throw Host.ExceptSchemaMismatch("inputSchema", "input", source.Name, type.ToString(), source.Type.ToString());
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
        annotations.Add(source.Annotations, kind => kind == AnnotationUtils.Kinds.SlotNames);
        return new(type, annotations.ToAnnotations(), row => affine.MakeGetter(row, source));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        SaveColumns(ctx);
        for (int i = 0; i < _functions.Length; i++)
        {
            DataViewType type = _functions[i].Type;
            ctx.Writer.Write(type is VectorDataViewType);
            ctx.Writer.Write((byte)(type.GetItemType() == NumberDataViewType.Single ? DataKind.Single : DataKind.Double));
            if (type is VectorDataViewType vector)
            {
                ctx.Writer.Write(vector.Dimensions.Length);
                foreach (int dimension in vector.Dimensions)
                    ctx.Writer.Write(dimension);
            }
            ctx.SaveSubModel($"Normalizer_{i:000}", _functions[i].Affine.Save);
        }
    }

    internal static NormalizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(GetVersionInfo());
        return new(env.Register(nameof(NormalizingTransformer)), ctx);
    }

    private static DataViewType ReadType(BinaryReader reader)
    {
        bool isVector = reader.ReadBoolean();
        NumberDataViewType item = (DataKind)reader.ReadByte() switch
        {
            DataKind.Single => NumberDataViewType.Single,
            DataKind.Double => NumberDataViewType.Double,
            _ => throw Contracts.ExceptDecode(),
        };
        if (!isVector)
            return item;
        int rank = reader.ReadInt32();
        Contracts.CheckDecode(0 < rank && rank <= reader.BaseStream.Length / sizeof(int));
        return new VectorDataViewType(item, Enumerable.Range(0, rank).Select(_ => reader.ReadInt32()).ToImmutableArray());
    }

    private static VersionInfo GetVersionInfo() => new("NORMALZR", 0x00010002, 0x00010001, 0x00010002, MlNetAssembly.Data, LoaderSignature);

    /// <summary>What is computed of a column of this type.</summary>
    internal sealed record Function(DataViewType Type, AffineFunction Affine);
}

/// <summary>The scales and offsets of one column.</summary>
internal abstract class AffineFunction
{
    public abstract Delegate MakeGetter(DataViewRow row, DataViewSchema.Column source);

    public abstract void Save(ModelSaveContext ctx);

    public static AffineFunction Load(ModelLoadContext ctx, DataViewType type) => type.GetItemType() == NumberDataViewType.Single
        ? AffineFunction<float>.Load(ctx, type, reader => reader.ReadSingle())
        : AffineFunction<double>.Load(ctx, type, reader => reader.ReadDouble());

    private protected static VersionInfo GetVersionInfo() => new("AFF NORM", 0x00010003, 0x00010003, 0x00010003, MlNetAssembly.Data, "AffineNormExec");
}

internal sealed class AffineFunction<T>(bool isVector, T[] scales, T[] offsets) : AffineFunction
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly bool _hasOffsets = offsets.Any(o => o != T.Zero);

    public override Delegate MakeGetter(DataViewRow row, DataViewSchema.Column source)
    {
        if (!isVector)
        {
            ValueGetter<T> scalar = row.GetGetter<T>(source);
            return (ValueGetter<T>)((ref T value) =>
            {
                scalar(ref value);
                value = (value - offsets[0]) * scales[0];
            });
        }
        ValueGetter<VBuffer<T>> vector = row.GetGetter<VBuffer<T>>(source);
        VBuffer<T> input = default;
        return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
        {
            vector(ref input);
            Contracts.Check(input.Length == scales.Length, $"Normalizer expected {scales.Length} slots but got {input.Length}");
            // Without offsets a zero stays a zero.
            ReadOnlySpan<T> values = input.GetValues();
            if (!input.IsDense && !_hasOffsets)
            {
                ReadOnlySpan<int> indices = input.GetIndices();
                var builder = new SparseBuilder<T>(ref value, input.Length, values.Length);
                for (int i = 0; i < values.Length; i++)
                    builder.Add(indices[i], values[i] * scales[indices[i]]);
                value = builder.Build(isDenseAt: input.Length / 2);
                return;
            }
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, input.Length);
            input.CopyTo(editor.Values);
            for (int slot = 0; slot < editor.Values.Length; slot++)
                editor.Values[slot] = (editor.Values[slot] - offsets[slot]) * scales[slot];
            value = editor.Commit();
        });
    }

    public override void Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        ctx.Writer.Write(SizeOfItem);
        ctx.Writer.Write(scales.Length);
        ctx.Writer.Write(-1); // no indices: the values of all slots follow
        WriteItems(scales);
        WriteItems(isVector && !_hasOffsets ? [] : offsets);
        ctx.SaveTextStream("AffineNormalizer.txt", writer =>
        {
            writer.WriteLine(FormattableString.Invariant($"NumNormalizationFeatures={scales.Length}"));
            for (int slot = 0; slot < scales.Length; slot++)
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{slot}\t{offsets[slot]}\t{scales[slot]}"));
            writer.WriteLine();
        });

        void WriteItems(T[] items)
        {
            ctx.Writer.Write(items.Length);
            foreach (T item in items)
                ctx.Writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in item)));
        }
    }

    public static AffineFunction<T> Load(ModelLoadContext ctx, DataViewType type, Func<BinaryReader, T> readItem)
    {
        ctx.CheckAtModel(GetVersionInfo());
        Contracts.CheckDecode(ctx.Reader.ReadInt32() == SizeOfItem);
        int size = ctx.Reader.ReadInt32();
        bool isVector = type is VectorDataViewType;
        Contracts.CheckDecode(size == Math.Max(type.GetVectorSize(), 1) && size <= ctx.Reader.BaseStream.Length / SizeOfItem);
        Contracts.CheckDecode(null, ctx.Reader.ReadInt32() == -1, "The stand-in reads no sparse scales.");
        T[] scales = ReadItems();
        T[] offsets = ReadItems();
        Contracts.CheckDecode(scales.Length == size && (offsets.Length == size || offsets.Length == 0));
        return new(isVector, scales, offsets.Length == 0 ? new T[size] : offsets);

        T[] ReadItems()
        {
            int count = ctx.Reader.ReadInt32();
            Contracts.CheckDecode(0 <= count && count <= size);
            var items = new T[count];
            for (int i = 0; i < count; i++)
            {
                items[i] = readItem(ctx.Reader);
                Contracts.CheckDecode(!T.IsNaN(items[i]));
            }
            return items;
        }
    }

    private static int SizeOfItem => System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
}
