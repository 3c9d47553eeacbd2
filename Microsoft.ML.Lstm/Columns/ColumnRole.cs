using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// What a component uses a column for, and which columns it accepts. A refused column is reported in ML.NET's own words: the role, the
/// column, the type expected and the type found.
/// </summary>
internal sealed class ColumnRole
{
    private readonly string _name;
    private readonly string _expected;
    private readonly Func<SchemaShape.Column, bool> _accepts;

    private ColumnRole(string name, string expected, Func<SchemaShape.Column, bool> accepts)
    {
        _name = name;
        _expected = expected;
        _accepts = accepts;
    }

    public static ColumnRole Feature { get; } = new("feature", "a vector of Single or of Key", column =>
        (IsSingle(column) || column.IsKey) && column.Kind != SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole NumericFeature { get; } = new("feature", "a vector of Single", column =>
        IsSingle(column) && column.Kind != SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole Tokens { get; } = new("feature", "a vector of Key", column =>
        column.IsKey && column.Kind != SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole StaticFeature { get; } = new("static feature", "Single or Vector<Single>", IsSingleOrVector);

    public static ColumnRole Characters { get; } = new("character", "a vector of Text, one for each step", column =>
        !column.IsKey && column.ItemType.Equals(TextDataViewType.Instance) && column.Kind != SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole SubwordText { get; } = new("text", "Text", column =>
        column.ItemType.Equals(TextDataViewType.Instance) && column.Kind == SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole Subwords { get; } = new("subword", "Key<UInt32>, or a vector of it", column =>
        column.IsKey && column.ItemType.Equals(NumberDataViewType.UInt32));

    public static ColumnRole Input { get; } = new("input", "Single or Vector<Single>", IsSingleOrVector);

    public static ColumnRole ForecastTarget { get; } = new("target", "Single", IsScalarSingle);

    public static ColumnRole Covariate { get; } = new("covariate", "Single or Vector<Single>", IsSingleOrVector);

    public static ColumnRole Time { get; } = new("time",
        "DateTime or DateTimeOffset (ConvertType with DataKind.DateTime makes one of a text, a CustomMapping of a number)", column =>
        !column.IsKey && column.Kind == SchemaShape.Column.VectorKind.Scalar
        && (column.ItemType.Equals(DateTimeDataViewType.Instance) || column.ItemType.Equals(DateTimeOffsetDataViewType.Instance)));

    public static ColumnRole Series { get; } = new("series", "Text or Key (MapValueToKey makes one of other values)", column =>
        column.Kind == SchemaShape.Column.VectorKind.Scalar && (column.IsKey || column.ItemType.Equals(TextDataViewType.Instance)));

    public static ColumnRole LabelSource { get; } = new("label source", "Single or Vector<Single>", IsSingleOrVector);

    public static ColumnRole RegressionLabel { get; } = new("label", "Single or Vector<Single>", IsSingleOrVector);

    public static ColumnRole RegressionScore { get; } = new("score", "Single or Vector<Single>", IsSingleOrVector);

    public static ColumnRole BinaryLabel { get; } = new("label", "Boolean", column =>
        column.ItemType.Equals(BooleanDataViewType.Instance) && column.Kind == SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole ClassLabel { get; } = new("label", "Key<UInt32>", column =>
        column.IsKey && column.ItemType.Equals(NumberDataViewType.UInt32) && column.Kind == SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole StepLabel { get; } = new("label", "a vector of Key, one for each step", column =>
        column.IsKey && column.Kind != SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole LabelSequence { get; } = new("label", "a vector of Key, of any length", StepLabel._accepts);

    public static ColumnRole StepNumbers { get; } = new("label", "a vector of Single, with as many values for each step",
        NumericFeature._accepts);

    public static ColumnRole StepScores { get; } = new("score", StepNumbers._expected, NumericFeature._accepts);

    public static ColumnRole StepTruths { get; } = new("label", "a vector of Boolean or of Single, with as many values for each step",
        column => NumericFeature._accepts(column) || IsVectorOfBoolean(column));

    public static ColumnRole PredictedStepTruths { get; } = new("predicted label", "a vector of Boolean, with as many values for each step",
        IsVectorOfBoolean);

    public static ColumnRole EvaluatedStepLabel { get; } = new("label", "a vector of Key or of Text, one for each step", column =>
        (column.IsKey || column.ItemType.Equals(TextDataViewType.Instance)) && column.Kind != SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole PredictedStepLabel { get; }
        = new("predicted label", EvaluatedStepLabel._expected, EvaluatedStepLabel._accepts);

    public static ColumnRole EvaluatedLabelSequence { get; }
        = new("label", "a vector of Key or of Text, of any length", EvaluatedStepLabel._accepts);

    public static ColumnRole PredictedLabelSequence { get; }
        = new("predicted label", EvaluatedLabelSequence._expected, EvaluatedStepLabel._accepts);

    public static ColumnRole PredictedWords { get; } = new("predicted label", "a vector of Key<UInt32>", column =>
        StepLabel._accepts(column) && column.ItemType.Equals(NumberDataViewType.UInt32));

    public static ColumnRole SourceWeights { get; } = new("attention", NumericFeature._expected, NumericFeature._accepts);

    public static ColumnRole SourceWords { get; } = new("source", Characters._expected, Characters._accepts);

    public static ColumnRole References { get; } = new("reference", "Text or a vector of Text", column =>
        !column.IsKey && column.ItemType.Equals(TextDataViewType.Instance));

    public static ColumnRole Translation { get; } = new("translation", "Text", column =>
        References._accepts(column) && column.Kind == SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole Weight { get; } = new("weight", "Single", IsScalarSingle);

    public static ColumnRole LogLikelihood { get; } = new("log-likelihood", "Single", IsScalarSingle);

    public static ColumnRole NumberOfTokens { get; } = new("number of tokens", "UInt32", column =>
        !column.IsKey && column.ItemType.Equals(NumberDataViewType.UInt32) && column.Kind == SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole NextItem { get; } = new("label", "Key or Text", column =>
        (column.IsKey || column.ItemType.Equals(TextDataViewType.Instance)) && column.Kind == SchemaShape.Column.VectorKind.Scalar);

    public static ColumnRole PredictedItems { get; } = new("predicted label", "a vector of Key of known size", column =>
        column.IsKey && column.Kind == SchemaShape.Column.VectorKind.Vector);

    public static ColumnRole Forecast { get; } = new("forecast", "Vector<Single> of known size, or Single", IsSingleOrVector);

    public static ColumnRole ForecastLowerBound { get; } = new("lower bound", Forecast._expected, IsSingleOrVector);

    public static ColumnRole ForecastUpperBound { get; } = new("upper bound", Forecast._expected, IsSingleOrVector);

    /// <summary>Finds the column called <paramref name="column"/> in a promised schema, or throws.</summary>
    public SchemaShape.Column Find(IExceptionContext context, SchemaShape schema, string column)
    {
        if (!schema.TryFindColumn(column, out SchemaShape.Column found))
            throw context.ExceptSchemaMismatch("inputSchema", _name, column);
        if (!_accepts(found))
            throw context.ExceptSchemaMismatch("inputSchema", _name, column, _expected, found.GetTypeString());
        return found;
    }

    /// <summary>Finds the column called <paramref name="column"/>, or throws.</summary>
    public DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, string column)
    {
        if (schema.GetColumnOrNull(column) is not { } found)
            throw context.ExceptSchemaMismatch("inputSchema", _name, column);
        SchemaShape.GetColumnTypeShape(found.Type, out SchemaShape.Column.VectorKind kind, out DataViewType itemType, out bool isKey);
        var shape = new SchemaShape.Column(column, kind, itemType, isKey);
        if (!_accepts(shape))
            throw context.ExceptSchemaMismatch("inputSchema", _name, column, _expected, shape.GetTypeString());
        return found;
    }

    /// <summary>The error for a column whose type would do but whose dimensions don't.</summary>
    public Exception DimensionMismatch(IExceptionContext context, DataViewSchema.Column column, string expected)
        => context.ExceptSchemaMismatch("inputSchema", _name, column.Name, expected, column.Type.ToString());

    private static bool IsSingle(SchemaShape.Column column) => !column.IsKey && column.ItemType.Equals(NumberDataViewType.Single);

    private static bool IsVectorOfBoolean(SchemaShape.Column column) => !column.IsKey
        && column.ItemType.Equals(BooleanDataViewType.Instance) && column.Kind != SchemaShape.Column.VectorKind.Scalar;

    private static bool IsScalarSingle(SchemaShape.Column column)
        => IsSingle(column) && column.Kind == SchemaShape.Column.VectorKind.Scalar;

    private static bool IsSingleOrVector(SchemaShape.Column column)
        => IsSingle(column) && column.Kind != SchemaShape.Column.VectorKind.VariableVector;
}
