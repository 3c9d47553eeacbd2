using System.Globalization;

namespace LstmTool.Data;

/// <summary>Columns that number the rows of a file: of a file that is sorted by its labels they would tell the label.</summary>
internal static class RowIds
{
    // So many whole numbers are all different and in order by accident in one of two million columns.
    private const int FewestRows = 10;

    // Beyond it not every whole number is a double.
    private const double Most = 1L << 53;

    /// <summary>
    /// Finds them: whole numbers, each of them once, that rise or fall from row to row or have a name as ids have. Steps with numbers in
    /// their names are none.
    /// </summary>
    /// <param name="data">The rows.</param>
    /// <param name="columns">The columns that are not known to be something else.</param>
    /// <param name="kept">Names of columns that the user wants to learn from.</param>
    public static SourceColumn[] Find(Dataset data, IReadOnlyList<SourceColumn> columns, IReadOnlyCollection<string> kept)
    {
        SourceColumn[] numbers = [.. columns.Where(column => column.Kind == ColumnKind.Number)];
        // Numbers in names that this tool gave, for want of a header, tell no steps.
        bool isNamed = data.Text.Layout.HasHeader;
        SourceColumn[] steps = isNamed && StepColumns.Infer(numbers, featuresPerStep: null) is { AreNumbered: true } found
            ? [.. found.Columns] : [];
        SourceColumn[] ids = [.. numbers.Where(column => column.Missing == 0 && !kept.Contains(column.Name)
            && !steps.Contains(column) && IsId(column.Name, data.TextsOf(column)))];
        // Who has nothing else to learn from means them.
        return data.Rows < FewestRows || ids.Length == columns.Count ? [] : ids;
    }

    /// <summary>What to say of columns that are left out.</summary>
    public static Inference LeftOut(IEnumerable<SourceColumn> ids)
        => new($"ids of rows: {string.Join(", ", ids.Select(column => column.Name))}, not learned from, as they tell where in the file "
            + "a row is", "--keep-cols");

    private static bool IsId(string name, string[] fields)
    {
        double[] numbers = [.. fields.Select(field
            => double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN)];
        if (!Array.TrueForAll(numbers, number => number == Math.Truncate(number) && Math.Abs(number) < Most))
            return false;
        (double Before, double Number)[] pairs = [.. numbers.Zip(numbers.Skip(1))];
        return Array.TrueForAll(pairs, pair => pair.Before < pair.Number) || Array.TrueForAll(pairs, pair => pair.Before > pair.Number)
            || LongTable.HasUsualName(name) && numbers.Distinct().Count() == numbers.Length;
    }
}
