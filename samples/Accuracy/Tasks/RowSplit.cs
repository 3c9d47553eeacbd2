using System.Globalization;

namespace Accuracy.Tasks;

/// <summary>How many rows there are for what, in this order.</summary>
/// <param name="Train">To train on.</param>
/// <param name="Validation">To validate on.</param>
/// <param name="Test">To measure with.</param>
internal sealed record RowSplit(int Train, int Validation, int Test)
{
    private const int ValidationOneIn = 5;

    /// <summary>Reads three numbers, 1 or more, with commas between; null for anything else.</summary>
    public static RowSplit? Parse(string text)
    {
        int[] rows = [.. text.Split(',')
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0)];
        return rows is [> 0, > 0, > 0] ? new RowSplit(rows[0], rows[1], rows[2]) : null;
    }

    public int Total => Train + Validation + Test;

    /// <summary>The rows before those to measure with.</summary>
    public int Known => Train + Validation;

    /// <summary>
    /// The same without the test rows, by which settings must not be chosen: the validation rows become the test rows, and the last
    /// training rows the validation rows.
    /// </summary>
    public RowSplit WithoutTest() => new(Train - Train / ValidationOneIn, Train / ValidationOneIn, Validation);
}
