using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Golden;

/// <summary>An encoder and its decoder with PyTorch's results, as make_sequences.py wrote them; the script describes the layouts.</summary>
internal sealed record GoldenSequenceToSequence
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web) { Converters = { new JsonStringEnumConverter() } };

    public required string Name { get; init; }

    public required CellType Cell { get; init; }

    public required int InputSize { get; init; }

    public required int HiddenSize { get; init; }

    public required bool Bidirectional { get; init; }

    public required SourceAttention Attention { get; init; }

    public required bool InputFeeding { get; init; }

    public required bool Tied { get; init; }

    public required int Vocabulary { get; init; }

    public required int EmbeddingSize { get; init; }

    public required int TargetHiddenSize { get; init; }

    public required int TargetLayers { get; init; }

    public required int[] Lengths { get; init; }

    public required double[][] Sequences { get; init; }

    public required int[][] Labels { get; init; }

    public required Dictionary<string, double[]> Parameters { get; init; }

    public required double[][] Outputs { get; init; }

    public required double[][] Alphas { get; init; }

    public required double[][] DOutputs { get; init; }

    public required Dictionary<string, double[]> Gradients { get; init; }

    public required double[][] InputGradients { get; init; }

    public static GoldenSequenceToSequence[] All { get; } = JsonSerializer.Deserialize<GoldenSequenceToSequence[]>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "sequences.json")), Json)!;

    [JsonIgnore]
    public NetworkShape Shape
    {
        get
        {
            var target = new TargetShape(new EmbeddingShape(Vocabulary, EmbeddingSize) { HasBoundary = true }, TargetHiddenSize,
                TargetLayers, Attention, InputFeeding)
            {
                TiesHead = Tied,
            };
            var shape = new NetworkShape
            {
                Cell = Cell,
                InputSize = InputSize,
                HiddenSize = HiddenSize,
                Bidirectional = Bidirectional,
                Head = Head.SequenceToSequence,
                Target = target,
                OutputSize = 1,
            };
            return shape with { OutputSize = shape.StateSizeOf(target) };
        }
    }
}
