using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Finds the values that a column has, which become keys.</summary>
public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    private readonly IHost _host;
    private readonly (string Output, string Input)[] _columns;
    private readonly int _maximumNumberOfKeys;
    private readonly KeyOrdinality _ordinality;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator(IHostEnvironment env, (string Output, string Input)[] columns, int maximumNumberOfKeys, KeyOrdinality ordinality,
        IDataView keyData)
    {
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        _columns = columns;
        _maximumNumberOfKeys = maximumNumberOfKeys;
        _ordinality = ordinality;
        _keyData = keyData;
        if (keyData is not null && keyData.Schema.Count(c => !c.IsHidden) is not 1 and var count)
        {
            throw _host.ExceptParam(nameof(keyData),
                $"If specified, this data view should contain only a single column containing the terms to map, but this had {count} columns.");
        }
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        _host.CheckUserArg(_keyData is not null || _maximumNumberOfKeys > 0, "MaxNumTerms", "Must be positive");
        DataViewSchema.Column[] sources = Array.ConvertAll(_columns, c => Find(input.Schema, c.Input));
        TermMap[] maps = _keyData is null ? Train(input, sources, _maximumNumberOfKeys) : TrainFromKeyData(sources);
        return new(_host, _columns, maps);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema.WithMade(_host, _columns, (source, output) =>
    {
        CheckType(source.ItemType, source.Name, source.GetTypeString());
        SchemaShape.Column keyValues = source.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column own) && source.IsKey
            ? own
            : new(AnnotationUtils.Kinds.KeyValues, SchemaShape.Column.VectorKind.Vector, source.ItemType, source.IsKey);
        return new(output, source.Kind, NumberDataViewType.UInt32, true, new([.. source.Annotations.Keep(AnnotationUtils.Kinds.SlotNames), keyValues]));
    });

    private TermMap[] Train(IDataView data, DataViewSchema.Column[] sources, int maximum)
    {
        using DataViewRowCursor cursor = data.GetRowCursor(sources);
        TermCollector[] collectors = Array.ConvertAll(sources, source => TermCollector.Create(cursor, source, maximum));
        while (cursor.MoveNext() && !Array.TrueForAll(collectors, c => c.IsFull))
        {
            _host.CheckAlive();
            foreach (TermCollector collector in collectors)
                collector.AddRow();
        }
        return Array.ConvertAll(collectors, c => c.MakeMap(_ordinality));
    }

    /// <summary>All columns share the terms that the user gave.</summary>
    private TermMap[] TrainFromKeyData(DataViewSchema.Column[] sources)
    {
        DataViewSchema.Column terms = _keyData.Schema.Single(c => !c.IsHidden);
        foreach (DataViewSchema.Column source in sources)
        {
            if (!source.Type.GetItemType().Equals(terms.Type.GetItemType()))
                throw _host.ExceptParam("keyData", $"Input data's column must be of type '{source.Type.GetItemType()}' but was '{terms.Type}'");
        }
        return Array.ConvertAll(sources, _ => Train(_keyData, [terms], int.MaxValue)[0]);
    }

    private DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw _host.ExceptSchemaMismatch("inputSchema", "input", name);
        CheckType(column.Type.GetItemType(), name, column.Type.ToString());
        return column;
    }

    private void CheckType(DataViewType itemType, string name, string actual)
    {
        if (itemType is RowIdDataViewType)
            throw _host.ExceptSchemaMismatch("inputSchema", "input", name, "standard type or a vector of standard type", actual);
    }

    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    internal static class Defaults
    {
        public const int MaximumNumberOfKeys = 1000000;
        public const KeyOrdinality Ordinality = KeyOrdinality.ByOccurrence;
    }
}
