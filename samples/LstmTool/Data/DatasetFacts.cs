namespace LstmTool.Data;

/// <summary>What was found in a data set, or was told of it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Format">CSV, TSV, JSON lines or CoNLL columns, with the separator.</param>
/// <param name="Rows">How many examples there are: rows, or sequences where several lines are one.</param>
/// <param name="Columns">The columns.</param>
internal sealed record DatasetFacts(string Path, string Format, int Rows, IReadOnlyList<ColumnFacts> Columns)
{
    /// <summary>What was inferred, a sentence each, with the option that says otherwise.</summary>
    public IReadOnlyList<Inference> Inferred { get; init; } = [];

    /// <summary>The time from row to row in words, such as "1 day"; null without a column of times.</summary>
    public string? TimeStep { get; init; }

    /// <summary>The rows of a season, 1 for none: for baselines.</summary>
    public int Season { get; init; } = 1;

    /// <summary>The rows to train on, to choose settings by and never seen before they are measured; how they were drawn.</summary>
    public PartFacts Parts { get; init; } = new(0, 0, 0, "");
}

/// <summary>A column of a data set.</summary>
/// <param name="Name">Its name in the header, or what stands for it.</param>
/// <param name="Kind">The kind of its values.</param>
/// <param name="Role">What the task uses it as: label, time, series, sequence, past covariate ...; "not used" for none.</param>
/// <param name="Missing">How many values are missing.</param>
/// <param name="Example">The first value.</param>
internal sealed record ColumnFacts(string Name, ColumnKind Kind, string Role, int Missing, string Example);

/// <summary>Something that was inferred.</summary>
/// <param name="What">What, such as "separator: comma".</param>
/// <param name="Override">The option that says otherwise, such as "--separator".</param>
internal sealed record Inference(string What, string Override);

/// <summary>How many rows there are for what.</summary>
internal sealed record PartFacts(int Train, int Validation, int Unseen, string How)
{
    /// <summary>Whether all that are not unseen validate in turn, a third at a time.</summary>
    public bool ValidatesInTurn { get; init; }
}

/// <summary>The kind of a column's values.</summary>
internal enum ColumnKind
{
    /// <summary>Numbers.</summary>
    Number,

    /// <summary>Texts.</summary>
    Text,

    /// <summary>Times.</summary>
    Time,

    /// <summary>Lists of numbers, of one length or not.</summary>
    Numbers,

    /// <summary>Lists of texts, such as words.</summary>
    Texts,
}
