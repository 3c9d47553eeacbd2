using Microsoft.ML.Data;

namespace CellInsight;

/// <summary>A sequence of which one step is marked, as a line of a file.</summary>
internal sealed class MarkedSequence
{
    /// <summary>The number at the marked step, which is to be told at the end.</summary>
    public float Marked { get; set; }

    public float[] Numbers { get; set; } = [];

    /// <summary>1 at the marked step, else 0.</summary>
    public float[] Marks { get; set; } = [];
}

/// <summary>The same as a trainer reads it.</summary>
internal sealed class Recall
{
    public const int Features = 2;

    public float Label { get; set; }

    /// <summary>A number and its mark a step.</summary>
    [VectorType]
    public float[] Steps { get; set; } = [];

    public int MarkedStep { get; set; }

    /// <summary>
    /// Sequences in which somewhere in the first fifth a number is marked. All numbers are noise, so that what is to be told has to be
    /// taken in when it comes and kept until the end. Who remembers it is never wrong; who does not is off by 0.29, the noise's deviation.
    /// </summary>
    public static IEnumerable<MarkedSequence> Make()
    {
        const int sequences = 2000, steps = 40;
        var random = new Random(1);
        for (int i = 0; i < sequences; i++)
        {
            float[] numbers = [.. Enumerable.Range(0, steps).Select(_ => random.NextSingle())], marks = new float[steps];
            int marked = random.Next(steps / 5);
            marks[marked] = 1;
            yield return new MarkedSequence { Marked = numbers[marked], Numbers = numbers, Marks = marks };
        }
    }

    /// <exception cref="InvalidDataException">A sequence has more numbers than marks, or none is marked.</exception>
    public static Recall Of(MarkedSequence sequence, int row)
    {
        int marked = Array.IndexOf(sequence.Marks, 1);
        return sequence.Numbers.Length == sequence.Marks.Length && marked >= 0
            ? new Recall
            {
                Label = sequence.Marked,
                Steps = [.. sequence.Numbers.Zip(sequence.Marks, (number, mark) => new[] { number, mark }).SelectMany(step => step)],
                MarkedStep = marked,
            }
            : throw new InvalidDataException($"Row {row + 1} below the header has {sequence.Numbers.Length} numbers and "
                + $"{sequence.Marks.Length} marks; expected as many of both, and a mark of 1.");
    }
}

/// <summary>What a cell did with a sequence, and what its result comes from.</summary>
internal sealed class Insight
{
    public float[] Gates { get; set; } = [];

    public float[] StepAttribution { get; set; } = [];
}
