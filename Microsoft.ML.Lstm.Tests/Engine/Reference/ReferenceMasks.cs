namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The factors of dropout for one sequence, each 0 or 1 / (1 − rate).</summary>
/// <param name="Inputs">[I], for the features of every step.</param>
/// <param name="States">[L·D][H], for the h that a direction's recurrent product reads at every step.</param>
/// <param name="Layers">[L − 1][T][D·H], for the h that the layer above reads.</param>
/// <param name="Output">[D·H], for the encoding that the head reads.</param>
internal sealed record ReferenceMasks(double[] Inputs, double[][] States, double[][][] Layers, double[] Output)
{
    public static double[] Multiply(double[] values, double[]? mask)
        => mask is null ? values : [.. values.Zip(mask, (value, factor) => value * factor)];

    /// <summary>The mask of the features that layer <paramref name="layer"/> reads at step <paramref name="step"/>.</summary>
    public double[] InputOf(int layer, int step) => layer == 0 ? Inputs : Layers[layer - 1][step];
}
