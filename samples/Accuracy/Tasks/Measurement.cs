namespace Accuracy.Tasks;

/// <summary>What a run of a task measured.</summary>
/// <param name="Figure">The figure.</param>
/// <param name="Note">Remarks.</param>
internal readonly record struct Measurement(double Figure, string Note = "")
{
    public static implicit operator Measurement(double figure) => new(figure);
}
