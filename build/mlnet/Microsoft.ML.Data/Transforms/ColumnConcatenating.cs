using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ColumnConcatenatingTransformer), null, typeof(SignatureLoadModel), "Concatenate Columns Transform",
    ColumnConcatenatingTransformer.LoaderSignature, ColumnConcatenatingTransformer.LoaderSignatureOld)]

namespace Microsoft.ML
{
    public static partial class TransformExtensionsCatalog
    {
        public static ColumnConcatenatingEstimator Concatenate(this TransformsCatalog catalog, string outputColumnName, params string[] inputColumnNames) =>
            new(CatalogUtils.GetEnvironment(catalog), outputColumnName, inputColumnNames);
    }
}

namespace Microsoft.ML.Transforms
{
    public sealed class ColumnConcatenatingEstimator : IEstimator<ITransformer>
    {
        private readonly IHost _host;
        private readonly string _output;
        private readonly string[] _inputs;

        internal ColumnConcatenatingEstimator(IHostEnvironment env, string outputColumnName, params string[] inputColumnNames)
        {
            _host = env.Register("ColumnConcatenatingEstimator ");
            _output = _host.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
            _inputs = _host.CheckRef(inputColumnNames, nameof(inputColumnNames));
            _host.CheckParam(!_inputs.Any(string.IsNullOrEmpty), nameof(inputColumnNames), "Contained some null or empty items");
            _host.CheckParam(_inputs.Length > 0, nameof(inputColumnNames), "Input columns not specified");
        }

