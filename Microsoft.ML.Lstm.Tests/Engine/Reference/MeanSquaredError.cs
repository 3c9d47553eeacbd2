namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>Σ (y − target)² / (B·O) and its gradient 2·(y − target) / (B·O).</summary>
internal static class MeanSquaredError
{
    public static double Of(double[][] outputs, double[][] targets)
        => outputs.SelectMany((y, b) => y.Select((yo, o) => (yo - targets[b][o]) * (yo - targets[b][o]))).Average();

    public static double[][] Gradient(double[][] outputs, double[][] targets)
        => [.. outputs.Select((y, b) => y.Select((yo, o) => 2 * (yo - targets[b][o]) / (outputs.Length * y.Length)).ToArray())];
}
