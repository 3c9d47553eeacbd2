namespace LstmTool.Tasks;

/// <summary>Which rows of a table are for what.</summary>
/// <param name="Train">To train on.</param>
/// <param name="Validation">To choose settings by.</param>
/// <param name="Unseen">For the metrics, and nothing else.</param>
/// <param name="How">How they were drawn, in words.</param>
internal sealed record RowParts(int[] Train, int[] Validation, int[] Unseen, string How)
{
    private const int ManyRows = 2000;

    /// <summary>Whether the validation rows are a file of their own, which is never trained on.</summary>
    public bool ValidationIsApart { get; init; }

    /// <summary>Whether the unseen rows are a file of their own, which is never trained on.</summary>
    public bool UnseenIsApart { get; init; }

    /// <summary>What a model may be trained on before it is measured.</summary>
    public int[] Known => ValidationIsApart ? Train : [.. Train.Concat(Validation).Order()];

    /// <summary>What a model may be trained on once it has been measured.</summary>
    public int[] All => UnseenIsApart ? Known : [.. Known.Concat(Unseen).Order()];

    /// <summary>The share of rows to keep for a purpose: enough for a figure, and no more of what training could use.</summary>
    public static double ShareOf(int rows) => rows <= ManyRows ? 0.2 : Math.Max(0.05, 0.2 * Math.Sqrt((double)ManyRows / rows));

    /// <summary>Rows in the order of a column, the last of them unseen, but for those of files that say what they are for.</summary>
    /// <param name="request">What the user wants.</param>
    /// <param name="order">What the rows of the data set are ordered by.</param>
    /// <param name="validation">The rows of a file to validate on.</param>
    /// <param name="unseen">The rows of a file for the metrics.</param>
    /// <exception cref="InvalidDataException">There are too few rows.</exception>
    public static RowParts InOrder(TaskRequest request, double[] order, int[] validation, int[] unseen)
        => Of(request, order.Length, validation, unseen, $"by '{request.SplitBy}', the last rows unseen", rows =>
        {
            int[] sorted = [.. rows.OrderBy(row => order[row])];
            int last = Math.Max(1, (int)Math.Round(ShareOf(rows.Length) * rows.Length));
            return last >= rows.Length ? (rows, []) : ([.. sorted[..^last].Order()], [.. sorted[^last..].Order()]);
        });

    /// <summary>Rows drawn at random, but for those of files that say what they are for.</summary>
    /// <param name="request">What the user wants.</param>
    /// <param name="own">How many rows the data set has.</param>
    /// <param name="validation">The rows of a file to validate on.</param>
    /// <param name="unseen">The rows of a file for the metrics.</param>
    /// <param name="classes">A class for each row, so that each part has its share of it; null for none.</param>
    /// <exception cref="InvalidDataException">There are too few rows.</exception>
    public static RowParts AtRandom(TaskRequest request, int own, int[] validation, int[] unseen, string[]? classes = null)
    {
        var random = new Random(request.Seed);
        return Of(request, own, validation, unseen, "at random",
            rows => Draw([.. rows.Select(row => (row, classes?[row]))], ShareOf(rows.Length), random));
    }

    // Rows for a purpose are taken of others, which come first in what that gives.
    private static RowParts Of(TaskRequest request, int own, int[] validation, int[] unseen, string how,
        Func<int[], (int[] Others, int[] Taken)> take)
    {
        int[] train = [.. Enumerable.Range(0, own)];
        bool isApart = unseen.Length > 0, validationIsApart = validation.Length > 0;
        if (isApart)
            how = $"the unseen rows are {request.TestDataset}";
        else
            (train, unseen) = take(train);
        if (!validationIsApart)
            (train, validation) = take(train);
        else
            how += $", the rows to choose by are {request.ValidationDataset}";
        return train.Length > 0 && validation.Length > 0 && unseen.Length > 0 ? new RowParts(train, validation, unseen, how)
        {
            ValidationIsApart = validationIsApart,
            UnseenIsApart = isApart,
        }
            : throw new InvalidDataException(
                $"{request.Dataset} has {own} rows with a label; that is too few to train, to choose settings and to measure.");
    }

    /// <summary>Rows drawn at random, of each class its share.</summary>
    /// <param name="classes">A class a row; one for all where there are none.</param>
    /// <param name="share">The share to draw.</param>
    /// <param name="random">What draws.</param>
    /// <returns>The rows that stay, and those drawn.</returns>
    public static (int[] Others, int[] Drawn) Draw<T>(IReadOnlyList<(int Row, T Class)> classes, double share, Random random)
    {
        var drawn = new HashSet<int>();
        // What rounding leaves over goes on to the next class, so that the sum is right with many small classes too.
        double owed = 0;
        foreach (int[] rows in classes.GroupBy(one => one.Class, one => one.Row).Select(group => group.ToArray()))
        {
            random.Shuffle(rows);
            owed += share * rows.Length;
            int count = Math.Min((int)Math.Round(owed), rows.Length - 1);
            owed -= count;
            drawn.UnionWith(rows[..Math.Max(0, count)]);
        }
        return ([.. classes.Select(one => one.Row).Where(row => !drawn.Contains(row)).Order()], [.. drawn.Order()]);
    }
}
