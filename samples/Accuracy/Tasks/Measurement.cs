namespace Accuracy.Tasks;

/// <summary>What a run of a task measured.</summary>
/// <param name="Figure">The figure.</param>
/// <param name="Note">Remarks.</param>
internal sealed record Measurement(double Figure, string Note = "")
{
    /// <summary>The figures of simple methods in place of the network.</summary>
    public IReadOnlyList<Bar> Bars { get; init; } = [];

    public static implicit operator Measurement(double figure) => new(figure);
}
