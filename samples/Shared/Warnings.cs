using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace Shared;

/// <summary>The warnings of trainers and models, which only go to the log of an MLContext.</summary>
internal static class Warnings
{
    /// <summary>Prints warnings from now on.</summary>
    public static void Print(MLContext ml) => ml.Log += (_, entry) =>
    {
        if (entry.Kind == ChannelMessageKind.Warning)
            Console.Error.WriteLine($"Warning: {entry.RawMessage}");
    };
}
