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
    public sealed class ColumnCopyingEstimator : TrivialEstimator<ColumnCopyingTransformer>
    {
        internal ColumnCopyingEstimator(IHostEnvironment env, string outputColumnName, string inputColumnName)
            : this(env.Register(nameof(ColumnCopyingEstimator)), outputColumnName, inputColumnName)
        {
        }

        private ColumnCopyingEstimator(IHost host, string outputColumnName, string inputColumnName)
            : base(host, new(host, (host.CheckNonEmpty(outputColumnName, "columns"), host.CheckNonEmpty(inputColumnName, "columns"))))
        {
        }

        public override SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema.WithMade(Host, Transformer.ColumnPairs,
            (source, output) => new(output, source.Kind, source.ItemType, source.IsKey, source.Annotations));
    }

    public sealed class ColumnCopyingTransformer : OneToOneTransformerBase
    {
        internal const string LoaderSignature = "CopyTransform";

        internal ColumnCopyingTransformer(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
            : base(env.Register(nameof(ColumnCopyingTransformer)), columns)
        {
        }

        private ColumnCopyingTransformer(IHost host, ModelLoadContext ctx)
            : base(host, ctx)
        {
        }

        private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair) =>
            new(source.Type, source.Annotations, row => RowGetters.Of(row, source));

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            ctx.CheckAtModel();
            ctx.SetVersionInfo(GetVersionInfo());
            SaveColumns(ctx);
        }

        internal static ColumnCopyingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            ctx.CheckAtModel(GetVersionInfo());
            return new(env.Register(nameof(ColumnCopyingTransformer)), ctx);
        }

        private static VersionInfo GetVersionInfo() => new("COPYCOLT", 0x00010001, 0x00010001, 0x00010001, MlNetAssembly.Data, LoaderSignature);
    }
}
