using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace Shared;

/// <summary>What trainers and models warn of, which goes to the log of an MLContext and nowhere else.</summary>
internal static class Warnings
{
    /// <summary>Prints them from now on.</summary>
    public static void Print(MLContext ml) => ml.Log += (_, entry) =>
    {
        if (entry.Kind == ChannelMessageKind.Warning)
            Console.Error.WriteLine($"Warning: {entry.RawMessage}");
    };
}
