using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ITransformer), typeof(CustomMappingTransformer), null, typeof(SignatureLoadModel), "",
    CustomMappingTransformer.LoaderSignature)]

namespace Microsoft.ML
{
    public static class CustomMappingCatalog
    {
        public static CustomMappingEstimator<TSrc, TDst> CustomMapping<TSrc, TDst>(this TransformsCatalog catalog, Action<TSrc, TDst> mapAction,
            string contractName, SchemaDefinition inputSchemaDefinition = null, SchemaDefinition outputSchemaDefinition = null)
            where TSrc : class, new()
            where TDst : class, new() =>
            new(CatalogUtils.GetEnvironment(catalog), mapAction, contractName, inputSchemaDefinition, outputSchemaDefinition);
    }
}

namespace Microsoft.ML.Transforms
{
    /// <summary>Names the contract under which a model finds a mapping again.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class CustomMappingFactoryAttributeAttribute(string contractName) : Attribute
    {
        internal string Contract { get; } = contractName;
    }

    internal interface ICustomMappingFactory
    {
        ITransformer CreateTransformer(IHostEnvironment env, string contractName);
    }

    public abstract class CustomMappingFactory<TSrc, TDst> : ICustomMappingFactory
        where TSrc : class, new()
        where TDst : class, new()
    {
        public abstract Action<TSrc, TDst> GetMapping();

        ITransformer ICustomMappingFactory.CreateTransformer(IHostEnvironment env, string contractName) =>
            new CustomMappingTransformer<TSrc, TDst>(env, GetMapping(), contractName, null, null);
    }

    public sealed class CustomMappingEstimator<TSrc, TDst> : IEstimator<CustomMappingTransformer<TSrc, TDst>>
        where TSrc : class, new()
        where TDst : class, new()
    {
        private readonly IHost _host;
        private readonly CustomMappingTransformer<TSrc, TDst> _transformer;

        internal CustomMappingEstimator(IHostEnvironment env, Action<TSrc, TDst> mapAction, string contractName, SchemaDefinition inputSchemaDefinition,
            SchemaDefinition outputSchemaDefinition)
        {
            _host = env.Register("CustomMappingEstimator");
            _transformer = new(_host, mapAction, contractName, inputSchemaDefinition, outputSchemaDefinition);
        }

        public CustomMappingTransformer<TSrc, TDst> Fit(IDataView input)
        {
            _host.CheckValue(input, nameof(input));
            _transformer.GetOutputSchema(input.Schema);
            return _transformer;
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            Dictionary<string, SchemaShape.Column> result = inputSchema.ToDictionary(c => c.Name);
            foreach (SchemaDefinition.Column needed in _transformer.Input)
            {
                if (!result.ContainsKey(needed.ColumnName))
                    throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", needed.ColumnName);
            }
            foreach (SchemaShape.Column added in SchemaShape.Create(ObjectReader.Schema(_transformer.Output)))
                result[added.Name] = added;
            return new(result.Values);
        }
    }

    /// <summary>What models name as the loader of a custom mapping.</summary>
    internal static class CustomMappingTransformer
    {
        public const string LoaderSignature = "CustomTransformer";

        public static VersionInfo GetVersionInfo() => new("CUSTOMXF", 0x00010002, 0x00010002, 0x00010002, MlNetAssembly.Transforms, LoaderSignature);

        public static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            ctx.CheckAtModel(GetVersionInfo());
            string contract = ctx.LoadString();
            Assembly assembly = Assembly.Load(new AssemblyName(ctx.LoadString()).Name);
            Type factory = assembly.GetTypes().FirstOrDefault(t => t.GetCustomAttribute<CustomMappingFactoryAttributeAttribute>()?.Contract == contract)
                ?? throw env.Except($"Unable to locate an extension for the contract '{contract}'. Ensure you have called ComponentCatalog.RegisterAssembly " +
                    $"with the Assembly that contains a class decorated with a '{typeof(CustomMappingFactoryAttributeAttribute).FullName}'.");
            return ((ICustomMappingFactory)Activator.CreateInstance(factory)).CreateTransformer(env, contract);
        }
    }

    /// <summary>Adds the columns that a user's code computes from others.</summary>
    public sealed class CustomMappingTransformer<TSrc, TDst> : RowToRowTransformerBase
        where TSrc : class, new()
        where TDst : class, new()
    {
        private readonly Action<TSrc, TDst> _map;
        private readonly string _contract;

        internal CustomMappingTransformer(IHostEnvironment env, Action<TSrc, TDst> mapAction, string contractName, SchemaDefinition inputSchemaDefinition,
            SchemaDefinition outputSchemaDefinition)
            : base(env.Register(nameof(CustomMappingTransformer)))
        {
            _map = Host.CheckRef(mapAction, nameof(mapAction));
            _contract = contractName;
            Input = inputSchemaDefinition ?? SchemaDefinition.Create(typeof(TSrc), SchemaDefinition.Direction.Write);
            Output = outputSchemaDefinition ?? SchemaDefinition.Create(typeof(TDst), SchemaDefinition.Direction.Read);
        }

        internal SchemaDefinition Input { get; }

        internal SchemaDefinition Output { get; }

        private protected override AddedColumn[] AddColumns(DataViewSchema input)
        {
            int[] sources = ObjectWriter.Present(Input, input, ignoreMissing: false).Select(c => input[c.ColumnName].Index).ToArray();
            // The columns of a row share one call of the mapping.
            var results = new ConditionalWeakTable<DataViewRow, Result>();
            return ObjectReader.Schema(Output).Select(c => new AddedColumn(new(c), sources, row =>
            {
                Result result = results.GetValue(row, r => new(r, ObjectWriter.Make<TSrc>(r, Input, ignoreMissing: false), _map));
                return ObjectReader.MakeGetter(Output[c.Index], result.Get);
            })).ToArray();
        }

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            Host.Check(!string.IsNullOrEmpty(_contract), "Empty contract name for a transform: the transform cannot be saved");
            ctx.CheckAtModel();
            ctx.SetVersionInfo(CustomMappingTransformer.GetVersionInfo());
            ctx.SaveString(_contract);
            ctx.SaveString(_map.Method.DeclaringType.Assembly.FullName);
        }

        private sealed class Result(DataViewRow row, Action<TSrc> read, Action<TSrc, TDst> map)
        {
            private readonly TSrc _source = new();
            private TDst _target;
            private long _position = -1;

            public TDst Get()
            {
                if (_target is null || _position != row.Position)
                {
                    _target = new();
                    read(_source);
                    map(_source, _target);
                    _position = row.Position;
                }
                return _target;
            }
        }
    }
}
