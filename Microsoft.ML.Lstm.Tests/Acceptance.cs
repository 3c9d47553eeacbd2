namespace Microsoft.ML.Lstm.Tests;

/// <summary>Long checks: CI does a few rounds of each, build/accept.sh all of them.</summary>
internal static class Acceptance
{
    /// <summary>Whether build/accept.sh runs the tests.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("LSTM_ACCEPTANCE") == "1";

    /// <summary>How often to do something: <paramref name="few"/> times in CI, <paramref name="many"/> times in build/accept.sh.</summary>
    public static int Count(int few, int many) => IsFull ? many : few;
}