        public ITransformer Fit(IDataView input)
        {
            _host.CheckValue(input, nameof(input));
            var transformer = new ColumnConcatenatingTransformer(_host, _output, _inputs);
            transformer.GetOutputSchema(input.Schema);
            return transformer;
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            _host.CheckValue(inputSchema, nameof(inputSchema));
            SchemaShape.Column[] sources = Array.ConvertAll(_inputs, name => inputSchema.TryFindColumn(name, out SchemaShape.Column source) ? source
                : throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", name));
            SchemaShape.Column first = sources[0];
            foreach (SchemaShape.Column other in sources)
            {
                _host.Check(!other.IsKey, $"Column '{other.Name}' is key. Concatenation of keys is unsupported.");
                if (!other.ItemType.Equals(first.ItemType))
                    throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", other.Name, first.ItemType.ToString(), other.ItemType.ToString());
            }
            SchemaShape.Column.VectorKind kind = sources.Any(s => s.Kind == SchemaShape.Column.VectorKind.VariableVector)
                ? SchemaShape.Column.VectorKind.VariableVector : SchemaShape.Column.VectorKind.Vector;
            var annotations = new List<SchemaShape.Column>();
            if (sources.All(s => s.Annotations.TryFindColumn(AnnotationUtils.Kinds.IsNormalized, out _)))
                annotations.Add(new(AnnotationUtils.Kinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, false));
            if (sources.Any(s => s.Kind == SchemaShape.Column.VectorKind.Scalar || s.HasSlotNames()))
                annotations.Add(new(AnnotationUtils.Kinds.SlotNames, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false));
            return new(inputSchema.Where(c => c.Name != _output).Append(new(_output, kind, first.ItemType, first.IsKey, new(annotations))));
        }
    }
}

namespace Microsoft.ML.Data
{
    /// <summary>Joins columns of one item type, scalars and vectors, to a vector.</summary>
    public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
    {
        internal const string LoaderSignature = "ConcatTransform";
        internal const string LoaderSignatureOld = "ConcatFunction";

        private readonly (string Output, string[] Inputs)[] _columns;

        internal ColumnConcatenatingTransformer(IHostEnvironment env, string output, params string[] inputs)
            : this(env, [(output, inputs)])
        {
        }

        private ColumnConcatenatingTransformer(IHostEnvironment env, (string, string[])[] columns)
            : base(env.Register(nameof(ColumnConcatenatingTransformer))) =>
            _columns = columns;

        private protected override AddedColumn[] AddColumns(DataViewSchema input) => Array.ConvertAll(_columns, column =>
        {
            DataViewSchema.Column[] sources = Array.ConvertAll(column.Inputs,
                name => input.GetColumnOrNull(name) ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", name));
            var item = (PrimitiveDataViewType)sources[0].Type.GetItemType();
            foreach (DataViewSchema.Column source in sources)
            {
                if (!source.Type.GetItemType().Equals(item))
                    throw Host.ExceptSchemaMismatch("inputSchema", "input", source.Name, item.ToString(), source.Type.GetItemType().ToString());
            }
            bool isKnownSize = sources.All(s => s.Type is not VectorDataViewType { IsKnownSize: false });
            var type = new VectorDataViewType(item, isKnownSize ? sources.Sum(s => s.Type.GetValueCount()) : 0);
            if (sources is [{ Type: VectorDataViewType } only])
                return new(new(column.Output, type, MakeAnnotations(sources, type)), [only.Index], row => RowGetters.Of(row, only));
            return new AddedColumn(new(column.Output, type, MakeAnnotations(sources, type)), Array.ConvertAll(sources, s => s.Index),
                row => (Delegate)ByType.Call(Concatenate<int>, item.RawType, row, sources));
        });

        private static DataViewSchema.Annotations MakeAnnotations(DataViewSchema.Column[] sources, VectorDataViewType type)
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            if (sources is [{ Type: VectorDataViewType } only])
            {
                annotations.Add(only.Annotations, _ => true);
                return annotations.ToAnnotations();
            }
            if (sources.All(s => s.IsNormalized()))
                annotations.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
            if (type.IsKnownSize && sources.Any(s => s.Type is not VectorDataViewType || s.HasSlotNames()))
            {
                annotations.AddSlotNames(type.Size, (ref VBuffer<ReadOnlyMemory<char>> value) =>
                {
                    var names = new SparseBuilder<ReadOnlyMemory<char>>(ref value, type.Size, type.Size);
                    int slot = 0;
                    foreach (ReadOnlyMemory<char> name in sources.SelectMany(SlotNames))
                        names.Add(slot++, name);
                    value = names.Build(isDenseAt: type.Size / 2);
                });
            }
            return annotations.ToAnnotations();
        }

        private static IEnumerable<ReadOnlyMemory<char>> SlotNames(DataViewSchema.Column source)
        {
            if (source.Type is not VectorDataViewType vector)
                return [source.Name.AsMemory()];
            if (!source.HasSlotNames())
                return new ReadOnlyMemory<char>[vector.Size];
            VBuffer<ReadOnlyMemory<char>> names = default;
            source.GetSlotNames(ref names);
            return names.DenseValues().Select(n => n.IsEmpty ? n : $"{source.Name}.{n}".AsMemory());
        }

        private static ValueGetter<VBuffer<TItem>> Concatenate<TItem>(DataViewRow row, DataViewSchema.Column[] sources)
        {
            var parts = Array.ConvertAll(sources, source => source.Type is VectorDataViewType
                ? row.GetGetter<VBuffer<TItem>>(source) : AsVector(row.GetGetter<TItem>(source)));
            var buffers = new VBuffer<TItem>[parts.Length];
            return (ref VBuffer<TItem> value) =>
            {
                int length = 0;
                int count = 0;
                for (int i = 0; i < parts.Length; i++)
                {
                    parts[i](ref buffers[i]);
                    length += buffers[i].Length;
                    count += buffers[i].GetValues().Length;
                }
                // Explicit zeros count: ML.NET asks only how many values there are.
                bool isDense = count > length / 2;
                VBufferEditor<TItem> editor = VBufferEditor.Create(ref value, length, isDense ? length : count);
                if (isDense)
                {
                    int start = 0;
                    foreach (ref VBuffer<TItem> part in buffers.AsSpan())
                    {
                        part.CopyTo(editor.Values[start..]);
                        start += part.Length;
                    }
                    value = editor.Commit();
                    return;
                }
                int at = 0;
                int offset = 0;
                foreach (ref VBuffer<TItem> part in buffers.AsSpan())
                {
                    ReadOnlySpan<TItem> values = part.GetValues();
                    values.CopyTo(editor.Values[at..]);
                    for (int i = 0; i < values.Length; i++)
                        editor.Indices[at + i] = offset + (part.IsDense ? i : part.GetIndices()[i]);
                    at += values.Length;
                    offset += part.Length;
                }
                value = editor.Commit();
            };
        }

        private static ValueGetter<VBuffer<TItem>> AsVector<TItem>(ValueGetter<TItem> scalar) => (ref VBuffer<TItem> value) =>
        {
            VBufferEditor<TItem> editor = VBufferEditor.Create(ref value, 1);
            scalar(ref editor.Values[0]);
            value = editor.Commit();
        };

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            ctx.CheckAtModel();
            ctx.SetVersionInfo(GetVersionInfo());
            ctx.Writer.Write(_columns.Length);
            foreach ((string output, string[] inputs) in _columns)
            {
                ctx.SaveNonEmptyString(output);
                ctx.Writer.Write(inputs.Length);
                foreach (string input in inputs)
                {
                    ctx.SaveNonEmptyString(input);
                    ctx.SaveStringOrNull(null); // an alias for slot names, which no public call gives
                }
            }
        }

        internal static ColumnConcatenatingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            ctx.CheckAtModel(GetVersionInfo());
            int count = ctx.Reader.ReadInt32();
            Contracts.CheckDecode(count > 0);
            var columns = new List<(string, string[])>();
            for (int i = 0; i < count; i++)
            {
                string output = ctx.LoadNonEmptyString();
                int inputCount = ctx.Reader.ReadInt32();
                Contracts.CheckDecode(inputCount >= 0);
                var inputs = new List<string>();
                for (int j = 0; j < inputCount; j++)
                {
                    inputs.Add(ctx.LoadNonEmptyString());
                    ctx.LoadStringOrNull();
                }
                columns.Add((output, [.. inputs]));
            }
            return new(env, [.. columns]);
        }

        private static VersionInfo GetVersionInfo() =>
            new("CONCAT F", 0x00010003, 0x00010003, 0x00010001, MlNetAssembly.Data, LoaderSignature, LoaderSignatureOld);
    }
}
