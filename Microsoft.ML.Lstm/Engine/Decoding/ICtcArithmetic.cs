namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// The semiring of the sums of a <see cref="CtcLattice"/>. The states of a frame are L + 1 blanks and then the L items; the sums of a frame
/// come with a norm that divides them, so that they don't underflow.
/// </summary>
internal interface ICtcArithmetic
{
    static abstract double Zero { get; }

    static abstract double One { get; }

    static abstract double Add(double a, double b);

    static abstract double Divide(double a, double b);

    /// <summary>The norm of a frame, by the sum over its states.</summary>
    static abstract double Norm(double sum);

    static abstract double Sum(ReadOnlySpan<double> values, Span<double> scratch);

    /// <summary>The log, as a number, of the product of values.</summary>
    static abstract double LogOfProduct(ReadOnlySpan<double> values, Span<double> scratch);

    /// <summary>Takes logs, none above 0.</summary>
    static abstract void FromLogs(Span<double> logs);

    /// <summary>Replaces values by numbers: their shares of a sum times a weight.</summary>
    static abstract void ToNumbers(Span<double> values, double sum, double weight);

    /// <summary>The sums over the beginnings of alignments up to a frame, of which there is one before.</summary>
    /// <param name="before">[S]: those of the frame before.</param>
    /// <param name="norm">Divides <paramref name="before"/>.</param>
    /// <param name="blank">The emission of the blank.</param>
    /// <param name="emissions">[L]: those of the items.</param>
    /// <param name="skips">[L]: one where an item may follow the one before at once, else zero.</param>
    /// <param name="row">[S]: receives the sums.</param>
    /// <returns>The norm of the sums, and the largest emission.</returns>
    static abstract (double Norm, double Largest) Forward(ReadOnlySpan<double> before, double norm, double blank,
        ReadOnlySpan<double> emissions, ReadOnlySpan<double> skips, Span<double> row);

    /// <summary>The sums over the ends of alignments behind a frame.</summary>
    /// <param name="beta">[S]: those behind the next frame, in whose place they are.</param>
    /// <param name="norm">Divides <paramref name="beta"/> of the next frame.</param>
    /// <param name="blank">The emission of the blank in the next frame.</param>
    /// <param name="emissions">[L]: those of the items.</param>
    /// <param name="skips">[L + 1]: one where an item may follow the one before at once, else zero; at last zero.</param>
    /// <param name="scratch">[S + 1].</param>
    /// <returns>The norm of the sums.</returns>
    static abstract double Backward(Span<double> beta, double norm, double blank, ReadOnlySpan<double> emissions,
        ReadOnlySpan<double> skips, Span<double> scratch);

    /// <summary>The shares of a frame's states of the alignments, as numbers and up to a factor.</summary>
    /// <param name="alpha">[S]: the sums up to the frame, in whose place the shares of the items are.</param>
    /// <param name="alphaNorm">Divides <paramref name="alpha"/>.</param>
    /// <param name="beta">[S]: those behind it.</param>
    /// <param name="betaNorm">Divides <paramref name="beta"/>.</param>
    /// <param name="scratch">[S + 1].</param>
    /// <returns>The share of all blanks, and the sum of all shares.</returns>
    static abstract (double OfBlanks, double Sum) Share(Span<double> alpha, double alphaNorm, ReadOnlySpan<double> beta, double betaNorm,
        Span<double> scratch);
}
