using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

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
        return new(_host, InputOutputColumnPair.ConvertToValueTuples(_columns),
            sources.Select((source, i) => new NormalizingTransformer.Function(source.Type, builders[i].Build(_makeAffine))).ToArray());
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) =>
        inputSchema.WithMade(_host, InputOutputColumnPair.ConvertToValueTuples(_columns), (source, output) =>
        {
            if (source.Kind == SchemaShape.Column.VectorKind.VariableVector)
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", source.Name, "known-size vector or scalar", source.GetTypeString());
            if (source.IsKey || source.ItemType != NumberDataViewType.Single && source.ItemType != NumberDataViewType.Double)
            {
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", source.Name, "vector or scalar of Single or Double",
                    source.GetTypeString());
            }
            var isNormalized = new SchemaShape.Column(AnnotationUtils.Kinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar,
                BooleanDataViewType.Instance, false);
            return new(output, source.Kind, source.ItemType, false, new([isNormalized, .. source.Annotations.Keep(AnnotationUtils.Kinds.SlotNames)]));
        });

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
