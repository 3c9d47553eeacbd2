namespace Dialogue;

/// <summary>
/// What a program without a model does: it gives the answer that was given where the same was said, or as much of the same as anywhere. A
/// word and the one behind it are compared, and what was said last counts more.
/// </summary>
internal sealed class NearestTurn(Turn[] turns)
{
    private const double Fading = 0.9;

    private readonly Dictionary<string, double>[] _known = [.. turns.Select(turn => Weigh(turn.Heard))];

    public string[] Answer(Turn turn)
    {
        Dictionary<string, double> heard = Weigh(turn.Heard);
        return turns[Enumerable.Range(0, turns.Length).MaxBy(i => Likeness(heard, _known[i]))].Answer;
    }

    private static Dictionary<string, double> Weigh(string[] words)
    {
        var weights = new Dictionary<string, double>();
        for (int i = 0; i < words.Length; i++)
        {
            string pair = i == 0 ? words[0] : $"{words[i - 1]} {words[i]}";
            weights[pair] = Math.Pow(Fading, words.Length - i);
        }
        return weights;
    }

    // Jaccard's likeness of weighted sets.
    private static double Likeness(Dictionary<string, double> one, Dictionary<string, double> other)
    {
        double common = one.Sum(pair => Math.Min(pair.Value, other.GetValueOrDefault(pair.Key)));
        return common / (one.Values.Sum() + other.Values.Sum() - common);
    }
}
