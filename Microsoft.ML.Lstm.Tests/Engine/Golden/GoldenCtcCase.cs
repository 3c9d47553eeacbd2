using System.Text.Json;

namespace Microsoft.ML.Lstm.Tests.Engine.Golden;

/// <summary>Outputs and a label with PyTorch's loss of connectionist temporal classification and its gradient.</summary>
internal sealed record GoldenCtcCase
{
    public required string Name { get; init; }

    public required int Size { get; init; }

    public required int[] Label { get; init; }

    public required double[] Outputs { get; init; }

    public required double Loss { get; init; }

    public required double[] Gradient { get; init; }

    public static GoldenCtcCase[] All { get; } = JsonSerializer.Deserialize<GoldenCtcCase[]>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "ctc.json")), JsonSerializerOptions.Web)!;
}
