using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Binary;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The schema that an estimator promises before there is any data.</summary>
internal static class SchemaShapes
{
    /// <summary>What an estimator would be told of data with this schema; how the tests compare promise and delivery.</summary>
    public static SchemaShape ToShape(this DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>A column of <see cref="float"/>, or a known-size vector of it, with the annotations of scores if it is one.</summary>
    public static SchemaShape.Column Single(string name, bool isVector, bool isScore)
        => new(name, isVector ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.Single,
            isKey: false, isScore ? new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation()) : null);

    /// <summary>A column of known-size vectors whose slots have names.</summary>
    public static SchemaShape.Column VectorWithSlotNames(string name, DataViewType itemType)
        => new(name, SchemaShape.Column.VectorKind.Vector, itemType, isKey: false,
            new SchemaShape([new SchemaShape.Column(ScoreAnnotations.SlotNames, SchemaShape.Column.VectorKind.Vector,
                TextDataViewType.Instance, isKey: false)]));

    /// <summary>
    /// A column of labels with the values of another one and, if that is a vector whose slots have names, with its slot names.
    /// </summary>
    public static SchemaShape.Column LabelLike(SchemaShape.Column source, string name)
    {
        bool isVector = source.Kind == SchemaShape.Column.VectorKind.Vector;
        return isVector && source.Annotations.TryFindColumn(ScoreAnnotations.SlotNames, out SchemaShape.Column slots)
            && slots.ItemType.Equals(TextDataViewType.Instance)
            ? VectorWithSlotNames(name, NumberDataViewType.Single)
            : Single(name, isVector, isScore: false);
    }

    /// <summary>A column of <see cref="float"/> vectors of any length.</summary>
    public static SchemaShape.Column VariableVector(string name)
        => new(name, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.Single, isKey: false);

    /// <summary>The columns of an anomaly detection: the predicted label and the score.</summary>
    public static IEnumerable<SchemaShape.Column> AnomalyDetection() =>
    [
        new(PredictedLabel.ColumnName, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, isKey: false,
            new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation())),
        Single(ScoreColumn.ColumnName, isVector: false, isScore: true),
    ];

    /// <summary>The columns of a binary classification: the predicted label, the score and the probability.</summary>
    public static IEnumerable<SchemaShape.Column> BinaryClassification() =>
    [
        .. AnomalyDetection(),
        new(ProbabilityColumn.ColumnName, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.Single, isKey: false,
            new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation(isNormalized: true))),
    ];

    /// <summary>
    /// The columns of a multiclass classification: the predicted label and the score, with what is known of the label's values.
    /// </summary>
    public static IEnumerable<SchemaShape.Column> MulticlassClassification(SchemaShape.Column label) =>
    [
        new(PredictedLabel.ColumnName, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, isKey: true,
            new SchemaShape([.. KeyValuesOf(label), .. AnnotationUtils.GetTrainerOutputAnnotation()])),
        new(ScoreColumn.ColumnName, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false,
            new SchemaShape(ScoreAnnotationsOf(label))),
    ];

    // ML.NET's own promise forgets that values may be keys.
    private static IEnumerable<SchemaShape.Column> ScoreAnnotationsOf(SchemaShape.Column label)
    {
        SchemaShape.Column[] values = [.. KeyValuesOf(label)];
        return AnnotationUtils.AnnotationsForMulticlassScoreColumn(values.Length > 0 ? label : null).Select(annotation =>
            annotation.Name == AnnotationUtils.Kinds.TrainingLabelValues
                ? new SchemaShape.Column(annotation.Name, annotation.Kind, annotation.ItemType, values[0].IsKey)
                : annotation);
    }

    /// <summary>The columns of a sequence labelling: the predicted labels and the scores, a vector of any length each.</summary>
    public static IEnumerable<SchemaShape.Column> SequenceLabeling(SchemaShape.Column label) =>
    [
        new(PredictedLabel.ColumnName, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.UInt32, isKey: true,
            new SchemaShape([.. KeyValuesOf(label), .. AnnotationUtils.GetTrainerOutputAnnotation()])),
        new(ScoreColumn.ColumnName, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.Single, isKey: false,
            new SchemaShape(AnnotationUtils.GetTrainerOutputAnnotation())),
    ];

    // Those that a model can hold.
    private static IEnumerable<SchemaShape.Column> KeyValuesOf(SchemaShape.Column label)
        => label.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column values)
            && (values.IsKey || LabelValues.CanHold(values.ItemType)) ? [values] : [];

    /// <summary><paramref name="schema"/> with <paramref name="columns"/> behind it, or in the place of those with the same name.</summary>
    public static SchemaShape With(this SchemaShape schema, IEnumerable<SchemaShape.Column> columns)
    {
        var all = new OrderedDictionary<string, SchemaShape.Column>();
        foreach (SchemaShape.Column column in schema.Concat(columns))
            all[column.Name] = column;
        return new SchemaShape(all.Values);
    }
}
