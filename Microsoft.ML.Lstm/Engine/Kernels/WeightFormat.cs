namespace Microsoft.ML.Lstm;

/// <summary>The numbers that a network's weights are kept in for scoring.</summary>
public enum WeightFormat
{
    /// <summary>Floats of 32 bits, as training makes them.</summary>
    Float32,

    /// <summary>
    /// bfloat16, the upper half of a 32-bit float: 8 significant bits. A file has about 0.52 of the size. It is read into floats.
    /// </summary>
    BFloat16,

    /// <summary>
    /// Whole numbers of 8 bits, from −127 to 127, with a scale for each row of a matrix, which is one for each gate of each unit. A file
    /// has about 0.27 of the size. Recurrent layers multiply whole numbers: states, embeddings, and steps of 64 to 133,144 numbers
    /// are rounded to 8 bits too, with a scale for each step of each sequence.
    /// </summary>
    Int8,
}
