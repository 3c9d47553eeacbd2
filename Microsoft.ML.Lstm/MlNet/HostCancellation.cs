using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

internal static class HostCancellation
{
    /// <summary>Throws an <see cref="OperationCanceledException"/> once the host's MLContext was told to cancel what it executes.</summary>
    public static void ThrowIfCanceled(this IHost host) => host.CheckAlive();
}
