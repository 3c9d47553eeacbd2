namespace Microsoft.ML.Data;

/// <summary>The names that ML.NET gives to annotations, and what trainers say of their score columns.</summary>
internal static class AnnotationUtils
{
    public static class Kinds
    {
        public const string SlotNames = "SlotNames";
        public const string KeyValues = "KeyValues";
        public const string ScoreColumnSetId = "ScoreColumnSetId";
        public const string ScoreColumnKind = "ScoreColumnKind";
        public const string ScoreValueKind = "ScoreValueKind";
        public const string IsNormalized = "IsNormalized";
        public const string IsUserVisible = "IsUserVisible";
        public const string TrainingLabelValues = "TrainingLabelValues";
        public const string CategoricalSlotRanges = "CategoricalSlotRanges";
    }

    public static class Const
    {
        public static class ScoreColumnKind
        {
            public const string BinaryClassification = "BinaryClassification";
            public const string MulticlassClassification = "MulticlassClassification";
            public const string Regression = "Regression";
            public const string MultiOutputRegression = "MultiOutputRegression";
            public const string SequenceClassification = "SequenceClassification";
        }

        public static class ScoreValueKind
        {
            public const string Score = "Score";
            public const string PredictedLabel = "PredictedLabel";
            public const string Probability = "Probability";
        }
    }

    public static KeyDataViewType ScoreColumnSetIdType { get; } = new(typeof(uint), int.MaxValue);

    public static VectorDataViewType GetNamesType(int size) => new(TextDataViewType.Instance, size);

    /// <summary>The largest value that any column has in a key annotation such as ScoreColumnSetId, and one that has it (-1 if none).</summary>
    public static uint GetMaxAnnotationKind(this DataViewSchema schema, out int colMax, string annotationKind, Func<DataViewSchema, int, bool> filterFunc = null)
    {
        uint max = 0;
        colMax = -1;
        foreach (DataViewSchema.Column column in schema)
        {
            if (column.Annotations.Schema.GetColumnOrNull(annotationKind)?.Type is not KeyDataViewType { RawType: var raw } || raw != typeof(uint))
                continue;
            if (filterFunc is not null && !filterFunc(schema, column.Index))
                continue;
            uint value = 0;
            column.Annotations.GetValue(annotationKind, ref value);
            if (max < value)
                (max, colMax) = (value, column.Index);
        }
        return max;
    }

    public static bool HasSlotNames(this DataViewSchema.Column column, int vectorSize) =>
        vectorSize > 0 && column.Annotations.Schema.GetColumnOrNull(Kinds.SlotNames)?.Type is VectorDataViewType { ItemType: TextDataViewType } type
        && type.Size == vectorSize;

    public static bool HasSlotNames(this SchemaShape.Column col) =>
        col.Annotations.TryFindColumn(Kinds.SlotNames, out SchemaShape.Column names) && names.Kind == SchemaShape.Column.VectorKind.Vector
        && names.ItemType is TextDataViewType;

    /// <summary>What a trainer's score column is annotated with.</summary>
    public static IEnumerable<SchemaShape.Column> GetTrainerOutputAnnotation(bool isNormalized = false)
    {
        yield return new(Kinds.ScoreColumnSetId, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, true);
        yield return new(Kinds.ScoreColumnKind, SchemaShape.Column.VectorKind.Scalar, TextDataViewType.Instance, false);
        yield return new(Kinds.ScoreValueKind, SchemaShape.Column.VectorKind.Scalar, TextDataViewType.Instance, false);
        if (isNormalized)
            yield return new(Kinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, false);
    }

    /// <summary>What the score column of a multiclass trainer is annotated with: the values of the label's keys, if it has any, come first.</summary>
    public static IEnumerable<SchemaShape.Column> AnnotationsForMulticlassScoreColumn(SchemaShape.Column? labelColumn = null)
    {
        if (labelColumn is { IsKey: true } label && label.Annotations.TryFindColumn(Kinds.KeyValues, out SchemaShape.Column values)
            && values.Kind == SchemaShape.Column.VectorKind.Vector)
        {
            if (values.ItemType is TextDataViewType)
                yield return new(Kinds.SlotNames, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false);
            yield return new(Kinds.TrainingLabelValues, SchemaShape.Column.VectorKind.Vector, values.ItemType, false);
        }
        foreach (SchemaShape.Column column in GetTrainerOutputAnnotation())
            yield return column;
    }
}

internal static class AnnotationBuilderExtensions
{
    public static void AddSlotNames(this DataViewSchema.Annotations.Builder builder, int size, ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter) =>
        builder.Add(AnnotationUtils.Kinds.SlotNames, AnnotationUtils.GetNamesType(size), getter);

    public static void AddKeyValues<TValue>(this DataViewSchema.Annotations.Builder builder, int size, PrimitiveDataViewType valueType,
        ValueGetter<VBuffer<TValue>> getter) =>
        builder.Add(AnnotationUtils.Kinds.KeyValues, new VectorDataViewType(valueType, size), getter);
}
