using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>The schema that an estimator promises before there is any data.</summary>
internal static class SchemaShapes
{
    /// <summary>What an estimator would be told of data with this schema; how the tests compare promise and delivery.</summary>
    public static SchemaShape ToShape(this DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>A column of <see cref="float"/>, or a known-size vector of it, with the annotations of scores if it is one.</summary>
    public static SchemaShape.Column Single(string name, bool isVector, bool isScore)
        => new(name, isVector ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.Single,
            isKey: false, isScore ? new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation()) : null);

    /// <summary><paramref name="schema"/> with <paramref name="columns"/> behind it, or in the place of those with the same name.</summary>
    public static SchemaShape With(this SchemaShape schema, IEnumerable<SchemaShape.Column> columns)
    {
        var all = new OrderedDictionary<string, SchemaShape.Column>();
        foreach (SchemaShape.Column column in schema.Concat(columns))
            all[column.Name] = column;
        return new SchemaShape(all.Values);
    }
}
