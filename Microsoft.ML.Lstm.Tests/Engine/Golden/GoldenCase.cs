using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Golden;

/// <summary>A network, a batch and its targets as make_golden.py wrote them; the script describes the layouts.</summary>
internal record GoldenNetwork
{
    public required string Name { get; init; }

    public required CellType Cell { get; init; }

    public required int InputSize { get; init; }

    public required int HiddenSize { get; init; }

    public required int Layers { get; init; }

    public required bool Bidirectional { get; init; }

    public required Pooling Pooling { get; init; }

    public required int StaticSize { get; init; }

    public required int OutputSize { get; init; }

    public int StepsPerFrame { get; init; } = 1;

    public GoldenConvolution[] Convolutions { get; init; } = [];

    public GoldenConvolution[] InputConvolutions { get; init; } = [];

    public required int[] Lengths { get; init; }

    public required double[][] Sequences { get; init; }

    public required double[][] Statics { get; init; }

    public required double[][] Targets { get; init; }

    public required Dictionary<string, double[]> Parameters { get; init; }

    [JsonIgnore]
    public NetworkShape Shape => new()
    {
        Cell = Cell,
        InputSize = InputSize,
        HiddenSize = HiddenSize,
        Layers = Layers,
        Bidirectional = Bidirectional,
        Pooling = Pooling,
        StepsPerFrame = StepsPerFrame,
        Convolutions = new([.. Convolutions.Select(convolution => new ConvolutionShape(convolution.Filters, convolution.KernelSize))]),
        InputConvolutions = new([.. InputConvolutions.Select(convolution =>
            new InputConvolutionShape(convolution.Filters, convolution.KernelSize, convolution.Stride))]),
        StaticSize = StaticSize,
        OutputSize = OutputSize,
    };

    public override string ToString() => Name;
}

/// <summary>A network with PyTorch's results for it, the mean squared error over batch and outputs, and its gradients.</summary>
internal sealed record GoldenCase : GoldenNetwork
{
    public required double[][] Steps { get; init; }

    /// <summary>h_n, [L·D][B][H].</summary>
    public required double[][][] Hidden { get; init; }

    /// <summary>c_n, [L·D][B][H]; null for cells without one.</summary>
    public required double[][][]? CellState { get; init; }

    public required double[][] Encodings { get; init; }

    public required double[][] Outputs { get; init; }

    public required double Loss { get; init; }

    public required GoldenGradients Gradients { get; init; }

    /// <summary>The outputs by the running statistics; only of networks with convolutions.</summary>
    public double[][]? ScoredOutputs { get; init; }

    /// <summary>The running statistics after the batch; only of networks with convolutions.</summary>
    public Dictionary<string, double[]>? Running { get; init; }

    /// <summary>The gradients of another loss, which reads every step and final state; only in some cases.</summary>
    public GoldenStateGradients? StateGradients { get; init; }

    /// <summary>The cases of the cells that PyTorch has.</summary>
    public static IReadOnlyList<GoldenCase> All { get; } =
        [.. new[] { "lstm", "gru", "rnn", "fcn", "conv" }.SelectMany(cell => GoldenFile.Read<GoldenCase[]>($"{cell}.json"))];

    public static GoldenCase Find(string name) => All.Single(c => c.Name == name);
}

internal sealed record GoldenConvolution(int Filters, int KernelSize, int Stride = 1);

internal record GoldenGradients
{
    public required Dictionary<string, double[]> Parameters { get; init; }

    public required double[][] Inputs { get; init; }

    public required double[][] Statics { get; init; }
}

/// <summary>The gradients of Σ dSteps∘steps + Σ dHidden∘h_n + Σ dCellState∘c_n.</summary>
internal sealed record GoldenStateGradients : GoldenGradients
{
    public required double[][] DSteps { get; init; }

    public required double[][][] DHidden { get; init; }

    public required double[][][]? DCellState { get; init; }
}

/// <summary>A network that several optimizers train from the same start.</summary>
internal sealed record GoldenOptimizerCase : GoldenNetwork
{
    public required GoldenRun[] Runs { get; init; }

    /// <summary>The cases of optimizers.json.</summary>
    public static IReadOnlyList<GoldenOptimizerCase> All { get; } = GoldenFile.Read<GoldenOptimizerCase[]>("optimizers.json");
}

