using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML
{
    public sealed class InputOutputColumnPair(string outputColumnName, string inputColumnName = null)
    {
        public string InputColumnName { get; } = inputColumnName ?? outputColumnName;

        public string OutputColumnName { get; } = Contracts.CheckNonEmpty(outputColumnName, "name");
    }
}

namespace Microsoft.ML.Transforms
{
    /// <summary>Finds from data how to bring columns into a common range.</summary>
    public sealed class NormalizingEstimator : IEstimator<NormalizingTransformer>
    {
        private readonly IHost _host;
        private readonly Func<AffineStatistics, (double Range, double Offset)> _makeAffine;
        private readonly long _maximumExampleCount;
        private readonly InputOutputColumnPair[] _columns;

        internal NormalizingEstimator(IHostEnvironment env, Func<AffineStatistics, (double, double)> makeAffine, long maximumExampleCount,
            InputOutputColumnPair[] columns)
        {
            _host = env.Register(nameof(NormalizingEstimator));
            _host.CheckValue(columns, nameof(columns));
            _host.CheckUserArg(maximumExampleCount > 1, nameof(maximumExampleCount), "Must be greater than 1");
            _makeAffine = makeAffine;
            _maximumExampleCount = maximumExampleCount;
            _columns = columns;
        }

        public NormalizingTransformer Fit(IDataView input)
        {
            _host.CheckValue(input, nameof(input));
            DataViewSchema.Column[] sources = Array.ConvertAll(_columns, c => Find(input.Schema, c.InputColumnName));
            using DataViewRowCursor cursor = input.GetRowCursor(sources);
            AffineBuilder[] builders = Array.ConvertAll(sources, source => AffineBuilder.Create(cursor, source));
            for (long count = 0; count < _maximumExampleCount && cursor.MoveNext(); count++)
            {
                if (count % 1000 == 0)
                    _host.CheckAlive();
                foreach (AffineBuilder builder in builders)
                    builder.AddRow();
            }
            return new(_host, _columns.Select((c, i) => new NormalizingTransformer.Column(c.OutputColumnName, c.InputColumnName, sources[i].Type,
                builders[i].Build(_makeAffine))).ToArray());
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            _host.CheckValue(inputSchema, nameof(inputSchema));
            Dictionary<string, SchemaShape.Column> result = inputSchema.ToDictionary(c => c.Name);
            foreach (InputOutputColumnPair pair in _columns)
            {
                if (!inputSchema.TryFindColumn(pair.InputColumnName, out SchemaShape.Column source))
                    throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", pair.InputColumnName);
                if (source.Kind == SchemaShape.Column.VectorKind.VariableVector)
                    throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", pair.InputColumnName, "known-size vector or scalar", source.GetTypeString());
                if (source.IsKey || source.ItemType != NumberDataViewType.Single && source.ItemType != NumberDataViewType.Double)
                {
                    throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", pair.InputColumnName, "vector or scalar of Single or Double",
                        source.GetTypeString());
                }
                var annotations = new List<SchemaShape.Column>
                {
                    new(AnnotationUtils.Kinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, false),
                };
                if (source.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out SchemaShape.Column slotNames))
                    annotations.Add(slotNames);
                result[pair.OutputColumnName] = new(pair.OutputColumnName, source.Kind, source.ItemType, false, new(annotations));
            }
            return new(result.Values);
        }

        private DataViewSchema.Column Find(DataViewSchema schema, string name)
        {
            DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw _host.ExceptSchemaMismatch("data", "input", name);
            DataViewType item = column.Type.GetItemType();
            if (item != NumberDataViewType.Single && item != NumberDataViewType.Double || column.Type is VectorDataViewType { IsKnownSize: false })
            {
                throw _host.ExceptParam("srcType",
                    $"Wrong column type for input column. Expected: Single, Double, Vector of Single or Vector of Double. Got: {column.Type}.");
            }
            return column;
        }
    }
}
