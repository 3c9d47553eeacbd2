namespace SentimentAnalysis;

/// <summary>
/// Random reviews of films, books and places. Every word is as frequent in good reviews as in bad ones, because half of the opinions are
/// negated. So only the order of words tells: counting words does no better than chance.
/// </summary>
internal static class MadeUpReviews
{
    private static readonly string[] Things = ["film", "book", "hotel", "dinner", "concert", "tour", "album", "play", "room", "soup"];
    private static readonly string[] Good = ["good", "great", "wonderful", "funny", "lovely", "charming", "brilliant", "delightful"];
    private static readonly string[] Bad = ["bad", "dull", "awful", "boring", "horrible", "dreadful", "tedious", "poor"];
    private static readonly string[] Openings = ["to be honest", "as far as i can tell", "after all that was said", "for once",
        "all in all", "my sister says that"];
    private static readonly string[] Closings = ["and that is all i have to say", "whatever they write about it", "as everybody told us",
        "this time", "from the beginning to the end", "if you ask me"];

    public static IEnumerable<Review> Make(int count, Random random)
    {
        for (int i = 0; i < count; i++)
        {
            bool isGood = random.Next(2) == 0, isDenied = random.Next(2) == 0;
            string adjective = Pick(isGood != isDenied ? Good : Bad);
            string verdict = isDenied
                ? Pick(["was not {0} at all", "was never {0}", "was anything but {0}", "was not even {0}"])
                : Pick(["was {0}", "was really {0}", "was as {0} as ever", "was simply {0}"]);
            yield return new Review
            {
                Label = isGood,
                Text = $"{Maybe(Openings)} the {Pick(Things)} "
                    + $"{string.Format(System.Globalization.CultureInfo.InvariantCulture, verdict, adjective)} {Maybe(Closings)}".Trim(),
            };
        }

        string Pick(string[] words) => words[random.Next(words.Length)];
        string Maybe(string[] words) => random.Next(2) == 0 ? "" : Pick(words);
    }
}
