namespace Shared;

/// <summary>Numbers of a normal distribution.</summary>
internal static class Normal
{
    /// <summary>Draws a number of mean 0 and deviation 1 (Box and Muller 1958).</summary>
    public static double NextNormal(this Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
}
