using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Sequences.SequenceToSequence.Evaluation;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>BLEU against the figures of sacreBLEU, and error rates against those counted by hand.</summary>
[TestClass]
public sealed class SequenceToSequenceEvaluationTests
{
    // The first is the example of sacreBLEU's documentation; the others are what sacreBLEU 2 says of them.
    public static IEnumerable<object[]> Texts =>
    [
        [48.530827009929865, new[] { 14 / 17.0, 7 / 14.0, 5 / 11.0, 3 / 8.0 }, 17L, 18L,
            new[] { "The dog bit the man.", "It wasn't surprising.", "The man had just bitten him." },
            new[] { "The dog bit the man.|The dog had bit the man.", "It was not unexpected.|No one was surprised.",
                "The man bit him first.|The man had bitten the dog." }],
        [75.89011437426232, new[] { 7 / 8.0, 5 / 6.0, 3 / 4.0, 1 }, 8L, 9L,
            new[] { "a b c d e", "one two three" }, new[] { "a b c d e f", "one two|one two four" }],
        [60.494836751221996, new[] { 0.75, 10 / 18.0, 0.5625, 8 / 14.0 }, 20L, 20L,
            new[] { "the the the the the the the", "A, b; c: d (e) - f 1,5" },
            new[] { "the cat is on the mat|there is a cat on the mat", "A, b; c: d (e) - g 1,5|A b c d e f 1.5" }],
        [9.423716574733431, new[] { 0.6, 0.125, 0.25 / 3, 0.0625 }, 5L, 7L, new[] { "a x b y c" }, new[] { "a b c d e f g" }],
        [59.460355750136046, new[] { 0.75, 2 / 3.0, 0.5, 0.5 }, 4L, 4L, new[] { "this is a fest" }, new[] { "this is a test" }],
        [0.0, new double[] { 1, 1, 0, 0 }, 2L, 4L, new[] { "a b" }, new[] { "a b c d" }],
        [0.0, new double[4], 3L, 3L, new[] { "x y z" }, new[] { "a b c" }],
        [0.0, new double[4], 0L, 2L, new[] { "" }, new[] { "a b" }],
        // Places without a reference, as None is for sacreBLEU: the length of the only reference counts.
        [100 * Math.Exp(1 - 9 / 4.0), new double[] { 1, 1, 1, 1 }, 4L, 9L, new[] { "a b c d" }, new[] { "|a b c d e f g h i|" }],
    ];

    [TestMethod]
    [DynamicData(nameof(Texts))]
    public void BleuIsThatOfSacreBleu(double expected, double[] precisions, long tokens, long referenceTokens, string[] texts,
        string[] references)
    {
        var ml = new MLContext();
        IDataView data = ml.Data.LoadFromEnumerable(texts.Zip(references, (text, reference) =>
            new Texted { Translation = text, References = reference.Split('|') }));
        TranslationMetrics metrics = ml.MulticlassClassification.EvaluateTranslation(data, "References", "Translation");
        Assert.AreEqual(expected, metrics.Bleu, 1e-10);
        for (int n = 0; n < 4; n++)
            Assert.AreEqual(precisions[n], metrics.Precisions[n], 1e-12);
        Assert.AreEqual((tokens, referenceTokens), (metrics.NumberOfTokens, metrics.NumberOfReferenceTokens));
        Assert.AreEqual(texts.Length, metrics.NumberOfRows);
    }

    [TestMethod]
    [DataRow("It's 3.14, or 1,000.5: \"yes\" (no) - 5-6 well-known &quot;x&amp;y&lt;&gt; a.b,c [d]{e} f/g\\h ~ $5%",
        "It's 3.14 , or 1,000.5 : \" yes \" ( no ) - 5 - 6 well-known \" x & y < > a . b , c [ d ] { e } f / g \\ h ~ $ 5 %")]
    [DataRow("Ça va ? Oui, « très » bien !", "Ça va ? Oui , « très » bien !")]
    [DataRow("<skipped>end. ", "end .")]
    [DataRow("a,b 1,b b,1 1.", "a , b 1 , b b , 1 1 .")]
    [DataRow("x-1 1-x", "x-1 1 - x")]
    [DataRow("one\u00a0two\tthree", "one two three")]
    [DataRow("", "")]
    public void TokensAreThoseOfMteval13a(string text, string expected)
        => Assert.AreEqual(expected, string.Join(' ', BleuCounter.Tokenize(text)));

    [TestMethod]
    public void ErrorRatesAreThoseCountedByHand()
    {
        var ml = new MLContext();
        IDataView data = ml.Data.LoadFromEnumerable(new[]
        {
            new Texted { Label = ["a", "b", "c"], Predicted = ["a", "b", "c"], Translation = "x y", References = ["x z y", "x y", "q"] },
            new Texted { Label = ["a", "b"], Predicted = ["b"], Translation = "x", References = ["x y z", "u v"] },
            new Texted { Label = [], Predicted = ["a", "a"], Translation = "", References = ["one"] },
            new Texted { Label = ["c", "a"], Predicted = ["a", "c"], Translation = "p", References = ["p "] },
        });
        var keys = ml.Transforms.Conversion.MapValueToKey("LabelKeys", "Label")
            .Append(ml.Transforms.Conversion.MapValueToKey("PredictedKeys", "Predicted"));
        IDataView mapped = keys.Fit(data).Transform(data);
        foreach ((string label, string predicted) in new[]
        {
            ("Label", "Predicted"), ("LabelKeys", "PredictedKeys"), ("Label", "PredictedKeys"),
        })
        {
            SequenceToSequenceMetrics metrics = ml.MulticlassClassification.EvaluateSequenceToSequence(mapped, label, predicted);
            Assert.AreEqual((4L, 7L), (metrics.NumberOfRows, metrics.NumberOfTokens));
            Assert.AreEqual(0.25, metrics.ExactMatch);
            Assert.AreEqual(5 / 7.0, metrics.TokenErrorRate, 1e-15);
        }
        TranslationMetrics texts = ml.MulticlassClassification.EvaluateTranslation(data, "References", "Translation");
        Assert.AreEqual(0.25, texts.ExactMatch);
        // Of 2, 2 or 3, 1 and 1 words of the closest references.
        Assert.AreEqual((0 + 2 + 1 + 0) / (2 + 3 + 1 + 1.0), texts.WordErrorRate, 1e-15);
    }

