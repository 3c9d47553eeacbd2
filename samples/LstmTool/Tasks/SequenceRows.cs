using System.Globalization;
using LstmTool.Data;

namespace LstmTool.Tasks;

/// <summary>Rows that are sequences with a label, read from one file or from several.</summary>
internal sealed class SequenceRows
{
    public required TaskRequest Request { get; init; }

    public required SequenceFeatures Features { get; init; }

    public required string Label { get; init; }

    public required Table Table { get; init; }

    /// <summary>What rows are drawn by, so that each part has its share of each: the labels, or nothing.</summary>
    public required string[] Classes { get; init; }

    public required RowParts Parts { get; init; }

    public required DatasetFacts Facts { get; init; }

    public required FileLayout Layout { get; init; }

    public bool HasValidationFile => Request.ValidationDataset is not null;

    /// <param name="request">What the user wants.</param>
    /// <param name="isNumber">Whether the label is a number; else it is a class.</param>
    public static SequenceRows Read(TaskRequest request, bool isNumber)
    {
        Dataset data = Dataset.Read(request.Dataset, request.Reading);
        SourceColumn label = data.Find(request.Label ?? throw new InvalidDataException("--label-col is missing: the column to predict."),
            "--label-col");
        SourceColumn? group = request.Series is { } series ? data.Find(series, "--series-col") : LongTable.Infer(data, label);
        List<Inference> inferred = [.. data.Text.Inferred];
        int lines = data.Rows;
        SourceColumn? split = request.SplitBy is { } by ? data.Find(by, "--split-by") : null;
        request = request with { SplitBy = split?.Name, Keep = [.. request.Keep.Select(name => data.Find(name, "--keep-cols").Name)] };
        Dictionary<int, double>? orderOfLines = split is null ? null : OrderOfLines(data, split);
        SourceColumn? time = data.Columns.FirstOrDefault(column => column.Kind == ColumnKind.Time && column != label);
        string[] steps = [];
        List<string> others = split is null ? [] : [split.Name];
        if (group is not null)
        {
            SourceColumn[] free = [.. data.Columns.Where(column => column != label && column != group && column != split)];
            // Numbers of all lines of the file, rather than of the steps of a sequence.
            SourceColumn[] ids = RowIds.Find(data, free, request.Keep, request.FeaturesPerStep);
            if (ids.Length > 0)
                inferred.Add(RowIds.LeftOut(ids));
            others.AddRange(ids.Select(column => column.Name));
            steps = [.. free.Except(ids)
                .Where(column => (column.Kind == ColumnKind.Number || column.IsTruth) && VariesWithin(data, group, column))
                .Select(column => column.Name)];
            data = LongTable.ToRows(data, group, steps, []);
            label = data.Find(label.Name, "--label-col");
            if (label.Kind is ColumnKind.Numbers or ColumnKind.Texts)
                throw new InvalidDataException($"{request.Dataset}: the label '{label.Name}' changes within sequences of one "
                    + $"'{group.Name}'; labels of steps are for the command labeling.");
            inferred.Add(new(string.Create(CultureInfo.InvariantCulture, $"rows: {lines} steps of {data.Rows} sequences"), "--series-col"));
        }
        else if (request.Series is null)
        {
            inferred.Add(new("rows: each is a sequence", "--series-col"));
        }
        SequenceFeatures features = SequenceFeatures.Infer(data, label, request, others);
        Table table = ReadTable(data, label, features, isNumber, out int[] kept);
        if (kept.Length < data.Rows)
            inferred.Add(new($"rows without a label: {data.Rows - kept.Length}, which are left out", ""));
        if (time is not null && orderOfLines is null && (request.ValidationDataset is null || request.TestDataset is null))
            inferred.Add(new($"order: none, though '{time.Name}' has times; if rows to predict are later ones, split by it",
                $"--split-by {(time.Name.Contains(' ') ? $"\"{time.Name}\"" : time.Name)}"));
        int own = table.Rows;
        int[] validation = [], unseen = [];
        if (request.ValidationDataset is { } path)
            (table, validation) = Append(table, path);
        if (request.TestDataset is { } test)
            (table, unseen) = Append(table, test);
        string[] classes = isNumber ? [.. Enumerable.Repeat("", table.Rows)] : (string[])table[label.Name].Values;
        RowParts parts = orderOfLines is null ? RowParts.AtRandom(request, own, validation, unseen, classes)
            : RowParts.InOrder(request, Array.ConvertAll(kept, row => orderOfLines[data.Text.Lines[row]]), validation, unseen);
        if (!isNumber)
            RefuseOneClass(request.Dataset, label, classes, parts);
        var facts = new DatasetFacts(request.Dataset, data.Text.Format, own,
            [.. data.Columns.Select(column => data.FactsOf(column, column == label ? "label"
                : column.Name == group?.Name ? "name of the sequence" : column.Name == split?.Name ? "order of the rows"
                : features.RoleOf(column)))])
        {
            Inferred = [.. inferred, .. features.Inferred],
            Parts = new PartFacts(parts.Train.Length, parts.Validation.Length, parts.Unseen.Length, parts.How),
        };
        return new SequenceRows
        {
            Request = request,
            Features = features,
            Label = label.Name,
            Table = table,
            Classes = classes,
            Parts = parts,
            Facts = facts,
            Layout = data.Text.Layout,
        };

        (Table, int[]) Append(Table before, string file)
        {
            Dataset other = Dataset.Read(file, request.Reading);
            if (group is not null)
                other = LongTable.ToRows(other, other.Find(group.Name, "--series-col"), steps, []);
            Table added = ReadTable(other, other.Find(label.Name, "--label-col"), features, isNumber, out _);
            return (before.Append(added), [.. Enumerable.Range(before.Rows, added.Rows)]);
        }
    }

