namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>Rows of a buffer that follow one another.</summary>
internal readonly record struct RowSpan(int First, int Count)
{
    public int End => First + Count;
}

/// <summary>
/// A convolution over steps as a product of matrices: the steps of a sequence lie one after the other, so the window of K steps that a row
/// of y reads is K·C floats in a row, and the windows of neighbouring steps overlap in memory. Nothing is copied.
/// </summary>
internal readonly unsafe ref struct ConvolutionPass
{
    /// <summary>The first float of the window of row 0 of y.</summary>
    public float* Windows { get; init; }

    /// <summary>C: floats from one window to the next, a step of x.</summary>
    public nint WindowStep { get; init; }

    /// <summary>K·C: floats of a window.</summary>
    public int Depth { get; init; }

    /// <summary>The packed weights [K·C x vectors].</summary>
    public float* Weights { get; init; }

    /// <summary>Vectors of a row of y, which has nothing behind them.</summary>
    public int Vectors { get; init; }

    public float* Y { get; init; }

    /// <summary>The factor of each channel of y, which is then rectified: y = max(0, scale·(W·x) + shift); null for y = W·x.</summary>
    public float* Scale { get; init; }

    /// <summary>What is added to each channel of y behind its <see cref="Scale"/>.</summary>
    public float* Shift { get; init; }
}
