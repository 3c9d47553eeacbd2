using Microsoft.ML.Data;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The schema that an estimator promises before there is any data.</summary>
internal static class SchemaShapes
{
    /// <summary>A column of <see cref="float"/>, or of vectors of it.</summary>
    public static SchemaShape.Column Numbers(string name, VectorKind kind) => new(name, kind, NumberDataViewType.Single, isKey: false);

    /// <summary>A column of known-size vectors whose slots have names.</summary>
    public static SchemaShape.Column VectorWithSlotNames(string name, DataViewType itemType,
        IEnumerable<SchemaShape.Column>? otherAnnotations = null)
        => new(name, VectorKind.Vector, itemType, isKey: false, new SchemaShape(
        [
            new SchemaShape.Column(AnnotationUtils.Kinds.SlotNames, VectorKind.Vector, TextDataViewType.Instance, isKey: false),
            .. otherAnnotations ?? [],
        ]));

    /// <summary>A column that comes with a score and has the annotations of such columns.</summary>
    public static SchemaShape.Column OfScoreSet(string name, DataViewType itemType, VectorKind kind = VectorKind.Scalar,
        bool isNormalized = false)
        => new(name, kind, itemType, isKey: false, new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation(isNormalized)));

    /// <summary>
    /// A column of predicted labels that are keys, with the key values of <paramref name="label"/> as far as a model keeps them.
    /// </summary>
    public static SchemaShape.Column PredictedKey(VectorKind kind, SchemaShape.Column label)
        => new(DefaultColumnNames.PredictedLabel, kind, NumberDataViewType.UInt32, isKey: true, new SchemaShape(
            [.. KeyValues.ShapeOf(label) is { } values ? new[] { values } : [], .. AnnotationUtils.GetTrainerOutputAnnotation()]));

    /// <summary>The schema with <paramref name="columns"/> behind its own columns, or in place of columns with the same names.</summary>
    public static SchemaShape With(this SchemaShape schema, IEnumerable<SchemaShape.Column> columns)
    {
        var all = new OrderedDictionary<string, SchemaShape.Column>();
        foreach (SchemaShape.Column column in schema.Concat(columns))
            all[column.Name] = column;
        return new SchemaShape(all.Values);
    }
}
