namespace LstmTool.Search;

/// <summary>Settings that were tried.</summary>
/// <param name="Name">What differs from the untouched defaults.</param>
/// <param name="Round">The round of the search, from 1 on; a later round trains longer.</param>
/// <param name="Error">The error on the validation rows, of which less is better; NaN if there is none.</param>
/// <param name="Elapsed">How long training and measuring took.</param>
internal sealed record Trial(string Name, int Round, double Error, TimeSpan Elapsed)
{
    /// <summary>The figure as users read it, such as an accuracy of 0.93.</summary>
    public string Shown { get; init; } = "";
}
