using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Benchmarks;

/// <summary>
/// A network and a batch to measure: B sequences of T steps of I features, L layers of H units, one output from the last
/// hidden state, or from the mean over the steps when the network is bidirectional, so that both directions run in full.
/// With a vocabulary of V words it is a language model: the features are the embedding of a step's word, and each step has
/// an output for each word that may come next, or with an adaptive softmax one for each frequent word and for two clusters of rarer ones.
/// One that writes is an encoder of T words and a decoder of T words, the end being one, with attention; both know V words.
/// </summary>
internal sealed record Shape(string Name, int B, int T, int I, int H, int L, bool Bidirectional = false, int V = 0, bool IsAdaptive = false,
    bool Writes = false, bool FeedsInput = false)
{
    // Of all words of a text, the share that the most frequent ones make up, and those with the first cluster of rarer ones.
    private static readonly double[] Covered = [0.8, 0.95];

    /// <summary>
    /// The shapes that are measured: small to large, then one sequence alone as streaming prediction has it, then language models, then
    /// an encoder and its decoder, with input feeding, as is the default, and without, so that no step waits for the attention of another.
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
        new("LMA", B: 20, T: 35, I: 200, H: 200, L: 2, V: 10_000, IsAdaptive: true),
        new("LM50", B: 20, T: 35, I: 200, H: 200, L: 2, V: 50_000),
        new("LM50A", B: 20, T: 35, I: 200, H: 200, L: 2, V: 50_000, IsAdaptive: true),
        new("SEQ", B: 32, T: 20, I: 256, H: 256, L: 1, Bidirectional: true, V: 1000, Writes: true, FeedsInput: true),
        new("SEQ0", B: 32, T: 20, I: 256, H: 256, L: 1, Bidirectional: true, V: 1000, Writes: true),
    ];

    public static Shape Find(string name) => All.First(shape => shape.Name == name);

    public bool IsLanguageModel => V > 0 && !Writes;

    /// <summary>Whether a step is a word.</summary>
    public bool ReadsWords => V > 0;

    /// <summary>
    /// What is measured. One sequence alone is a matter of time rather than of throughput, and is not trained; what reads words is only
    /// trained.
    /// </summary>
    public IReadOnlyList<Work> Works => B == 1 ? [Work.Inference] : ReadsWords ? [Work.Training] : [Work.Training, Work.Inference];

    public NetworkShape Network => new()
    {
        Cell = CellType.Lstm,
        InputSize = I,
        // Row 0 of the table, the unknown word, is one of the V.
        Embeddings = ReadsWords ? new ValueList<EmbeddingShape>(new EmbeddingShape(V - 1, I)) : default,
        Head = Writes ? Head.SequenceToSequence : IsLanguageModel ? Head.EveryStep : Head.Pooled,
        Target = Writes ? Target : null,
        HiddenSize = H,
        Layers = L,
        Bidirectional = Bidirectional,
        Pooling = Bidirectional && !Writes ? Pooling.Mean : Pooling.Last,
        // What writes begins with h and c.
        OutputSize = Writes ? 2 * H * L : Math.Max(V, 1),
        AdaptiveSoftmax = IsAdaptive
            ? AdaptiveSoftmaxShape.ByFrequency([.. Enumerable.Range(0, V).Select(word => (long)V - word)],
                [.. Covered.Select(share => (int)Math.Pow(V, share))], H, factor: 4)
            : null,
    };

    /// <summary>The decoder of a shape that writes. The unknown word is no word to write; the end is.</summary>
    public TargetShape Target => new(new EmbeddingShape(V - 1, I) { HasBoundary = true }, H, L, SourceAttention.General, FeedsInput);

    /// <summary>
    /// The usual count: 2·4H·(I + H)·B·T a layer and direction, 2·H·V·B·T for the words of a language model, and three times that
    /// for training. A head of one output and the gates' arithmetic do not count; of an adaptive softmax a cluster counts for the share of
    /// words that are in it. A decoder's looks at the source are its products with all steps, and those with the learned matrices.
    /// </summary>
    public double Operations(Work work)
    {
        NetworkShape network = Network;
        double sum = IsLanguageModel ? 2.0 * H * network.HeadOutputSize * B * T : 0;
        if (network.Target is not null && network.Decoder is { } decoder)
        {
            int source = network.EncodingSize;
            sum += 2.0 * B * T * (H * V + (double)H * source + H * (H + source) + T * (H + source));
            for (int layer = 0; layer < L; layer++)
                sum += 2.0 * 4 * H * (decoder.LayerInputSize(layer) + H) * B * T;
        }
        for (int i = 0; i < network.AdaptiveSoftmax?.Tails.Count; i++)
        {
            (KeySubset words, int size) = network.AdaptiveSoftmax.Tails[i];
            double share = (i + 1 < Covered.Length ? Covered[i + 1] : 1) - Covered[i];
            sum += 2.0 * size * (H + words.Count) * B * T * share;
        }
        for (int layer = 0; layer < L; layer++)
            sum += 2.0 * 4 * H * (network.LayerInputSize(layer) + H) * B * T * network.Directions;
        return work == Work.Training ? 3 * sum : sum;
    }

    public override string ToString()
        => $"{Name}: B {B}, T {T}, I {I}, H {H}, {L} "
            + $"layer{(L == 1 ? "" : "s")}{(Bidirectional ? ", bidirectional" : "")}{(ReadsWords ? $", V {V}" : "")}"
            + (IsAdaptive ? ", adaptive softmax" : "")
            + (Writes ? $", and a decoder with attention{(FeedsInput ? " and input feeding" : "")}" : "");
}

/// <summary>What is measured.</summary>
internal enum Work
{
    /// <summary>Forward, loss, backward, clipping to a norm of 1, an update by Adam, and packing the new weights.</summary>
    Training,

    /// <summary>Forward alone.</summary>
    Inference,
}
