using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Where a network finds its sequences in a row, and the sizes it expects there.</summary>
/// <param name="Features">The columns of sequences; their values for a step are joined, numbers first.</param>
/// <param name="StaticFeatureColumnName">The column of static features; null for none.</param>
/// <param name="StaticSize">S: static features; 0 for none.</param>
/// <param name="CharacterColumnName">The column of words, one for each step, that are read by their characters; null for none.</param>
internal sealed record SequenceInput(IReadOnlyList<FeatureColumn> Features, string? StaticFeatureColumnName, int StaticSize,
    string? CharacterColumnName = null)
{
    /// <summary>F: numbers of a step.</summary>
    public int FeatureSize { get; } = Features.Sum(column => column.FeaturesPerStep);

    /// <summary>The number of keys of each column of keys.</summary>
    public int[] Vocabularies => [.. Features.Where(column => column.IsTokens).Select(column => column.Vocabulary)];

    /// <summary>Whole numbers of a step: its keys, and the number of the word that is read by its characters.</summary>
    public int TokenColumns { get; } = Features.Count(column => column.IsTokens) + (CharacterColumnName is null ? 0 : 1);

    /// <summary>The names of the columns in the order in which a network reads them.</summary>
    public string Names => string.Join(", ", Features.OrderBy(column => column.IsTokens).Select(column => column.Name)
        .Append(StaticFeatureColumnName).Append(CharacterColumnName).OfType<string>().Select(name => $"'{name}'"));

    /// <summary>The columns in training data, with their sizes.</summary>
    public static SequenceInput FromTrainingData(IExceptionContext context, DataViewSchema schema, IEnumerable<string> featureColumns,
        int? featuresPerStep, string? staticColumn, string? characterColumn)
    {
        FeatureColumn[] features = [.. featureColumns.Select(name =>
            FromTrainingData(context, ColumnRole.Feature.Find(context, schema, name), featuresPerStep))];
        DataViewSchema.Column? statics = staticColumn is null ? null : ColumnRole.StaticFeature.Find(context, schema, staticColumn);
        var input = new SequenceInput(features, staticColumn, statics is null ? 0 : NumberReader.SizeOf(statics.Value.Type),
            characterColumn);
        input.Find(context, schema);
        return input;
    }

    /// <summary>Takes the columns of data to be scored by a network of known sizes.</summary>
    /// <param name="context">Where errors are reported.</param>
    /// <param name="schema">The data's columns.</param>
    /// <param name="featureColumns">The columns of sequences.</param>
    /// <param name="featureSizes">The numbers of a step in each column of numbers, or in all of them together.</param>
    /// <param name="vocabularies">For each column of keys, how many keys there are.</param>
    /// <param name="staticColumn">The column of static features; null for none.</param>
    /// <param name="staticSize">S: static features.</param>
    public static SequenceInput ForNetwork(IExceptionContext context, DataViewSchema schema, string[] featureColumns, int[] featureSizes,
        int[] vocabularies, string? staticColumn, int staticSize)
    {
        DataViewSchema.Column[] columns = [.. featureColumns.Select(name => ColumnRole.Feature.Find(context, schema, name))];
        bool[] areTokens = [.. columns.Select(column => TokenReader.VocabularyOf(column.Type) is not null)];
        var numbers = columns.Where((_, i) => !areTokens[i]).ToList();
        int featureSize = featureSizes.Sum();
        FeatureColumn[] features = [.. columns.Select((column, i) => FromTrainingData(context, column,
            areTokens[i] || numbers.Count != featureSizes.Length ? null
                : DeclaredFeaturesPerStep(column) ?? featureSizes[numbers.IndexOf(column)]))];
        var input = new SequenceInput(features, staticColumn, staticSize);
        if (input.FeatureSize != featureSize)
        {
            int first = Math.Max(Array.IndexOf(areTokens, false), 0);
            throw ColumnRole.Feature.DimensionMismatch(context, columns[first],
                $"{featureSize} features a step in all, not {input.FeatureSize}");
        }
        if (!input.Vocabularies.SequenceEqual(vocabularies))
        {
            int wrong = Math.Max(Array.IndexOf(areTokens, true), 0);
            throw ColumnRole.Feature.DimensionMismatch(context, columns[wrong],
                $"vectors of keys from vocabularies of {(vocabularies.Length == 0 ? "no" : string.Join(", ", vocabularies))} keys");
        }
        input.Find(context, schema);
        return input;
    }

    /// <summary>Finds the columns in data to be read, and checks that they are what the network expects.</summary>
    /// <returns>The feature columns and, where there are such, the static feature column and the column of words.</returns>
    public DataViewSchema.Column[] Find(IExceptionContext context, DataViewSchema schema)
    {
        DataViewSchema.Column[] features = [.. Features.Select(feature => Find(context, schema, feature))];
        var others = new List<DataViewSchema.Column>();
        if (StaticFeatureColumnName is not null)
        {
            DataViewSchema.Column statics = ColumnRole.StaticFeature.Find(context, schema, StaticFeatureColumnName);
            if (NumberReader.SizeOf(statics.Type) != StaticSize)
                throw ColumnRole.StaticFeature.DimensionMismatch(context, statics, $"{StaticSize} values");
            others.Add(statics);
        }
        if (CharacterColumnName is not null)
            others.Add(ColumnRole.Characters.Find(context, schema, CharacterColumnName));
        return [.. features, .. others];
    }

    /// <summary>Checks that keys stand for the same in validation data as in the training data, as far as that is known.</summary>
    /// <param name="context">Throws what is wrong.</param>
    /// <param name="role">The role of a column of sequences.</param>
    /// <param name="training">The schema of the training data.</param>
    /// <param name="validation">The schema of the validation data.</param>
    public void CheckTokens(IExceptionContext context, ColumnRole role, DataViewSchema training, DataViewSchema validation)
    {
        foreach (FeatureColumn feature in Features.Where(column => column.IsTokens))
        {
            DataViewSchema.Column column = role.Find(context, validation, feature.Name);
            // Data with another number of keys is refused when it is read.
            if (KeyValues.Of(training[feature.Name], feature.Vocabulary)?.MayBeThoseOf(column, keys: null) == false)
                throw role.DimensionMismatch(context, column,
                    $"keys of the same {feature.Vocabulary} values in the same order as those of the training data");
        }
    }

    /// <summary>Warnings about columns whose numbers are taken for steps of one feature each, though they hardly are that.</summary>
    /// <param name="data">The training data.</param>
    /// <param name="featuresPerStep">The user's option; there is no warning where it is set.</param>
    public IEnumerable<string> DescribeFlatColumns(IDataView data, int? featuresPerStep)
    {
        foreach (FeatureColumn feature in featuresPerStep is null ? Features.Where(column => column.FeaturesPerStep == 1) : [])
        {
            DataViewSchema.Column column = data.Schema[feature.Name];
            if (DeclaredFeaturesPerStep(column) is not null || NumberReader.SizeOf(column.Type) == 1)
                continue;
            string? source = column.HasSlotNames() ? "has names for its numbers" : null;
            if (FlatColumn.MadeOf(data, feature.Name) is { } made)
                source = $"was made of {made}";
            if (source is not null)
                yield return $"Column '{feature.Name}' {source} and has no dimensions (steps, features), so each of its numbers is taken "
                    + "for a step of one feature. FeaturesPerStep says how many features a step has, 1 if that is meant; "
                    + "FeatureColumnNames joins sequences step by step.";
        }
    }

    /// <summary>The warning when no sequence has a second step.</summary>
    public string DescribeSingleSteps()
    {
        string columns = string.Join(", ", Features.Select(feature
            => $"'{feature.Name}' ({(feature.IsTokens ? "one key" : $"{feature.FeaturesPerStep} features")} a step)"));
        return $"Every sequence of the training data has only one step, so there is no order to learn from: {columns}. Steps come first "
            + "in a column's dimensions, Vector<Single, T, F>, or FeaturesPerStep says how many features a step has.";
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

    /// <summary>The type of a column in the training data.</summary>
    public static VectorDataViewType TypeOf(FeatureColumn column)
        => new(column.IsTokens ? new KeyDataViewType(typeof(uint), column.Vocabulary) : NumberDataViewType.Single, column.Dimensions);

    private static DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, FeatureColumn expected)
    {
        DataViewSchema.Column column = ColumnRole.Feature.Find(context, schema, expected.Name);
        ulong? vocabulary = TokenReader.VocabularyOf(column.Type);
        if (vocabulary is null == expected.IsTokens || (expected.IsTokens && vocabulary != (ulong)expected.Vocabulary))
            throw ColumnRole.Feature.DimensionMismatch(context, column,
                expected.IsTokens ? $"a vector of keys from a vocabulary of {expected.Vocabulary}" : "a vector of Single");
        if (expected.IsTokens && FeatureColumn.WithoutLeadingAxes(((VectorDataViewType)column.Type).Dimensions, least: 1).Count() > 1)
            throw ColumnRole.Feature.DimensionMismatch(context, column, "a vector of keys with one dimension, one key a step");
        if (expected.IsTokens)
            return column;
        if (!expected.OverridesDimensions && DeclaredFeaturesPerStep(column) is { } declared && declared != expected.FeaturesPerStep)
            throw ColumnRole.Feature.DimensionMismatch(context, column, $"steps of {expected.FeaturesPerStep} features");
        if (NumberReader.SizeOf(column.Type) % expected.FeaturesPerStep != 0)
            throw ColumnRole.Feature.DimensionMismatch(context, column,
                $"Vector<Single> with a multiple of {expected.FeaturesPerStep} values, the features of a step");
        return column;
    }

    private static int? DeclaredFeaturesPerStep(DataViewSchema.Column features)
        => FeatureColumn.FeaturesPerStepOf(((VectorDataViewType)features.Type).Dimensions);
}
