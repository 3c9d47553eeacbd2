using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Training;

/// <summary>Clipping by the global norm (Pascanu, Mikolov and Bengio 2013): a gradient longer than the limit is shortened to it.</summary>
internal static class GradientClipping
{
    private const int PieceLength = 1024;

    /// <summary>Shortens <paramref name="gradient"/> to the length <paramref name="maxNorm"/>, if that is above 0 and it is longer.</summary>
    /// <returns>The Euclidean norm it had; not finite when one of its elements is not.</returns>
    public static double Clip(Span<float> gradient, float maxNorm)
    {
        double norm = Norm(gradient);
        if (maxNorm > 0 && norm > maxNorm)
            TensorPrimitives.Multiply(gradient, (float)(maxNorm / norm), gradient);
        return norm;
    }

    /// <summary>The Euclidean norm. Pieces of the sum of squares are added in double: of millions of floats a float would lose some.</summary>
    public static double Norm(ReadOnlySpan<float> gradient)
    {
        double squares = 0;
        for (int start = 0; start < gradient.Length; start += PieceLength)
            squares += TensorPrimitives.SumOfSquares(gradient.Slice(start, Math.Min(PieceLength, gradient.Length - start)));
        return Math.Sqrt(squares);
    }
}
