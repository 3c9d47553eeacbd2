using Microsoft.ML.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Data;

/// <summary>Where a network finds its sequences in a row, and the sizes it expects there.</summary>
/// <param name="Features">The columns of sequences; what they have for a step is joined, numbers first.</param>
/// <param name="StaticFeatureColumnName">The column of static features; null for none.</param>
/// <param name="StaticSize">S: static features; 0 for none.</param>
internal sealed record SequenceInput(IReadOnlyList<FeatureColumn> Features, string? StaticFeatureColumnName, int StaticSize)
{
    /// <summary>F: numbers of a step.</summary>
    public int FeatureSize => Features.Sum(column => column.FeaturesPerStep);

    /// <summary>For each column of keys, how many keys there are.</summary>
    public int[] Vocabularies => [.. Features.Where(column => column.IsTokens).Select(column => column.Vocabulary)];

    /// <summary>Takes the sizes from the data to be trained on.</summary>
    public static SequenceInput FromTrainingData(IExceptionContext context, DataViewSchema schema, IEnumerable<string> featureColumns, int? featuresPerStep, string? staticColumn)
    {
        FeatureColumn[] features = [.. featureColumns.Select(name => FromTrainingData(context, ColumnRole.Feature.Find(context, schema, name), featuresPerStep))];
        DataViewSchema.Column? statics = staticColumn is null ? null : ColumnRole.StaticFeature.Find(context, schema, staticColumn);
        var input = new SequenceInput(features, staticColumn, statics is null ? 0 : NumberReader.SizeOf(statics.Value.Type));
        input.Find(context, schema);
        return input;
    }

    /// <summary>Finds the columns in data to be read, and checks that they are what the network expects.</summary>
    /// <returns>The feature columns and, if there is one, the static feature column.</returns>
    public DataViewSchema.Column[] Find(IExceptionContext context, DataViewSchema schema)
    {
        DataViewSchema.Column[] features = [.. Features.Select(feature => Find(context, schema, feature))];
        if (StaticFeatureColumnName is null)
            return features;

        DataViewSchema.Column statics = ColumnRole.StaticFeature.Find(context, schema, StaticFeatureColumnName);
        if (NumberReader.SizeOf(statics.Type) != StaticSize)
            throw ColumnRole.StaticFeature.DimensionMismatch(context, statics, $"{StaticSize} values");
        return [.. features, statics];
    }

    private static FeatureColumn FromTrainingData(IExceptionContext context, DataViewSchema.Column column, int? featuresPerStep)
    {
        int[] dimensions = [.. ((VectorDataViewType)column.Type).Dimensions];
        if (TokenReader.VocabularyOf(column.Type) is not { } vocabulary)
            return new FeatureColumn(column.Name, dimensions, featuresPerStep ?? DeclaredFeaturesPerStep(column) ?? 1, Vocabulary: 0);
        if (vocabulary > TokenReader.MaxVocabulary)
            throw ColumnRole.Feature.DimensionMismatch(context, column, $"at most {TokenReader.MaxVocabulary} keys");
        return new FeatureColumn(column.Name, dimensions, FeaturesPerStep: 0, (int)vocabulary);
    }

    private static DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, FeatureColumn expected)
    {
        DataViewSchema.Column column = ColumnRole.Feature.Find(context, schema, expected.Name);
        ulong? vocabulary = TokenReader.VocabularyOf(column.Type);
        if (vocabulary is null == expected.IsTokens || (expected.IsTokens && vocabulary != (ulong)expected.Vocabulary))
            throw ColumnRole.Feature.DimensionMismatch(context, column, expected.IsTokens ? $"a vector of keys from a vocabulary of {expected.Vocabulary}" : "a vector of Single");
        if (expected.IsTokens && ((VectorDataViewType)column.Type).Dimensions.Length > 1)
            throw ColumnRole.Feature.DimensionMismatch(context, column, "a vector of keys with one dimension, one key a step");
        if (expected.IsTokens)
            return column;
        if (DeclaredFeaturesPerStep(column) is { } declared && declared != expected.FeaturesPerStep)
            throw ColumnRole.Feature.DimensionMismatch(context, column, $"steps of {expected.FeaturesPerStep} features");
        if (NumberReader.SizeOf(column.Type) % expected.FeaturesPerStep != 0)
            throw ColumnRole.Feature.DimensionMismatch(context, column, $"Vector<Single> with a multiple of {expected.FeaturesPerStep} values, the features of a step");
        return column;
    }

    // Steps come first among the dimensions; all behind them are features of a step.
    private static int? DeclaredFeaturesPerStep(DataViewSchema.Column features)
    {
        var dimensions = ((VectorDataViewType)features.Type).Dimensions;
        int size = dimensions.Skip(1).Aggregate(1, (product, dimension) => checked(product * dimension));
        return dimensions.Length > 1 && size > 0 ? size : null;
    }
}
