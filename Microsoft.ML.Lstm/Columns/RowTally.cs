namespace Microsoft.ML.Lstm.Columns;

/// <summary>Why a row can't be trained on or scored.</summary>
internal enum RowFault
{
    None,
    EmptySequence,
    PartialStep,
    UnequalSteps,
    NonFiniteFeature,
    NonFiniteStatic,
    MissingLabel,
    LabelLength,
    LabelValue,
    BadWeight,
}

/// <summary>Counts rows by what is wrong with them, and words the messages about them.</summary>
/// <param name="dataName">What to call the data in messages.</param>
/// <param name="input">Where the sequences are.</param>
/// <param name="rowsAhead">How many rows behind a row its label is; the last rows have none, which is no fault of theirs.</param>
internal sealed class RowTally(string dataName, SequenceInput input, int rowsAhead = 0)
{
    private readonly long[] _counts = new long[Enum.GetValues<RowFault>().Length];
    private readonly Queue<RowFault> _last = [];
    private long _unweighted;

    public long Rows { get; private set; }

    public long BadRows => Rows - _counts[(int)RowFault.None];

    /// <summary>Rows whose sequence was cut.</summary>
    public long CutRows { get; private set; }

    public void Add(RowFault fault, float weight, bool isCut)
    {
        Rows++;
        CutRows += isCut ? 1 : 0;
        _counts[(int)fault]++;
        if (fault == RowFault.None && weight == 0)
            _unweighted++;
        _last.Enqueue(fault);
        if (_last.Count > rowsAhead)
            _last.Dequeue();
    }

    /// <summary>Takes the rows at the end that can't have a label yet for rows that are not there.</summary>
    public void ForgetEnd()
    {
        while (_last.TryDequeue(out RowFault fault))
        {
            if (fault == RowFault.None)
                continue;
            Rows--;
            _counts[(int)fault]--;
        }
    }

    /// <summary>The error for the row at <paramref name="position"/>.</summary>
    public string Describe(long position, RowFault fault) => $"Row {position} (counted from 0) of the {dataName} has {Reason(fault)}.";

    /// <summary>The warning after rows were left out.</summary>
    public string DescribeSkipped() => $"Skipped {BadRows} of the {Rows} rows of the {dataName}: {Reasons()}.";

    /// <summary>The warning after rows could not be scored.</summary>
    public string DescribeUnscored()
        => $"{BadRows} of the {Rows} rows that were scored have no score (NaN, a missing key or nothing): {Reasons()}.";

    /// <summary>The warning for the first single row that could not be scored, when nobody knows how many will follow.</summary>
    public string DescribeUnscored(RowFault fault)
        => $"A row has {Reason(fault)}: it has no score (NaN, a missing key or nothing), and further ones are not named.";

    public void Clear()
    {
        Array.Clear(_counts);
        _last.Clear();
        (Rows, CutRows, _unweighted) = (0, 0, 0);
    }

    /// <summary>The error when no row is left.</summary>
    public string DescribeNoUsableRow()
    {
        if (Rows == 0)
            return $"The {dataName} has no rows.";
        string unweighted = _unweighted == 0 ? "" : (BadRows == 0 ? "" : "; ") + $"{_unweighted} with weight 0";
        return $"None of the {Rows} rows of the {dataName} can be used: {Reasons()}{unweighted}.";
    }

    private IEnumerable<int> StepSizes
        => input.Features.Where(column => !column.IsTokens).Select(column => column.FeaturesPerStep).Distinct();

    private string Reasons() => string.Join("; ", Enum.GetValues<RowFault>()
        .Where(fault => fault != RowFault.None && _counts[(int)fault] > 0)
        .Select(fault => $"{_counts[(int)fault]} with {Reason(fault)}"));

    private string Reason(RowFault fault) => fault switch
    {
        RowFault.EmptySequence => "an empty sequence",
        RowFault.PartialStep => $"a vector length that is no multiple of {string.Join(" or ", StepSizes)} (FeaturesPerStep)",
        RowFault.UnequalSteps => "different numbers of steps in the feature columns",
        RowFault.NonFiniteFeature => "NaN or infinity in the features",
        RowFault.NonFiniteStatic => "NaN or infinity in the static features",
        RowFault.MissingLabel => "a missing or infinite label",
        RowFault.LabelLength => "a label vector of another length than the sequence",
        RowFault.LabelValue => "a label that is none of 0, 1 and NaN",
        RowFault.BadWeight => "a weight that is negative, NaN or infinite",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
