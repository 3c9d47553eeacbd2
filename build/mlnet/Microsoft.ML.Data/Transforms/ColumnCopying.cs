using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ColumnCopyingTransformer), null, typeof(SignatureLoadModel), "Copy Columns Transform", ColumnCopyingTransformer.LoaderSignature)]

namespace Microsoft.ML
{
    public static partial class TransformExtensionsCatalog
    {
        public static ColumnCopyingEstimator CopyColumns(this TransformsCatalog catalog, string outputColumnName, string inputColumnName) =>
            new(CatalogUtils.GetEnvironment(catalog), outputColumnName, inputColumnName);
    }
}

namespace Microsoft.ML.Transforms
{
    public sealed class ColumnCopyingEstimator : IEstimator<ColumnCopyingTransformer>
    {
        private readonly IHost _host;
        private readonly string _output;
        private readonly string _input;

        internal ColumnCopyingEstimator(IHostEnvironment env, string outputColumnName, string inputColumnName)
        {
            _host = env.Register(nameof(ColumnCopyingEstimator));
            _output = _host.CheckNonEmpty(outputColumnName, "columns");
            _input = _host.CheckNonEmpty(inputColumnName, "columns");
        }

        public ColumnCopyingTransformer Fit(IDataView input)
        {
            _host.CheckValue(input, nameof(input));
            var transformer = new ColumnCopyingTransformer(_host, [(_output, _input)]);
            transformer.GetOutputSchema(input.Schema);
            return transformer;
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            _host.CheckValue(inputSchema, nameof(inputSchema));
            if (!inputSchema.TryFindColumn(_input, out SchemaShape.Column source))
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", _input);
            return new(inputSchema.Where(c => c.Name != _output).Append(new(_output, source.Kind, source.ItemType, source.IsKey, source.Annotations)));
        }
    }

    public sealed class ColumnCopyingTransformer : RowToRowTransformerBase
    {
        internal const string LoaderSignature = "CopyTransform";

        private readonly (string Output, string Input)[] _columns;

        internal ColumnCopyingTransformer(IHostEnvironment env, (string Output, string Input)[] columns)
            : base(env.Register(nameof(ColumnCopyingTransformer))) =>
            _columns = columns;

        private protected override AddedColumn[] AddColumns(DataViewSchema input) => Array.ConvertAll(_columns, c =>
        {
            DataViewSchema.Column source = input.GetColumnOrNull(c.Input) ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", c.Input);
            return new AddedColumn(new(c.Output, source.Type, source.Annotations), [source.Index], row => RowGetters.Of(row, source));
        });

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            ctx.CheckAtModel();
            ctx.SetVersionInfo(GetVersionInfo());
            ctx.Writer.Write(_columns.Length);
            foreach ((string output, string input) in _columns)
            {
                ctx.SaveNonEmptyString(output);
                ctx.SaveNonEmptyString(input);
            }
        }

        internal static ColumnCopyingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            ctx.CheckAtModel(GetVersionInfo());
            int count = ctx.Reader.ReadInt32();
            Contracts.CheckDecode(count > 0);
            var columns = new List<(string, string)>();
            for (int i = 0; i < count; i++)
                columns.Add((ctx.LoadNonEmptyString(), ctx.LoadNonEmptyString()));
            return new(env, [.. columns]);
        }

        private static VersionInfo GetVersionInfo() => new("COPYCOLT", 0x00010001, 0x00010001, 0x00010001, MlNetAssembly.Data, LoaderSignature);
    }
}
