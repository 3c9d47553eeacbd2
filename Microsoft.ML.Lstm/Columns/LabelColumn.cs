using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>A column of labels of data to be trained on or validated with.</summary>
/// <param name="Kind">What a label is.</param>
/// <param name="Name">The column.</param>
/// <param name="TargetSize">Numbers of a label, or of a step of it; 0 for classes.</param>
/// <param name="Classes">The number of classes; 0 for numbers.</param>
/// <param name="Values">The key values; null for numbers, and where keys have no values, or values that a file can't hold.</param>
internal sealed record LabelColumn(LabelKind Kind, string Name, int TargetSize, int Classes, KeyValues? Values = null)
{
    /// <summary>Whether numbers are learned, which have units, of the sequence or of each step.</summary>
    public bool IsOfNumbers => Kind is LabelKind.Numbers or LabelKind.NumbersPerStep;

    /// <summary>For a task without labels.</summary>
    public static LabelColumn None { get; } = new(LabelKind.None, "", 0, 0);

    /// <summary>The role of a column of labels.</summary>
    public static ColumnRole RoleOf(LabelKind kind) => kind switch
    {
        LabelKind.Numbers => ColumnRole.RegressionLabel,
        LabelKind.Boolean => ColumnRole.BinaryLabel,
        LabelKind.Key => ColumnRole.ClassLabel,
        LabelKind.NextKey => ColumnRole.Tokens,
        LabelKind.KeySequence or LabelKind.KeySequenceWithGaps => ColumnRole.LabelSequence,
        LabelKind.NumbersPerStep => ColumnRole.StepNumbers,
        LabelKind.TruthsPerStep => ColumnRole.StepTruths,
        _ => ColumnRole.StepLabel,
    };

    /// <summary>The column of labels in training data, with its sizes.</summary>
    /// <param name="context">Throws what is wrong.</param>
    /// <param name="schema">The schema of the training data.</param>
    /// <param name="kind">What a label is.</param>
    /// <param name="name">The column.</param>
    /// <param name="labelsPerStep">How many numbers or truths a step has; null for what the column's dimensions say, or else 1.</param>
    public static LabelColumn FromTrainingData(IExceptionContext context, DataViewSchema schema, LabelKind kind, string name,
        int? labelsPerStep = null)
    {
        DataViewSchema.Column column = RoleOf(kind).Find(context, schema, name);
        if (TokenReader.VocabularyOf(column.Type) is { } classes && classes > TokenReader.MaxVocabulary)
            throw RoleOf(kind).DimensionMismatch(context, column, $"at most {TokenReader.MaxVocabulary} keys");
        if (kind == LabelKind.Numbers)
            return new LabelColumn(kind, name, NumberReader.SizeOf(column.Type), 0);
        if (kind is LabelKind.NumbersPerStep or LabelKind.TruthsPerStep)
            return new LabelColumn(kind, name, labelsPerStep ?? PerStepOf(column.Type) ?? 1, 0);
        if (kind == LabelKind.Boolean)
            return new LabelColumn(kind, name, 0, 2);
        int keys = (int)TokenReader.VocabularyOf(column.Type)!;
        return new LabelColumn(kind, name, 0, keys, KeyValues.Of(column, keys));
    }

    /// <summary>How many values a step has in a column of this type, by its dimensions (T, L); null where they don't say it.</summary>
    public static int? PerStepOf(DataViewType type)
        => type is VectorDataViewType vector ? FeatureColumn.FeaturesPerStepOf(vector.Dimensions) : null;

    /// <summary>Finds the column in data to be read, and checks that it is like the label column of the training data.</summary>
    /// <returns>The column; null where there are no labels.</returns>
    public DataViewSchema.Column? Find(IExceptionContext context, DataViewSchema schema)
    {
        if (Kind == LabelKind.None)
            return null;
        DataViewSchema.Column column = RoleOf(Kind).Find(context, schema, Name);
        LabelColumn found = FromTrainingData(context, schema, Kind, Name, labelsPerStep: TargetSize);
        if (found.Classes != Classes || found.TargetSize != TargetSize)
            throw RoleOf(Kind).DimensionMismatch(context, column, Classes > 0 ? $"{Classes} keys" : $"{TargetSize} values");
        if (!KeyValues.MayBeSame(Values, found.Values))
            throw RoleOf(Kind).DimensionMismatch(context, column,
                $"keys of the same {Classes} values in the same order as those of the training data");
        return column;
    }
}
