using System.Globalization;

namespace LstmTool.Data;

/// <summary>Columns that number the rows of a file: of a file that is sorted by its labels they would tell the label.</summary>
internal static class RowIds
{
    // Fewer rows may be numbered by accident.
    private const int FewestRows = 10;

    // Beyond it not every whole number is a double.
    private const double Most = 1L << 53;

    /// <summary>
    /// Finds them: whole numbers that count the rows up or down, or of which each is there once and whose name is one of an id. Steps with
    /// numbers in their names are none.
    /// </summary>
    /// <param name="data">The rows.</param>
    /// <param name="columns">The columns that are not known to be something else.</param>
    /// <param name="kept">Names of columns that the user wants to learn from.</param>
    /// <param name="featuresPerStep">How many columns of numbers make a step; null where the user does not say.</param>
    public static SourceColumn[] Find(Dataset data, IReadOnlyList<SourceColumn> columns, IReadOnlyCollection<string> kept,
        int? featuresPerStep)
    {
        SourceColumn[] numbers = [.. columns.Where(column => column.Kind == ColumnKind.Number)];
        // Numbers in names that this tool gave, for want of a header, tell no steps.
        bool isNamed = data.Text.Layout.HasHeader;
        SourceColumn[] steps = isNamed && StepColumns.Infer(numbers, featuresPerStep: null) is { AreNumbered: true } found
            ? [.. found.Columns] : [];
        SourceColumn[] ids = [.. numbers.Where(column => column.Missing == 0 && !kept.Contains(column.Name)
            && !steps.Contains(column) && IsId(column.Name, data.TextsOf(column)))];
        // Who has nothing else to learn from means them.
        if (data.Rows < FewestRows || ids.Length == columns.Count)
            return [];
        // Columns that are whole steps as they are have no id among them.
        return featuresPerStep is { } features && (numbers.Length % features == 0 || (numbers.Length - ids.Length) % features > 0)
            ? [] : ids;
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
        double step = numbers[1] - numbers[0];
        bool counts = step != 0 && numbers.Zip(numbers.Skip(1)).All(pair => pair.Second - pair.First == step);
        return counts || IsIdName(name) && numbers.Distinct().Count() == numbers.Length;
    }

    // A session's length is none, a session or the id of one is.
    private static bool IsIdName(string name)
    {
        string[] words = name.Split(['_', ' ', '-', '.'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 && LongTable.HasUsualName(words[^1])
            && (words.Length == 1 || words[^1].EndsWith("id", StringComparison.OrdinalIgnoreCase));
    }
}
