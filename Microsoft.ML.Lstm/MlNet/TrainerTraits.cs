namespace Microsoft.ML.Lstm.MlNet;

/// <summary>What ML.NET wants to know of a trainer before it feeds it.</summary>
internal static class TrainerTraits
{
    /// <summary>
    /// Our trainers scale features themselves and read the data once, keeping what they need; they take validation data and
    /// an earlier model.
    /// </summary>
    public static TrainerInfo Info { get; } = new(normalization: false, caching: false, supportValid: true, supportIncrementalTrain: true);
}
