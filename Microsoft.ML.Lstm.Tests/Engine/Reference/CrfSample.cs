using Microsoft.ML.Lstm.Engine.Decoding;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>A random field, a sequence and its labels, for the library and, with the same numbers, for the reference.</summary>
internal sealed class CrfSample
{
    private readonly Random _random;

    /// <param name="labels">L.</param>
    /// <param name="steps">T.</param>
    /// <param name="transitionScale">How far start, end and transitions lie from 0.</param>
    /// <param name="emissionScale">How far emissions lie from 0.</param>
    /// <param name="whole">Whole numbers only, so that scores can be equal.</param>
    /// <param name="seed">The seed of the numbers.</param>
    public CrfSample(int labels, int steps, double transitionScale = 1, double emissionScale = 1, bool whole = false, int seed = 1)
    {
        _random = new Random(seed);
        Transitions = Draw(labels * labels, transitionScale, whole);
        Start = Draw(labels, transitionScale, whole);
        End = Draw(labels, transitionScale, whole);
        Emissions = Draw(steps * labels, emissionScale, whole);
        Path = [.. Enumerable.Range(0, steps).Select(_ => _random.Next(labels))];
        PartlyKnown = [.. Path.Select(y => _random.Next(2) == 0 ? y : -1)];
        Crf = new LinearChainCrf(labels);
        Crf.Pack(Transitions, Start, End);
        Runner = new CrfRunner(Crf);
        Reference = new ReferenceCrf(labels, Widen(Transitions), Widen(Start), Widen(End));
        WideEmissions = Widen(Emissions);
    }

    public float[] Transitions { get; }

    public float[] Start { get; }

    public float[] End { get; }

    public float[] Emissions { get; }

    public int[] Path { get; }

    /// <summary><see cref="Path"/> with every other label missing, on average.</summary>
    public int[] PartlyKnown { get; }

    public LinearChainCrf Crf { get; }

    public CrfRunner Runner { get; }

    public ReferenceCrf Reference { get; }

    public double[] WideEmissions { get; }

    /// <summary>The gradients of the library's loss with respect to the emissions, the transitions, the start and the end.</summary>
    public (float[] Emissions, float[] Transitions, float[] Start, float[] End) Gradients(int[] known, double weight = 1)
    {
        var gradients = (Emissions: new float[Emissions.Length], Transitions: new float[Transitions.Length], Start: new float[Start.Length],
            End: new float[End.Length]);
        Runner.LossAndGradients(Emissions, known, weight, gradients.Emissions, gradients.Transitions, gradients.Start, gradients.End);
        return gradients;
    }

    public static double[] Widen(float[] values) => [.. values.Select(x => (double)x)];

    private float[] Draw(int count, double scale, bool whole)
        => [.. Enumerable.Range(0, count).Select(_ => scale * (2 * _random.NextDouble() - 1))
            .Select(x => (float)(whole ? Math.Round(x) : x))];
}
