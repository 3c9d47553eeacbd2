namespace LstmTool.Data;

/// <summary>Rows that are the steps of sequences, one below the other, with a column that says which sequence each belongs to.</summary>
internal static class LongTable
{
    private const double FewestRows = 2;

    private static readonly string[] UsualNames = ["id", "sequence", "series", "sample", "group", "case", "session", "trial", "subject",
        "recording", "segment", "sentence", "document", "user", "patient", "machine", "unit"];

    /// <summary>
    /// Finds the column: its rows of one value follow each other, the label is the same in all of them, and there are two or more in most.
    /// </summary>
    /// <param name="data">The rows.</param>
    /// <param name="label">The label.</param>
    /// <returns>The column; null if each row stands for itself.</returns>
    public static SourceColumn? Infer(Dataset data, SourceColumn label)
    {
        string[] labels = data.TextsOf(label);
        return data.Columns
            .Where(column => column != label && column.Kind is ColumnKind.Number or ColumnKind.Text && column.Missing == 0)
            .Where(column => HasUsualName(column.Name))
            .FirstOrDefault(column => Groups(data.TextsOf(column)) is { } groups
                && groups.Count > 1 && data.Rows >= FewestRows * groups.Count
                && groups.TrueForAll(group => !labels.AsSpan(group.Start, group.Count).ContainsAnyExcept(labels[group.Start])));
    }

    /// <summary>Finds the column where labels are those of steps: its rows of one value follow each other.</summary>
    public static SourceColumn? InferSteps(Dataset data, SourceColumn? label) => data.Columns
        .Where(column => column != label && column.Missing == 0 && HasUsualName(column.Name))
        .FirstOrDefault(column => Groups(data.TextsOf(column)) is { } groups && groups.Count > 1 && data.Rows >= FewestRows * groups.Count);

    /// <summary>The sequences as rows, whose fields are lists, or as they are where they do not change within a sequence.</summary>
    /// <param name="data">The steps.</param>
    /// <param name="group">The column that tells sequences apart.</param>
    /// <param name="stepColumns">Columns that become lists even where nothing changes.</param>
    /// <param name="textColumns">Columns whose lists are of texts, though they may be numbers.</param>
    /// <exception cref="InvalidDataException">The rows of a sequence do not follow each other.</exception>
    public static Dataset ToRows(Dataset data, SourceColumn group, IReadOnlyCollection<string> stepColumns,
        IReadOnlyCollection<string> textColumns)
    {
        TextTable text = data.Text;
        string[] names = data.TextsOf(group);
        List<(int Start, int Count)> groups = Groups(names)
            ?? throw new InvalidDataException($"{text.Path}: the rows of a sequence have to follow each other; those of '"
                + $"{FirstTornName(names)}' in column '{group.Name}' do not.");
        bool[] isList = [.. data.Columns.Select(column => column != group && (stepColumns.Contains(column.Name) || groups.Exists(one =>
            text.Rows.Skip(one.Start).Take(one.Count).Any(row => row[column.Index] != text.Rows[one.Start][column.Index]))))];
        // A number is not always written as JSON has it: 5,2 and .3 and $5 are numbers too.
        float[]?[] numbers = [.. data.Columns.Select(column => isList[column.Index] && (column.Kind == ColumnKind.Number
            || column.IsTruth && stepColumns.Contains(column.Name)) && !textColumns.Contains(column.Name) ? data.NumbersOf(column) : null)];
        string[][] rows = [.. groups.Select(one => data.Columns.Select(column => !isList[column.Index]
            ? text.Rows[one.Start][column.Index]
            : numbers[column.Index] is { } values ? Lists.Join(values.Skip(one.Start).Take(one.Count))
            : Lists.Join(text.Rows.Skip(one.Start).Take(one.Count).Select(row => row[column.Index]))).ToArray())];
        return Dataset.Of(text with
        {
            Rows = rows,
            Lines = [.. groups.Select(one => text.Lines[one.Start])],
            Layout = text.Layout with { Group = group.Name },
        });
    }

    /// <summary>Whether a column is called as those are that tell sequences, or what they are of, apart.</summary>
    public static bool HasUsualName(string name)
    {
        string[] words = name.ToLowerInvariant().Split(['_', ' ', '-', '.'], StringSplitOptions.RemoveEmptyEntries);
        return words.Any(word => UsualNames.Contains(word) || UsualNames.Any(usual => word == usual + "id"))
            || name.EndsWith("Id", StringComparison.Ordinal) || name.EndsWith("ID", StringComparison.Ordinal);
    }

    /// <summary>Runs of one value; null if a value comes again later.</summary>
    private static List<(int Start, int Count)>? Groups(string[] names)
    {
        var groups = new List<(int Start, int Count)>();
        var seen = new HashSet<string>();
        for (int start = 0; start < names.Length;)
        {
            if (!seen.Add(names[start]))
                return null;
            int count = 1;
            while (start + count < names.Length && names[start + count] == names[start])
                count++;
            groups.Add((start, count));
            start += count;
        }
        return groups;
    }

    private static string FirstTornName(string[] names)
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < names.Length; i++)
        {
            if ((i == 0 || names[i] != names[i - 1]) && !seen.Add(names[i]))
                return names[i];
        }
        return "";
    }
}
