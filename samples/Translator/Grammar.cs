namespace Translator;

/// <summary>
/// English sentences with their French translation, by a small grammar. French does much that English does not: nouns have a gender that
/// articles and adjectives follow, most adjectives stand behind the noun, verbs have a form for each person, pronouns stand before the
/// verb, the negation around it, and vowels swallow the one before.
/// </summary>
internal sealed class Grammar(Random random)
{
    private static readonly (string English, string Plural, string French, string Several, bool IsFeminine, bool CanAct)[] Nouns =
    [
        ("cat", "cats", "chat", "chats", false, true),
        ("dog", "dogs", "chien", "chiens", false, true),
        ("bird", "birds", "oiseau", "oiseaux", false, true),
        ("girl", "girls", "fille", "filles", true, true),
        ("boy", "boys", "garçon", "garçons", false, true),
        ("woman", "women", "femme", "femmes", true, true),
        ("child", "children", "enfant", "enfants", false, true),
        ("house", "houses", "maison", "maisons", true, false),
        ("car", "cars", "voiture", "voitures", true, false),
        ("book", "books", "livre", "livres", false, false),
        ("apple", "apples", "pomme", "pommes", true, false),
        ("tree", "trees", "arbre", "arbres", false, false),
        ("flower", "flowers", "fleur", "fleurs", true, false),
        ("hat", "hats", "chapeau", "chapeaux", false, false),
    ];

    // Masculine, feminine; before the noun or behind it.
    private static readonly (string English, string Masculine, string Feminine, bool StandsBefore)[] Adjectives =
    [
        ("small", "petit", "petite", true),
        ("big", "grand", "grande", true),
        ("young", "jeune", "jeune", true),
        ("black", "noir", "noire", false),
        ("white", "blanc", "blanche", false),
        ("green", "vert", "verte", false),
        ("red", "rouge", "rouge", false),
    ];

    // With je, tu, il, nous, ils: the present, the beginning of the future, and the participle.
    private static readonly (string English, string Third, string Past, string[] French, string Future, string Participle)[] Verbs =
    [
        ("see", "sees", "saw", ["vois", "vois", "voit", "voyons", "voient"], "verr", "vu"),
        ("find", "finds", "found", ["trouve", "trouves", "trouve", "trouvons", "trouvent"], "trouver", "trouvé"),
        ("love", "loves", "loved", ["aime", "aimes", "aime", "aimons", "aiment"], "aimer", "aimé"),
        ("want", "wants", "wanted", ["veux", "veux", "veut", "voulons", "veulent"], "voudr", "voulu"),
        ("draw", "draws", "drew", ["dessine", "dessines", "dessine", "dessinons", "dessinent"], "dessiner", "dessiné"),
        ("buy", "buys", "bought", ["achète", "achètes", "achète", "achetons", "achètent"], "achèter", "acheté"),
        ("forget", "forgets", "forgot", ["oublie", "oublies", "oublie", "oublions", "oublient"], "oublier", "oublié"),
    ];

    private static readonly string[] FutureEnds = ["ai", "as", "a", "ons", "ont"];
    private static readonly string[] Have = ["ai", "as", "a", "avons", "ont"];

    private static readonly (string English, string French, int Person)[] Pronouns =
        [("I", "je", 0), ("you", "tu", 1), ("he", "il", 2), ("she", "elle", 2), ("we", "nous", 3), ("they", "ils", 4)];

    private static readonly (string English, string French)[] ObjectPronouns = [("him", "le"), ("her", "la"), ("them", "les")];

    private static readonly (string English, string French)[] Times = [("today", "aujourd'hui"), ("in the garden", "dans le jardin")];

    public static IEnumerable<(string English, string French)> MakeUp()
    {
        var grammar = new Grammar(new Random(1));
        return Enumerable.Range(0, 5000).Select(_ => grammar.Make()).Distinct();
    }

    private (string English, string French) Make()
    {
        (string subject, string sujet, int person) = Pronouns[random.Next(Pronouns.Length)];
        if (random.Next(2) == 0)
        {
            (subject, sujet, bool isPlural) = Thing(canAct: true);
            person = isPlural ? 4 : 2;
        }
        var thing = ObjectPronouns[random.Next(ObjectPronouns.Length)];
        bool isPronoun = random.Next(4) == 0;
        if (!isPronoun)
            (thing.English, thing.French, _) = Thing(canAct: false);
        var (verb, third, past, present, future, participle) = Verbs[random.Next(Verbs.Length)];
        bool isNegated = random.Next(3) == 0;
        int tense = random.Next(3);
        string before = isPronoun ? thing.French + " " : "", not = isNegated ? " pas" : "";
        (string does, string fait) = tense switch
        {
            0 => (isNegated ? $"{(person == 2 ? "does" : "do")} not {verb}" : person == 2 ? third : verb, present[person] + not),
            1 => (isNegated ? $"did not {verb}" : past, Have[person] + not + " " + participle),
            _ => ($"will {(isNegated ? "not " : "")}{verb}", future + FutureEnds[person] + not),
        };
        // A participle follows an object before it.
        if (tense == 1 && isPronoun)
            fait += thing.French switch { "la" => "e", "les" => "s", _ => "" };
        (string when, string quand) = random.Next(3) == 0 ? Times[random.Next(Times.Length)] : ("", "");
        return ($"{subject} {does} {thing.English} {when}".Trim() + ".",
            Elide($"{sujet} {(isNegated ? "ne " : "")}{before}{fait}{(isPronoun ? "" : " " + thing.French)} {quand}".Trim()) + ".");
    }

    private (string English, string French, bool IsPlural) Thing(bool canAct)
    {
        var noun = canAct ? Nouns[random.Next(Nouns.Count(one => one.CanAct))] : Nouns[random.Next(Nouns.Length)];
        bool isPlural = random.Next(3) == 0;
        string article = isPlural ? "les" : noun.IsFeminine ? "la" : "le", the = "the";
        if (random.Next(3) == 0)
            (the, article) = ("my", isPlural ? "mes" : noun.IsFeminine ? "ma" : "mon");
        string english = isPlural ? noun.Plural : noun.English, french = isPlural ? noun.Several : noun.French;
        if (random.Next(2) == 0)
        {
            var adjective = Adjectives[random.Next(Adjectives.Length)];
            string agreeing = (noun.IsFeminine ? adjective.Feminine : adjective.Masculine) + (isPlural ? "s" : "");
            english = $"{adjective.English} {english}";
            french = adjective.StandsBefore ? $"{agreeing} {french}" : $"{french} {agreeing}";
        }
        return ($"{the} {english}", $"{article} {french}", isPlural);
    }

    private static string Elide(string french)
    {
        string[] words = french.Split(' ');
        for (int i = 0; i + 1 < words.Length; i++)
        {
            if (words[i] is "je" or "ne" or "le" or "la" && "aeiouéèêh".Contains(words[i + 1][0]))
                words[i] = words[i][0] + "'";
        }
        return string.Join(' ', words).Replace("' ", "'", StringComparison.Ordinal);
    }
}
