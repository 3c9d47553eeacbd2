namespace LstmTool.Data;

/// <summary>How a file is read; null for what is to be inferred.</summary>
internal sealed record ReadOptions
{
    public char? Separator { get; init; }

    public bool? HasHeader { get; init; }

    public bool? AllowQuoting { get; init; }

    /// <summary>Whether a comma in a number is decimal, as in 20,7, or parts thousands; null where there is none.</summary>
    public bool? DecimalComma { get; init; }

    /// <summary>Names that the user has for columns: a first line with one of them is a header.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Columns to leave out.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];
}