/// <summary>A few steps of an optimizer on the whole batch; the other settings are PyTorch's defaults, and momentum 0.9 for SGD.</summary>
internal sealed record GoldenRun
{
    public required string Name { get; init; }

    public required OptimizerType Optimizer { get; init; }

    public required double LearningRate { get; init; }

    public required double WeightDecay { get; init; }

    /// <summary>The norm to which longer gradients are clipped.</summary>
    public required double MaxNorm { get; init; }

    /// <summary>The loss before each step.</summary>
    public required double[] Losses { get; init; }

    /// <summary>The gradient's norm at each step, before clipping.</summary>
    public required double[] Norms { get; init; }

    /// <summary>The parameters after each step.</summary>
    public required Dictionary<string, double[]>[] Parameters { get; init; }
}

/// <summary>A language model that learns a text in pieces, the state being carried from one to the next.</summary>
internal sealed record GoldenLanguageCase
{
    public required string Name { get; init; }

    public required CellType Cell { get; init; }

    public required int EmbeddingSize { get; init; }

    public required int HiddenSize { get; init; }

    public required int Layers { get; init; }

    public required int Vocabulary { get; init; }

    public required bool Tied { get; init; }

    public required int Lanes { get; init; }

    /// <summary>The steps of a piece.</summary>
    public required int Length { get; init; }

    public required int[] Text { get; init; }

    public required Dictionary<string, double[]> Parameters { get; init; }

    public required GoldenLanguageBatch[] Batches { get; init; }

    /// <summary>The cases of language.json.</summary>
    public static IReadOnlyList<GoldenLanguageCase> All { get; } = GoldenFile.Read<GoldenLanguageCase[]>("language.json");
}

/// <summary>A piece of each lane: the mean cross-entropy, and its gradients within the piece.</summary>
internal sealed record GoldenLanguageBatch
{
    public required double Loss { get; init; }

    public required Dictionary<string, double[]> Gradients { get; init; }
}

/// <summary>Steps of a table of embeddings, by PyTorch's SparseAdam or by SGD without momentum.</summary>
internal sealed record GoldenEmbeddingCase
{
    public required string Name { get; init; }

    public required OptimizerType Optimizer { get; init; }

    public required double LearningRate { get; init; }

    public required int Rows { get; init; }

    public required int Columns { get; init; }

    public required double[] Initial { get; init; }

    public required GoldenEmbeddingStep[] Steps { get; init; }

    /// <summary>The cases of embeddings.json.</summary>
    public static IReadOnlyList<GoldenEmbeddingCase> All { get; } = GoldenFile.Read<GoldenEmbeddingCase[]>("embeddings.json");
}

/// <summary>One step: the gradients of some rows, and the whole table after it.</summary>
internal sealed record GoldenEmbeddingStep
{
    public required int[] Rows { get; init; }

    public required double[] Gradient { get; init; }

    public required double[] Table { get; init; }
}

/// <summary>PyTorch's AdaptiveLogSoftmaxWithLoss on rows with a class each; the loss is their mean.</summary>
internal sealed record GoldenAdaptiveCase
{
    public required string Name { get; init; }

    public required int Classes { get; init; }

    public required int[] Cutoffs { get; init; }

    public required double DivValue { get; init; }

    public required double[][] X { get; init; }

    public required int[] Targets { get; init; }

    public required Dictionary<string, double[]> Parameters { get; init; }

    /// <summary>ln p of each row's class.</summary>
    public required double[] Output { get; init; }

    public required double Loss { get; init; }

    /// <summary>ln p of all classes, row by row.</summary>
    public required double[][] LogProb { get; init; }

    public required Dictionary<string, double[]> Gradients { get; init; }

    public required double[][] InputGradients { get; init; }

    /// <summary>The cases of adaptive.json.</summary>
    public static IReadOnlyList<GoldenAdaptiveCase> All { get; } = GoldenFile.Read<GoldenAdaptiveCase[]>("adaptive.json");
}

internal static class GoldenFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        // A misspelt name has to fail here rather than leave a tensor untested.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static T Read<T>(string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", name));
        return JsonSerializer.Deserialize<T>(stream, Options)!;
    }
}
