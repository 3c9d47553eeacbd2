using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Explanations;

/// <summary>The columns that explain the results of networks.</summary>
internal static class ExplanationColumns
{
    /// <summary>The annotation with the names of the numbers of a step, also where the number of steps differs from row to row.</summary>
    public const string NamesKind = "StepSlotNames";

    /// <summary>All columns.</summary>
    /// <param name="shapes">The shapes of the networks.</param>
    /// <param name="steps">T; 0 if it differs from row to row.</param>
    /// <param name="names">The names of the attributions of a step.</param>
    /// <param name="slotNames">The names of all attributions, where T is known; null to make them from the names of a step.</param>
    /// <param name="staticNames">The names of the static features.</param>
    /// <param name="hasStates">Whether there may be a state before the first step.</param>
    public static IReadOnlyList<OutputColumn> Create(IReadOnlyList<NetworkShape> shapes, int steps, string[] names, string[]? slotNames,
        string[] staticNames, bool hasStates)
    {
        slotNames ??= steps == 0 ? null : NamesOfSteps(names, steps);
        List<OutputColumn> columns =
        [
            new ExplainedNumberColumn("ExplainedOutput", explanation => explanation.Value),
            new ExplainedNumberColumn("BaselineOutput", explanation => explanation.BaselineValue),
            new ExplainedVectorColumn("Attribution", [steps, names.Length], names, slotNames,
                explanation => explanation.StepAttributions),
            new ExplainedVectorColumn("StepAttribution", [steps], [], null, explanation => explanation.StepTotals),
        ];
        if (staticNames.Length > 0)
            columns.Add(new ExplainedVectorColumn("StaticAttribution", [staticNames.Length], [], staticNames,
                explanation => explanation.StaticAttributions));
        if (hasStates)
            columns.Add(new ExplainedNumberColumn("StateAttribution", explanation => explanation.StateAttribution));
        AddStates("HiddenStates", _ => "h", explanation => explanation.Hidden);
        if (shapes.Any(shape => shape.CellDescription.HasCellState))
            AddStates("CellStates", cell => cell.HasCellState ? "c" : "", explanation => explanation.Cells);
        AddStates("Gates", cell => cell.GateNames, explanation => explanation.Gates);
        if (shapes.All(shape => shape.HasAttention))
            columns.Add(new ExplainedVectorColumn("Attention", [steps], [], null, explanation => explanation.Attention));
        return columns;

        void AddStates(string name, Func<Engine.Kernels.CellDescription, string> letters, ExplainedPartGetter part)
        {
            string[] units = [.. Explanation.NamesOfStates(shapes, letters)];
            columns.Add(new ExplainedVectorColumn(name, [steps, units.Length], units, slotNames: null, part));
        }
    }

    private static string[] NamesOfSteps(string[] names, int steps)
        => [.. Enumerable.Range(0, steps).SelectMany(t => names.Select(name => $"{name} {t}"))];
}

/// <summary>A part of an explanation; empty where there is none.</summary>
internal delegate ReadOnlySpan<float> ExplainedPartGetter(Explanation explanation);

/// <summary>A vector of an explanation. For a row without one it has NaN or, if vectors have no known size, no values.</summary>
/// <param name="name">The name of the column.</param>
/// <param name="dimensions">The dimensions; 0 for steps whose number differs from row to row.</param>
/// <param name="names">The names of the numbers of a step; none where a step has one number.</param>
/// <param name="slotNames">The names of all numbers; null for none.</param>
/// <param name="part">The values.</param>
internal sealed class ExplainedVectorColumn(string name, int[] dimensions, string[] names, string[]? slotNames, ExplainedPartGetter part)
    : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single, dimensions))
{
    private readonly int _size = dimensions.Contains(0) ? 0 : dimensions.Aggregate((product, dimension) => checked(product * dimension));

    public override DataViewSchema.Annotations? Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        if (names.Length > 0)
            new KeyValues("Text", names).AddTo(builder, ExplanationColumns.NamesKind);
        if (slotNames is not null)
            new KeyValues("Text", slotNames).AddTo(builder, AnnotationUtils.Kinds.SlotNames);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> values = row.Explanation is { } explanation ? part(explanation) : [];
        Copy(values, values.IsEmpty ? _size : values.Length, ref value);
    });
}

/// <summary>A number of an explanation; NaN for a row without one.</summary>
internal sealed class ExplainedNumberColumn(string name, Func<Explanation, double> part) : OutputColumn(name, NumberDataViewType.Single)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value)
        => value = row.Explanation is { } explanation ? (float)part(explanation) : float.NaN);
}
