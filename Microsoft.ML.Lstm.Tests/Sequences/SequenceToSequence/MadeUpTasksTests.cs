using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>
/// Tasks that are made up, whose rule can be learned from 20,000 examples: 99 % of other examples have to be right in every symbol. They
/// take minutes each: <c>build/accept.sh sequences</c>.
/// </summary>
[TestClass]
public sealed class MadeUpTasksTests
{
    private const int Examples = 20_000;
    private const int TestExamples = 1_000;

    private static readonly string[] DateFormats =
    [
        "yyyy/MM/dd", "dd.MM.yyyy", "MM/dd/yyyy", "d MMM yyyy", "d MMMM yyyy", "MMMM d, yyyy", "dddd, d MMMM yyyy", "ddd d MMM yyyy",
        "yyyyMMdd", "MMM d 'of' yyyy",
    ];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("sequences")]
    public void FiveToTwentyOfThirtySymbolsAreCopied() => CheckSymbols(symbols => symbols);

    [TestMethod]
    [TestCategory("sequences")]
    public void FiveToTwentyOfThirtySymbolsAreReversed() => CheckSymbols(symbols => [.. symbols.AsEnumerable().Reverse()]);

    [TestMethod]
    [TestCategory("sequences")]
    public void NumbersOfThreeDigitsAreAdded() => Check(new(), random =>
    {
        (int a, int b) = (random.Next(1000), random.Next(1000));
        return (LettersOf($"{a}+{b}"), LettersOf($"{a + b}"));
    });

    [TestMethod]
    [TestCategory("sequences")]
    public void DatesInTenFormatsBecomeThoseOfIso() => Check(new(), random =>
    {
        DateTime date = new DateTime(1950, 1, 1).AddDays(random.Next(36525));
        string text = date.ToString(DateFormats[random.Next(DateFormats.Length)], CultureInfo.InvariantCulture);
        return (LettersOf(text), LettersOf(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
    });

    private void CheckSymbols(Func<string[], string[]> write) => Check(new(), random =>
    {
        string[] symbols = [.. Enumerable.Range(0, random.Next(5, 21)).Select(_ => $"s{random.Next(30)}")];
        return (symbols, write(symbols));
    });

    private void Check(LstmSequenceToSequenceTrainer.Options options, Func<Random, (string[] Source, string[] Target)> make)
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("It takes minutes: build/accept.sh sequences");
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        Pair[] pairs = [.. Enumerable.Range(0, Examples + TestExamples).Select(_ => make(random)).Select(pair =>
            new Pair { Source = pair.Source, Target = pair.Target })];
        HashSet<string> known = [.. pairs.Take(Examples).Select(pair => string.Join(' ', pair.Source))];
        (options.LabelColumnName, options.FeatureColumnName, options.Seed) = ("TargetKeys", "SourceKeys", 1);
        var pipeline = ml.Transforms.Conversion.MapValueToKey("SourceKeys", "Source")
            .Append(ml.Transforms.Conversion.MapValueToKey("TargetKeys", "Target"))
            .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options));
        ml.Log += (_, entry) =>
        {
            if (entry.Source.Contains("LstmSequenceToSequence", StringComparison.Ordinal))
                TestContext.WriteLine(entry.Message);
        };
        var clock = Stopwatch.StartNew();
        var model = pipeline.Fit(ml.Data.LoadFromEnumerable(pairs.Take(Examples)));
        TimeSpan fitting = clock.Elapsed;
        Pair[] test = [.. pairs.Skip(Examples).Where(pair => !known.Contains(string.Join(' ', pair.Source)))];
        SequenceToSequenceMetrics metrics = ml.MulticlassClassification.EvaluateSequenceToSequence(
            model.Transform(ml.Data.LoadFromEnumerable(test)), "TargetKeys");
        TestContext.WriteLine($"{metrics.ExactMatch:P2} of {metrics.NumberOfRows} right, {metrics.TokenErrorRate:P3} of tokens wrong, "
            + $"trained in {fitting.TotalMinutes:0.0} min, all {clock.Elapsed.TotalMinutes:0.0} min");
        Assert.IsGreaterThanOrEqualTo(0.99, metrics.ExactMatch);
    }

    private static string[] LettersOf(string text) => [.. text.Select(letter => letter.ToString())];

    private sealed class Pair
    {
        public string[] Source { get; set; } = [];

        public string[] Target { get; set; } = [];
    }
}
