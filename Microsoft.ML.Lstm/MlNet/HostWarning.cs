using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>Warnings in the log of an MLContext.</summary>
internal static class HostWarning
{
    /// <param name="host">The owner of the log.</param>
    /// <param name="channelName">The source of the warning, for the log.</param>
    /// <param name="message">The warning.</param>
    public static void Write(IChannelProvider host, string channelName, string message)
    {
        using IChannel channel = host.Start(channelName);
        channel.Warning(message);
    }
}