    [TestMethod]
    public void EmptyPlacesOfAVectorAreNoReferences()
    {
        var ml = new MLContext();
        TranslationMetrics metrics = Evaluate(new() { Translation = "", References = ["one two", null!] },
            new() { Translation = "x", References = ["", "x"] });
        Assert.AreEqual((0.5, 2 / 3.0), (metrics.ExactMatch, metrics.WordErrorRate));
        Assert.Contains("Row 1 (counted from 0) has no reference in column 'References'", Assert.ThrowsExactly<InvalidOperationException>(
            () => Evaluate(new() { Translation = "x", References = ["x"] }, new() { Translation = "", References = ["", null!] })).Message);

        TranslationMetrics Evaluate(params Texted[] rows)
            => ml.MulticlassClassification.EvaluateTranslation(ml.Data.LoadFromEnumerable(rows), "References", "Translation");
    }

    /// <summary>What is written though nothing is right is wrong without end.</summary>
    [TestMethod]
    public void ErrorRatesWithoutAnythingRightAreInfinite()
    {
        var ml = new MLContext();
        IDataView data = ml.Data.LoadFromEnumerable([new Texted { Predicted = ["a"], Translation = "a", References = [" "] }]);
        Assert.AreEqual(double.PositiveInfinity, ml.MulticlassClassification.EvaluateSequenceToSequence(data, "Label", "Predicted")
            .TokenErrorRate);
        Assert.AreEqual(double.PositiveInfinity, ml.MulticlassClassification.EvaluateTranslation(data, "References", "Translation")
            .WordErrorRate);
    }

    /// <summary>A key that is missing on both sides stands for two words that nobody knows, and hardly for the same one.</summary>
    [TestMethod]
    public void AMissingKeyIsRightNowhere()
    {
        var ml = new MLContext();
        IDataView numbers = ml.Data.LoadFromEnumerable(new[]
        {
            new Keyed { Label = [1, 0, 2], Predicted = [1, 0, 2] },
            new Keyed { Label = [1, 2], Predicted = [1, 2] },
            new Keyed { Label = [1, 2], Predicted = [1, 0, 2] },
        });
        var known = ml.Data.LoadFromEnumerable(new[] { new Texted { Label = ["a", "b"], Predicted = ["a", "b"] } });
        IDataView texts = ml.Data.LoadFromEnumerable(new[]
        {
            new Texted { Label = ["a", "", "b"], Predicted = ["a", "", "b"] },
            new Texted { Label = ["a", "b"], Predicted = ["a", "b"] },
            new Texted { Label = ["a", "b"], Predicted = ["a", "", "b"] },
        });
        IDataView names = ml.Transforms.Conversion.MapValueToKey([new("Label"), new("Predicted")]).Fit(known).Transform(texts);
        foreach (IDataView data in (IDataView[])[numbers, names, texts])
        {
            SequenceToSequenceMetrics metrics = ml.MulticlassClassification.EvaluateSequenceToSequence(data, "Label", "Predicted");
            Assert.AreEqual((3L, 7L, 1 / 3.0, 2 / 7.0),
                (metrics.NumberOfRows, metrics.NumberOfTokens, metrics.ExactMatch, metrics.TokenErrorRate));
            CtcMetrics labels = ml.MulticlassClassification.EvaluateCtc(data, "Label", "Predicted");
            Assert.AreEqual((7, 2, 1 / 3.0), (labels.NumberOfLabels, labels.NumberOfLabelErrors, labels.ExactMatch));
        }
    }

    [TestMethod]
    public void WrongColumnsAndRowsWithoutReferencesAreRefused()
    {
        var ml = new MLContext();
        IDataView data = ml.Data.LoadFromEnumerable(new[] { new Texted { Translation = "a", References = [] } });
        Assert.Throws<InvalidOperationException>(() => ml.MulticlassClassification.EvaluateTranslation(data, "References", "Translation"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.MulticlassClassification.EvaluateTranslation(data, "References", "Predicted"));
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.MulticlassClassification.EvaluateTranslation(data, "None", "Translation"));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => ml.MulticlassClassification.EvaluateSequenceToSequence(data, "Translation", "Predicted"));
    }

    private sealed class Keyed
    {
        [KeyType(2)]
        public uint[] Label { get; set; } = [];

        [KeyType(2)]
        public uint[] Predicted { get; set; } = [];
    }

    private sealed class Texted
    {
        public string[] Label { get; set; } = [];

        public string[] Predicted { get; set; } = [];

        public string Translation { get; set; } = "";

        public string[] References { get; set; } = [];
    }
}
