namespace KnowledgePaths;

/// <summary>
/// Families of three generations as a graph: who is what to whom, with 17 words for it. Marriages and children are drawn; everything else
/// follows from them, so that a path of relations mostly has one right answer.
/// </summary>
internal static class Families
{
    private const int Count = 30;

    public static IEnumerable<Fact> Make()
    {
        var random = new Random(1);
        return Enumerable.Range(1, Count).SelectMany(family => Found(family, random));
    }

    private static IEnumerable<Fact> Found(int family, Random random)
    {
        var people = new List<Person>();
        (Person man, Person woman) = (Add(false, null, null), Add(true, null, null));
        (man.Spouse, woman.Spouse) = (woman, man);
        for (int child = random.Next(2, 5); child > 0; child--)
        {
            Person one = Add(random.Next(2) == 0, man, woman);
            if (random.Next(4) == 0)
                continue;
            Person other = Add(!one.IsFemale, null, null);
            (one.Spouse, other.Spouse) = (other, one);
            for (int grandchild = random.Next(1, 4); grandchild > 0; grandchild--)
                Add(random.Next(2) == 0, one.IsFemale ? other : one, one.IsFemale ? one : other);
        }
        return from head in people
               from tail in people
               where head != tail
               let relation = Relation(head, tail)
               where relation is not null
               select new Fact { Head = head.Name, Relation = relation, Tail = tail.Name };

        Person Add(bool isFemale, Person? father, Person? mother)
        {
            var person = new Person($"{(isFemale ? "Ms" : "Mr")} {family}.{people.Count + 1}", isFemale, father, mother);
            people.Add(person);
            return person;
        }
    }

    // What the second is to the first.
    private static string? Relation(Person one, Person other)
    {
        if (one.Spouse == other)
            return other.IsFemale ? "wife" : "husband";
        if (one.IsChildOf(other))
            return other.IsFemale ? "mother" : "father";
        if (other.IsChildOf(one))
            return other.IsFemale ? "daughter" : "son";
        if (one.IsSiblingOf(other))
            return other.IsFemale ? "sister" : "brother";
        if (one.Parents.Any(parent => parent.IsChildOf(other)))
            return other.IsFemale ? "grandmother" : "grandfather";
        if (other.Parents.Any(parent => parent.IsChildOf(one)))
            return other.IsFemale ? "granddaughter" : "grandson";
        if (one.Parents.Any(parent => parent.IsSiblingOf(other) || (other.Spouse is { } spouse && parent.IsSiblingOf(spouse))))
            return other.IsFemale ? "aunt" : "uncle";
        if (other.Parents.Any(parent => parent.IsSiblingOf(one) || (one.Spouse is { } spouse && parent.IsSiblingOf(spouse))))
            return other.IsFemale ? "niece" : "nephew";
        return one.Parents.Any(parent => other.Parents.Any(parent.IsSiblingOf)) ? "cousin" : null;
    }

    private sealed record Person(string Name, bool IsFemale, Person? Father, Person? Mother)
    {
        public Person? Spouse { get; set; }

        public IEnumerable<Person> Parents => Father is null ? [] : [Father, Mother!];

        public bool IsChildOf(Person other) => Father == other || Mother == other;

        public bool IsSiblingOf(Person other) => this != other && Father is not null && Father == other.Father;

        public bool Equals(Person? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
    }
}
