using System.Globalization;
using System.Text.RegularExpressions;

namespace LstmTool.Data;

/// <summary>Columns of numbers that are the steps of a sequence, side by side in a row.</summary>
/// <param name="Columns">The columns, step by step.</param>
/// <param name="FeaturesPerStep">How many of them make a step.</param>
/// <param name="Rest">Other columns of numbers.</param>
internal sealed partial record StepColumns(IReadOnlyList<SourceColumn> Columns, int FeaturesPerStep, IReadOnlyList<SourceColumn> Rest)
{
    private const int FewestSteps = 3;

    /// <summary>Whether they were found by the numbers in their names.</summary>
    public bool AreNumbered { get; init; }

    public int Steps => Columns.Count / FeaturesPerStep;

    /// <summary>
    /// Finds steps by the numbers in the names: x0, y0, x1, y1 or x_1, x_2, y_1, y_2 are two numbers a step. Without such names all columns
    /// are steps, in their order.
    /// </summary>
    /// <param name="columns">The columns of numbers.</param>
    /// <param name="featuresPerStep">How many numbers a step has, if the user says so; then the order is that of the file.</param>
    /// <exception cref="InvalidDataException">The number of columns is no multiple of <paramref name="featuresPerStep"/>.</exception>
    public static StepColumns Infer(IReadOnlyList<SourceColumn> columns, int? featuresPerStep)
    {
        if (featuresPerStep is { } given)
        {
            return columns.Count % given == 0 ? new StepColumns(columns, given, [])
                : throw new InvalidDataException(
                    $"--features-per-step {given}: the {columns.Count} columns of numbers are no whole number of steps; --ignore-cols "
                    + "leaves columns out.");
        }
        NumberedColumn[] numbered = [.. columns.Select(NumberedColumn.Of).OfType<NumberedColumn>()];
        // Those stems that have the same steps belong together.
        NumberedColumn[]? steps = numbered.GroupBy(column => column.Stem)
            .Where(stem => stem.Count() >= FewestSteps && stem.Select(column => column.Step).Distinct().Count() == stem.Count())
            .GroupBy(stem => string.Join(',', stem.Select(column => column.Step).Order()), stem => stem.ToArray())
            .MaxBy(group => group.Sum(stem => stem.Length))
            ?.SelectMany(stem => stem).ToArray();
        if (steps is null)
            return new StepColumns(columns, 1, []);
        SourceColumn[] ordered = [.. steps.OrderBy(column => column.Step).ThenBy(column => column.Column.Index)
            .Select(column => column.Column)];
        return new StepColumns(ordered, steps.Select(column => column.Stem).Distinct().Count(), [.. columns.Except(ordered)])
        {
            AreNumbered = true,
        };
    }

    /// <summary>The numbers of rows, step by step.</summary>
    public float[][] ValuesOf(Dataset data)
    {
        float[][] columns = [.. Columns.Select(data.NumbersOf)];
        return [.. Enumerable.Range(0, data.Rows).Select(row => Array.ConvertAll(columns, column => column[row]))];
    }

    /// <summary>A column whose name has the number of a step at its end or at its beginning.</summary>
    private sealed partial record NumberedColumn(SourceColumn Column, string Stem, int Step)
    {
        public static NumberedColumn? Of(SourceColumn column)
        {
            Match match = AtEnd().Match(column.Name) is { Success: true } end ? end : AtBeginning().Match(column.Name);
            return match.Success
                && int.TryParse(match.Groups["step"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int step)
                ? new NumberedColumn(column, match.Groups["stem"].Value.TrimEnd('_', '-', '.', ' ', '[', '(').ToLowerInvariant(), step)
                : null;
        }

        [GeneratedRegex(@"^(?<stem>.*?)(?<step>(?<=[_ \[(])-\d+|\d+)[\])]?$")]
        private static partial Regex AtEnd();

        [GeneratedRegex(@"^(t|step|time|s)?_?(?<step>\d+)[_.\- ](?<stem>.*\D)$", RegexOptions.IgnoreCase)]
        private static partial Regex AtBeginning();
    }
}
