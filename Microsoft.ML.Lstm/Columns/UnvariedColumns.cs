using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Names the numbers of the training data that never varied, from which a network can learn nothing.</summary>
internal static class UnvariedColumns
{
    // A wide column may have thousands.
    private const int MostNames = 10;

    /// <summary>A warning about features and static features, and one about labels; none where all vary.</summary>
    /// <param name="schema">The schema of the training data.</param>
    /// <param name="input">Where the sequences are.</param>
    /// <param name="label">Where the labels are.</param>
    /// <param name="model">The trained network: its scalers know what never varied.</param>
    /// <param name="columns">The names of the columns in which all tokens, or words, are the same.</param>
    public static IEnumerable<string> Describe(DataViewSchema schema, SequenceInput input, LabelColumn label, SequenceModel model,
        IEnumerable<string> columns)
    {
        string[] inputs =
        [
            .. columns.Select(column => $"column '{column}'"),
            .. Features(schema, input, model.InputScaler.IsConstant),
            .. Statics(schema, input, model.StaticScaler.IsConstant),
        ];
        if (inputs.Length > 0)
            yield return $"What never varied in the training data has no effect on a score: {Join(inputs)}.";
        if (!label.IsOfNumbers)
            yield break;
        string[] labels =
        [
            .. model.OutputScaler.Constants.Select(index => string.Create(CultureInfo.InvariantCulture,
                $"{Name(schema[label.Name], index, label.TargetSize, "value")} is always {model.OutputScaler.Offset[index]}")),
        ];
        if (labels.Length > 0)
        {
            string where = label.Kind == LabelKind.Numbers ? "row" : "step";
            yield return $"What never varied among the labels of the training data is predicted for every {where}: {Join(labels)}.";
        }
    }

    /// <summary>
    /// A warning when a model is trained further on values of another size than before, though its scaling is kept; null where sizes agree.
    /// </summary>
    /// <param name="schema">The schema of the training data.</param>
    /// <param name="input">Where the sequences are.</param>
    /// <param name="label">Where the labels are.</param>
    /// <param name="model">The model to go on from.</param>
    /// <param name="scalers">The scaling that the training data would have if the model were new.</param>
    public static string? DescribeOtherSizes(DataViewSchema schema, SequenceInput input, LabelColumn label, SequenceModel model,
        ModelScalers scalers)
    {
        string[] names =
        [
            .. Features(schema, input, feature => model.InputScaler.IsOfOtherSize(feature, scalers.Input)),
            .. Statics(schema, input, feature => model.StaticScaler.IsOfOtherSize(feature, scalers.Static)),
            .. Enumerable.Range(0, label.TargetSize).Where(value => model.OutputScaler.IsOfOtherSize(value, scalers.Output))
                .Select(value => Name(schema[label.Name], value, label.TargetSize, "value")),
        ];
        return names.Length == 0
            ? null
            : $"The initial model keeps its scaling, but was trained on values of another size than the training data has: {Join(names)}. "
                + "If a unit has changed, change it back or train anew.";
    }

    private static IEnumerable<string> Features(DataViewSchema schema, SequenceInput input, Func<int, bool> isNamed)
    {
        int first = 0;
        foreach (FeatureColumn feature in input.Features)
        {
            for (int i = 0; i < feature.FeaturesPerStep; i++)
            {
                if (isNamed(first + i))
                    yield return Name(schema[feature.Name], i, feature.FeaturesPerStep, "feature");
            }
            first += feature.FeaturesPerStep;
        }
    }

    private static IEnumerable<string> Statics(DataViewSchema schema, SequenceInput input, Func<int, bool> isNamed)
        => Enumerable.Range(0, input.StaticSize)
            .Where(isNamed)
            .Select(index => Name(schema[input.StaticFeatureColumnName!], index, input.StaticSize, "static feature"));

    /// <summary>The name of the number at <paramref name="index"/> among the last <paramref name="count"/> numbers of a column.</summary>
    public static string Name(DataViewSchema.Column column, int index, int count, string what)
    {
        string name = count == 1 ? $"column '{column.Name}'" : $"{what} {index + 1} of {count} of column '{column.Name}'";
        if (!column.HasSlotNames())
            return name;
        VBuffer<ReadOnlyMemory<char>> slots = default;
        column.GetSlotNames(ref slots);
        return slots.Length >= count && slots.GetItemOrDefault(slots.Length - count + index) is { IsEmpty: false } slot
            ? $"{name} ('{slot}')"
            : name;
    }

    private static string Join(string[] names)
        => string.Join(", ", names.Take(MostNames)) + (names.Length > MostNames ? $" and {names.Length - MostNames} more" : "");
}
