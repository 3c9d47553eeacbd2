namespace Microsoft.ML.Lstm;

/// <summary>How well one label, or one type of span, was found.</summary>
/// <param name="Name">The label, or the type of span.</param>
/// <param name="Support">How many there are in the data.</param>
/// <param name="Predicted">How many were predicted.</param>
/// <param name="Correct">How many of those are right.</param>
public sealed record SequenceLabelingScore(string Name, long Support, long Predicted, long Correct)
{
    /// <summary>The share of the predicted ones that is right, 0 to 1; 0 if none was predicted.</summary>
    public double Precision => Share(Correct, Predicted);

    /// <summary>The share of those in the data that was found, 0 to 1; 0 if there is none.</summary>
    public double Recall => Share(Correct, Support);

    /// <summary>The harmonic mean of <see cref="Precision"/> and <see cref="Recall"/>; 0 if both are.</summary>
    public double F1 => Share(2 * Correct, Predicted + Support);

    internal static double Share(long part, long all) => all == 0 ? 0 : (double)part / all;
}
