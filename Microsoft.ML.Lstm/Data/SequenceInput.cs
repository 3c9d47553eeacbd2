using Microsoft.ML.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Data;

/// <summary>Where a network finds its sequences in a row, and the sizes it expects there.</summary>
/// <param name="FeatureColumnName">The column of sequences.</param>
/// <param name="FeaturesPerStep">F: features of a step.</param>
/// <param name="StaticFeatureColumnName">The column of static features; null for none.</param>
/// <param name="StaticSize">S: static features; 0 for none.</param>
internal sealed record SequenceInput(string FeatureColumnName, int FeaturesPerStep, string? StaticFeatureColumnName, int StaticSize)
{
    /// <summary>Takes the sizes from the data to be trained on.</summary>
    public static SequenceInput FromTrainingData(IExceptionContext context, DataViewSchema schema, string featureColumn, int? featuresPerStep, string? staticColumn)
    {
        DataViewSchema.Column features = ColumnRole.Feature.Find(context, schema, featureColumn);
        DataViewSchema.Column? statics = staticColumn is null ? null : ColumnRole.StaticFeature.Find(context, schema, staticColumn);
        var input = new SequenceInput(featureColumn, featuresPerStep ?? DeclaredFeaturesPerStep(features) ?? 1,
            staticColumn, statics is null ? 0 : NumberReader.SizeOf(statics.Value.Type));
        input.Find(context, schema);
        return input;
    }

    /// <summary>Finds the columns in data to be read, and checks that they are what the network expects.</summary>
    /// <returns>The feature column and, if there is one, the static feature column.</returns>
    public DataViewSchema.Column[] Find(IExceptionContext context, DataViewSchema schema)
    {
        DataViewSchema.Column features = ColumnRole.Feature.Find(context, schema, FeatureColumnName);
        if (DeclaredFeaturesPerStep(features) is { } declared && declared != FeaturesPerStep)
            throw ColumnRole.Feature.DimensionMismatch(context, features, $"steps of {FeaturesPerStep} features");
        if (NumberReader.SizeOf(features.Type) % FeaturesPerStep != 0)
            throw ColumnRole.Feature.DimensionMismatch(context, features, $"Vector<Single> with a multiple of {FeaturesPerStep} values, the features of a step");
        if (StaticFeatureColumnName is null)
            return [features];

        DataViewSchema.Column statics = ColumnRole.StaticFeature.Find(context, schema, StaticFeatureColumnName);
        if (NumberReader.SizeOf(statics.Type) != StaticSize)
            throw ColumnRole.StaticFeature.DimensionMismatch(context, statics, $"{StaticSize} values");
        return [features, statics];
    }

    // Steps come first among the dimensions; all behind them are features of a step.
    private static int? DeclaredFeaturesPerStep(DataViewSchema.Column features)
    {
        var dimensions = ((VectorDataViewType)features.Type).Dimensions;
        int size = dimensions.Skip(1).Aggregate(1, (product, dimension) => checked(product * dimension));
        return dimensions.Length > 1 && size > 0 ? size : null;
    }
}
