namespace Dialogue;

/// <summary>
/// Conversations in a café that has five drinks in two sizes and opens at other hours each day. A question that goes on from the one before
/// ("and a large one?") has an answer only together with it.
/// </summary>
internal sealed class Cafe(Random random)
{
    // The price of a small one and of a large one.
    private static readonly (string Name, string Small, string Large, string Inside)[] Drinks =
    [
        ("coffee", "2.20", "2.90", "coffee beans and water"),
        ("tea", "1.90", "2.40", "green tea and water"),
        ("chocolate", "2.80", "3.50", "cocoa, milk and sugar"),
        ("lemonade", "2.50", "3.10", "lemons, water and honey"),
        ("cappuccino", "2.70", "3.30", "coffee beans and milk"),
    ];

    private static readonly (string Name, string Opens, string Closes)[] Days =
    [
        ("monday", "8:00", "18:00"), ("tuesday", "8:00", "19:00"), ("wednesday", "9:00", "18:00"), ("thursday", "8:00", "21:00"),
        ("friday", "8:00", "22:00"), ("saturday", "10:00", "23:00"), ("sunday", "10:00", "17:00"),
    ];

    private enum Topic
    {
        Price,
        Inside,
        Opening,
        Closing,
    }

    public static IEnumerable<Conversation> MakeUp()
    {
        var cafe = new Cafe(new Random(1));
        return Enumerable.Range(0, 1500).Select(_ => cafe.Make());
    }

    /// <summary>Two to four questions with their answers, of which each goes on from those before.</summary>
    private Conversation Make()
    {
        List<string> lines = [];
        Topic topic = default;
        int drink = 0, day = 0;
        bool isLarge = false;
        for (int turn = random.Next(2, 5); turn > 0; turn--)
        {
            bool goesOn = lines.Count > 0 && random.Next(4) != 0;
            if (!goesOn)
            {
                (topic, drink, day, isLarge) = ((Topic)random.Next(4), random.Next(Drinks.Length), random.Next(Days.Length),
                    random.Next(2) == 0);
                lines.Add(Ask(topic, drink, day, isLarge));
            }
            else if (topic == Topic.Price && random.Next(2) == 0)
            {
                isLarge = !isLarge;
                lines.Add(Pick("and a * one?", "and for a * one?").Replace("*", SizeOf(isLarge), StringComparison.Ordinal));
            }
            else if (topic is Topic.Price or Topic.Inside)
            {
                drink = random.Next(Drinks.Length);
                lines.Add(Pick("and the *?", "what about the *?").Replace("*", Drinks[drink].Name, StringComparison.Ordinal));
            }
            else
            {
                day = random.Next(Days.Length);
                lines.Add(Pick("and on *?", "what about *?", "* too?").Replace("*", Days[day].Name, StringComparison.Ordinal));
            }
            lines.Add(Answer(topic, drink, day, isLarge));
        }
        return new Conversation([.. lines]);
    }

    private string Ask(Topic topic, int drink, int day, bool isLarge) => topic switch
    {
        Topic.Price => Pick($"how much is a {SizeOf(isLarge)} {Drinks[drink].Name}?",
            $"what does a {SizeOf(isLarge)} {Drinks[drink].Name} cost?",
            $"a {SizeOf(isLarge)} {Drinks[drink].Name}, how much would it be?"),
        Topic.Inside => Pick($"what is in the {Drinks[drink].Name}?", $"what do you make the {Drinks[drink].Name} of?"),
        Topic.Opening => Pick($"when do you open on {Days[day].Name}?", $"from when are you there on {Days[day].Name}?"),
        _ => Pick($"when do you close on {Days[day].Name}?", $"until when are you there on {Days[day].Name}?"),
    };

    private static string Answer(Topic topic, int drink, int day, bool isLarge) => topic switch
    {
        Topic.Price => $"a {SizeOf(isLarge)} {Drinks[drink].Name} is {(isLarge ? Drinks[drink].Large : Drinks[drink].Small)} euros.",
        Topic.Inside => $"we make the {Drinks[drink].Name} of {Drinks[drink].Inside}.",
        Topic.Opening => $"on {Days[day].Name} we open at {Days[day].Opens}.",
        _ => $"on {Days[day].Name} we close at {Days[day].Closes}.",
    };

    private static string SizeOf(bool isLarge) => isLarge ? "large" : "small";

    private string Pick(params string[] texts) => texts[random.Next(texts.Length)];
}
