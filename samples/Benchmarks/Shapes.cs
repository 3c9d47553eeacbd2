using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Network;

namespace Benchmarks;

/// <summary>
/// A network and a batch to measure: B sequences of T steps of I features, L layers of H units, one output from the last
/// hidden state, or from the mean over the steps when the network is bidirectional, so that both directions run in full.
/// </summary>
internal sealed record Shape(string Name, int B, int T, int I, int H, int L, bool Bidirectional = false)
{
    /// <summary>The shapes that are measured, small to large, then one sequence alone as streaming prediction has it.</summary>
    public static IReadOnlyList<Shape> All { get; } =
    [
        new("S", B: 32, T: 32, I: 16, H: 64, L: 1),
        new("M", B: 64, T: 64, I: 64, H: 128, L: 2),
        new("L", B: 64, T: 100, I: 128, H: 256, L: 2),
        new("X", B: 32, T: 50, I: 512, H: 512, L: 2),
        new("BI", B: 64, T: 64, I: 64, H: 128, L: 1, Bidirectional: true),
        new("O64", B: 1, T: 64, I: 16, H: 64, L: 1),
        new("O256", B: 1, T: 64, I: 64, H: 256, L: 1),
    ];

    public static Shape Find(string name) => All.First(shape => shape.Name == name);

    /// <summary>Whether it is a matter of time rather than of throughput; such a shape is not trained.</summary>
    public bool IsOnline => B == 1;

    public NetworkShape Network => new()
    {
        Cell = CellType.Lstm,
        InputSize = I,
        HiddenSize = H,
        Layers = L,
        Bidirectional = Bidirectional,
        Pooling = Bidirectional ? Pooling.Mean : Pooling.Last,
        OutputSize = 1,
    };

    /// <summary>The usual count: 2·4H·(I + H)·B·T a layer and direction, and three times that for training. The head and the gates' arithmetic do not count.</summary>
    public double Operations(Work work)
    {
        NetworkShape network = Network;
        double sum = 0;
        for (int layer = 0; layer < L; layer++)
            sum += 2.0 * 4 * H * (network.LayerInputSize(layer) + H) * B * T * network.Directions;
        return work == Work.Training ? 3 * sum : sum;
    }

    public override string ToString()
        => $"{Name}: B {B}, T {T}, I {I}, H {H}, {L} layer{(L == 1 ? "" : "s")}{(Bidirectional ? ", bidirectional" : "")}";
}

/// <summary>What is measured.</summary>
internal enum Work
{
    /// <summary>Forward, mean squared error, backward, clipping to a norm of 1, an update by Adam, and packing the new weights.</summary>
    Training,

    /// <summary>Forward alone.</summary>
    Inference,
}
