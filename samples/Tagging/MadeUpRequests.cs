using Accuracy.Data;

namespace Tagging;

/// <summary>
/// Random requests to a travel agency, with places and times marked in IOB2: B- begins one, I- continues it, O is everything else. The
/// words around a town tell whether it is the origin or the destination.
/// </summary>
internal static class MadeUpRequests
{
    private static readonly string[] Towns = ["paris", "london", "new york", "rio de janeiro", "oslo", "san francisco", "cape town", "rome",
        "tokyo", "mexico city", "lima", "new delhi"];
    private static readonly string[] Times = ["monday", "tomorrow morning", "next friday", "the first of may", "tonight", "early on sunday",
        "christmas eve"];
    private static readonly string[] Carriers = ["train", "plane", "night bus", "ferry", "car"];

    // A word in brackets is a slot.
    private static readonly string[] Patterns =
    [
        "i want to go from [from] to [to] [time]",
        "book me a [by] to [to] for [time] please",
        "is there a [by] from [from] [time]",
        "to [to] [time] by [by] if you can",
        "we leave [from] [time] and have to be in [to] the day after",
        "how long does the [by] take from [from] to [to]",
        "what does it cost to get to [to] from [from] by [by]",
        "[time] i have to leave [from]",
        "how do i get out of [from] [time]",
        "anything that arrives in [to] [time]",
    ];

    public static IEnumerable<Sentence> Make(int count, Random random)
    {
        for (int i = 0; i < count; i++)
        {
            var words = new List<string>();
            var labels = new List<string>();
            foreach (string word in Pick(Patterns).Split(' '))
            {
                bool isSlot = word[0] == '[';
                string slot = word.Trim('[', ']');
                string[] values = (isSlot ? Pick(slot switch { "from" or "to" => Towns, "time" => Times, _ => Carriers }) : word)
                    .Split(' ');
                words.AddRange(values);
                labels.AddRange(values.Select((_, t) => isSlot ? (t == 0 ? "B-" : "I-") + slot : "O"));
            }
            yield return new Sentence([[.. words], [.. labels]]);
        }

        string Pick(string[] texts) => texts[random.Next(texts.Length)];
    }
}
