using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxRoundTrip;

/// <summary>How fast rows are scored.</summary>
internal static class Speed
{
    /// <summary>The rows a second in the best of five passes over the scores.</summary>
    public static double RowsPerSecond<T>(IDataView scored) => Enumerable.Range(0, 5).Max(_ =>
    {
        long start = Stopwatch.GetTimestamp();
        int rows = scored.GetColumn<T>("Score").Count();
        return rows / Stopwatch.GetElapsedTime(start).TotalSeconds;
    });
}