    /// <summary>What rows are ordered by, by their lines in the file.</summary>
    private static Dictionary<int, double> OrderOfLines(Dataset data, SourceColumn column)
    {
        double[] order = column.Kind switch
        {
            ColumnKind.Number => Array.ConvertAll(data.NumbersOf(column), number => (double)number),
            ColumnKind.Time => Array.ConvertAll(data.TimesOf(column), time => (double)time.Ticks),
            _ => throw new InvalidDataException($"--split-by: the column '{column.Name}' has neither times nor numbers."),
        };
        return data.Text.Lines.Zip(order).ToDictionary(one => one.First, one => one.Second);
    }

    private static bool VariesWithin(Dataset data, SourceColumn group, SourceColumn column)
    {
        string[] names = data.TextsOf(group), fields = data.TextsOf(column);
        return Enumerable.Range(1, names.Length - 1).Any(row => names[row] == names[row - 1] && fields[row] != fields[row - 1]);
    }

    private static Table ReadTable(Dataset data, SourceColumn label, SequenceFeatures features, bool isNumber, out int[] kept)
    {
        TableColumn labels = isNumber ? TableColumn.OfNumbers(label.Name, data.NumbersOf(label))
            : TableColumn.OfTexts(label.Name, data.TextsOf(label));
        var table = new Table([labels, .. features.Read(data)]);
        MadeNames.Refuse(data, table, isNumber ? features.Made : features.Made.Append(ClassificationTask.Key));
        kept = [.. Enumerable.Range(0, table.Rows).Where(row => labels.Values switch
        {
            float[] numbers => float.IsFinite(numbers[row]),
            var texts => !Fields.IsMissing(((string[])texts)[row]) || ((string[])texts)[row].ToUpperInvariant() is "NONE" or "-" or ".",
        })];
        if (kept.Length == 0)
            throw new InvalidDataException($"{data.Text.Path}: the column '{label.Name}' is empty.");
        return kept.Length == table.Rows ? table : table.Pick(kept);
    }

    private static void RefuseOneClass(string path, SourceColumn label, string[] classes, RowParts parts)
    {
        if (parts.Train.Select(row => classes[row]).Distinct().Count() == 1)
            throw new InvalidDataException(classes.Distinct().Count() == 1
                ? $"{path}: all {classes.Length} rows have the label '{classes[0]}' in '{label.Name}': there is nothing to tell apart."
                : $"{path}: of all classes in column '{label.Name}' but one there are too few rows.");
        int kinds = classes.Distinct().Count();
        if (label.Kind == ColumnKind.Number && kinds > 50 && kinds > classes.Length / 3)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{path}: the column '{label.Name}' has {kinds} different numbers in {classes.Length} rows; ")
                + "for a number to be predicted there is the command regression.");
    }
}
