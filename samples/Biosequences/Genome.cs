namespace Biosequences;

/// <summary>
/// Made-up pieces of DNA. One half has a gene, as bacteria have them: a box TATAAT, 5 to 9 bases, the start ATG, codons of three bases, and
/// the first stop codon in step with the start. The other half has the same pieces in an order that makes no gene. Other starts and stops
/// are everywhere by chance, so that no short word of bases tells what is a gene and where it ends.
/// </summary>
internal static class Genome
{
    private const int Length = 60;

    private static readonly string[] Stops = ["TAA", "TAG", "TGA"];

    public static IEnumerable<Strand> Make()
    {
        var random = new Random(1);
        return Enumerable.Range(0, 1600).Select(i => i % 2 == 0 ? Gene(random) : Decoy(random));
    }

    private static Strand Gene(Random random)
    {
        string head = Bases(random.Next(1, 8), random) + "TATAAT" + Bases(random.Next(5, 10), random);
        string coding = "ATG" + Codons(random.Next(4, 9), random) + Stops[random.Next(3)];
        return Finish(head, coding, "gene", random);
    }

    private static Strand Decoy(Random random)
    {
        string box = random.Next(2) == 0 ? "TAATAT" : "TATAAT", start = box == "TATAAT" ? "GTA" : "ATG";
        string head = Bases(random.Next(1, 8), random) + box + Bases(random.Next(5, 10), random) + start;
        return Finish(head + Codons(random.Next(4, 9), random) + Stops[random.Next(3)], "", "none", random);
    }

    private static Strand Finish(string head, string coding, string label, Random random)
    {
        string tail = Bases(Length - head.Length - coding.Length, random);
        return new Strand
        {
            Bases = head + coding + tail,
            Kind = label,
            Parts = new string('-', head.Length) + new string('c', coding.Length) + new string('-', tail.Length),
        };
    }

    private static string Bases(int count, Random random)
        => string.Concat(Enumerable.Range(0, Math.Max(0, count)).Select(_ => "ACGT"[random.Next(4)]));

    // Any codons but stops.
    private static string Codons(int count, Random random)
    {
        var codons = new List<string>();
        while (codons.Count < count)
        {
            string codon = Bases(3, random);
            if (!Stops.Contains(codon))
                codons.Add(codon);
        }
        return string.Concat(codons);
    }
}
