namespace Microsoft.ML.Lstm;

/// <summary>
/// How <c>Fit</c> handles a row that can't be trained on: a vector whose length is no multiple of the features per step, an empty sequence,
/// NaN or infinity in the features or static features, a missing or infinite label, or a weight that is negative, NaN or infinite. Rows of
/// weight 0 are not bad: they are left out in silence.
/// </summary>
public enum BadRowHandling
{
    /// <summary>The row is left out; one warning at the end says how many rows were, and why.</summary>
    Skip,

    /// <summary>An <see cref="InvalidOperationException"/> says which row it is and what is wrong with it.</summary>
    Throw,
}
