using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>Warnings in the log of an MLContext.</summary>
internal static class HostWarning
{
    /// <param name="host">Whose log it is.</param>
    /// <param name="channelName">What was going on.</param>
    /// <param name="message">The warning.</param>
    public static void Write(IChannelProvider host, string channelName, string message)
    {
        using IChannel channel = host.Start(channelName);
        channel.Warning(message);
    }
}
