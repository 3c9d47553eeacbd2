using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Benchmarks;

/// <summary>
/// A network and a batch to measure: B sequences of T steps of I features, L layers of H units, one output from the last
/// hidden state, or from the mean over the steps when the network is bidirectional, so that both directions run in full.
/// With a vocabulary of V words it is a language model: the features are the embedding of a step's word, and each step has
/// an output for each word that may come next.
/// </summary>
internal sealed record Shape(string Name, int B, int T, int I, int H, int L, bool Bidirectional = false, int V = 0)
{
    /// <summary>
    /// The shapes that are measured: small to large, then one sequence alone as streaming prediction has it, then a language model.
    /// </summary>
    public static IReadOnlyList<Shape> All { get; } =
    [
        new("S", B: 32, T: 32, I: 16, H: 64, L: 1),
        new("M", B: 64, T: 64, I: 64, H: 128, L: 2),
        new("L", B: 64, T: 100, I: 128, H: 256, L: 2),
        new("X", B: 32, T: 50, I: 512, H: 512, L: 2),
        new("BI", B: 64, T: 64, I: 64, H: 128, L: 1, Bidirectional: true),
        new("O64", B: 1, T: 64, I: 16, H: 64, L: 1),
        new("O256", B: 1, T: 64, I: 64, H: 256, L: 1),
        new("LM", B: 20, T: 35, I: 200, H: 200, L: 2, V: 10_000),
    ];

    public static Shape Find(string name) => All.First(shape => shape.Name == name);

    public bool IsLanguageModel => V > 0;

    /// <summary>
    /// What is measured. One sequence alone is a matter of time rather than of throughput, and is not trained; a language model is only
    /// trained.
    /// </summary>
    public IReadOnlyList<Work> Works => B == 1 ? [Work.Inference] : IsLanguageModel ? [Work.Training] : [Work.Training, Work.Inference];

    public NetworkShape Network => new()
    {
        Cell = CellType.Lstm,
        InputSize = I,
        // Row 0 of the table, the unknown word, is one of the V.
        Embeddings = IsLanguageModel ? new ValueList<EmbeddingShape>(new EmbeddingShape(V - 1, I)) : default,
        Head = IsLanguageModel ? Head.EveryStep : Head.Pooled,
        HiddenSize = H,
        Layers = L,
        Bidirectional = Bidirectional,
        Pooling = Bidirectional ? Pooling.Mean : Pooling.Last,
        OutputSize = Math.Max(V, 1),
    };

    /// <summary>
    /// The usual count: 2·4H·(I + H)·B·T a layer and direction, 2·H·V·B·T for the words of a language model, and three times that
    /// for training. A head of one output and the gates' arithmetic do not count.
    /// </summary>
    public double Operations(Work work)
    {
        NetworkShape network = Network;
        double sum = 2.0 * H * V * B * T;
        for (int layer = 0; layer < L; layer++)
            sum += 2.0 * 4 * H * (network.LayerInputSize(layer) + H) * B * T * network.Directions;
        return work == Work.Training ? 3 * sum : sum;
    }

    public override string ToString()
        => $"{Name}: B {B}, T {T}, I {I}, H {H}, {L} "
            + $"layer{(L == 1 ? "" : "s")}{(Bidirectional ? ", bidirectional" : "")}{(IsLanguageModel ? $", V {V}" : "")}";
}

/// <summary>What is measured.</summary>
internal enum Work
{
    /// <summary>Forward, loss, backward, clipping to a norm of 1, an update by Adam, and packing the new weights.</summary>
    Training,

    /// <summary>Forward alone.</summary>
    Inference,
}
