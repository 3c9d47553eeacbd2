using Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

namespace Microsoft.ML.Lstm.Tests.Sequences.Labeling;

[TestClass]
public sealed class SequenceLabelingTests
{
    [TestMethod]
    public void FiguresAreThoseCountedByHand()
    {
        SequenceLabelingMetrics metrics = Evaluate(
            ("B-NP I-NP B-VP B-PP B-NP O", "B-NP I-NP B-VP B-PP I-NP O"),
            ("B-NP B-NP I-NP O B-ADVP", "B-NP I-NP I-NP O B-NP"));

        Assert.AreEqual(11, metrics.NumberOfTokens);
        Assert.AreEqual(8 / 11.0, metrics.TokenAccuracy, 1e-15);
        // In the data: NP VP PP NP | NP NP ADVP. Predicted: NP VP PP NP | NP NP, the second sequence's both wrong.
        Assert.AreEqual(4 / 6.0, metrics.Precision, 1e-15);
        Assert.AreEqual(4 / 7.0, metrics.Recall, 1e-15);
        Assert.AreEqual(8 / 13.0, metrics.F1, 1e-15);
        CollectionAssert.AreEqual(
            new SequenceLabelingScore[] { new("ADVP", 1, 0, 0), new("NP", 4, 4, 2), new("PP", 1, 1, 1), new("VP", 1, 1, 1) },
            metrics.PerSpanType.ToArray());
        CollectionAssert.AreEqual(
            new SequenceLabelingScore[] { new("B-ADVP", 1, 0, 0), new("B-NP", 4, 3, 2), new("B-PP", 1, 1, 1), new("B-VP", 1, 1, 1),
                new("I-NP", 2, 4, 2), new("O", 2, 2, 2) },
            metrics.PerLabel.ToArray());
    }

    [TestMethod]
    // Well-formed.
    [DataRow("B-A I-A O B-B", "A 0-1, B 3-3")]
    [DataRow("B-A B-A I-A", "A 0-0, A 1-2")]
    [DataRow("S-A B-B I-B E-B S-A", "A 0-0, B 1-3, A 4-4")]
    [DataRow("B-A E-A B-A E-A", "A 0-1, A 2-3")]
    [DataRow("[-A ]-A O ]-B", "A 0-0, A 1-1, B 3-3")]
    [DataRow("B-A-B I-A-B I-A", "A-B 0-1, A 2-2")]
    // Ill-formed.
    [DataRow("I-A I-A O I-A", "A 0-1, A 3-3")]
    [DataRow("B-A I-B I-B", "A 0-0, B 1-2")]
    [DataRow("O E-A I-A E-A E-A", "A 1-1, A 2-3, A 4-4")]
    [DataRow("B-A S-A I-A", "A 0-0, A 1-1, A 2-2")]
    [DataRow("[-A I-A", "A 0-0, A 1-1")]
    [DataRow("M-A M-A M-B", "A 0-1, B 2-2")]
    // No types.
    [DataRow("B I O I E S", " 0-1,  3-4,  5-5")]
    [DataRow("B- I-A", " 0-0, A 1-1")]
    // No spans.
    [DataRow("NOUN VERB . X I-", " 4-4")]
    [DataRow("O O-A .-A -LRB- part-time - --", "")]
    public void SpansAreReadFromLabels(string labels, string expected)
    {
        string[] split = labels.Split(' ');
        CollectionAssert.AreEquivalent(expected.Length == 0 ? [] : expected.Split(", "), SpansIn(split));
    }

    [TestMethod]
    [DataRow("O B-A I-A B-B I-B")]
    [DataRow("O B-A I-A E-A S-A B-B I-B E-B S-B")]
    [DataRow("O B I E S B-A I-A")]
    [DataRow("O [-A ]-A [-B ]-B B-A I-A")]
    [DataRow("O B-A M-A NOUN -LRB- I-A-B I-")]
    public void CountsAreThoseOfAllIntervalsThatAreSpans(string labels)
    {
        string[] all = labels.Split(' ');
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            int length = random.Next(1, 25);
            string[] truth = Draw(), predicted = [.. truth.Select(label => random.Next(3) == 0 ? all[random.Next(all.Length)] : label)];
            var counter = new SequenceLabelingCounter();
            counter.Add(truth, predicted);

            string[] spans = IntervalsIn(truth), predictedSpans = IntervalsIn(predicted);
            SequenceLabelingMetrics metrics = counter.Metrics;
            Assert.AreEqual(spans.Length, metrics.PerSpanType.Sum(type => type.Support));
            Assert.AreEqual(predictedSpans.Length, metrics.PerSpanType.Sum(type => type.Predicted));
            Assert.AreEqual(spans.Intersect(predictedSpans).Count(), metrics.PerSpanType.Sum(type => type.Correct),
                $"{string.Join(' ', truth)} | {string.Join(' ', predicted)}");
            foreach (SequenceLabelingScore type in metrics.PerSpanType)
            {
                Assert.AreEqual(spans.Count(span => span.StartsWith(type.Name + " ", StringComparison.Ordinal)), type.Support);
                Assert.AreEqual(spans.Intersect(predictedSpans).Count(span => span.StartsWith(type.Name + " ", StringComparison.Ordinal)),
                    type.Correct);
            }

            string[] Draw() => [.. Enumerable.Range(0, length).Select(_ => all[random.Next(all.Length)])];
        }
    }

    [TestMethod]
    public void SpansDoNotGoOnInTheNextSequence()
    {
        SequenceLabelingMetrics metrics = Evaluate(("O B-A", "O B-A"), ("I-A O", "I-A O"));
        CollectionAssert.AreEqual(new SequenceLabelingScore[] { new("A", 2, 2, 2) }, metrics.PerSpanType.ToArray());
    }

    [TestMethod]
    public void LabelsWithoutSpansHaveTokenFiguresOnly()
    {
        SequenceLabelingMetrics metrics = Evaluate(("NOUN VERB NOUN", "NOUN VERB VERB"));
        Assert.AreEqual(2 / 3.0, metrics.TokenAccuracy, 1e-15);
        Assert.AreEqual(0, metrics.Precision);
        Assert.AreEqual(0, metrics.Recall);
        Assert.AreEqual(0, metrics.F1);
        Assert.IsEmpty(metrics.PerSpanType);
        Assert.AreEqual(2 / 3.0, metrics.PerLabel.Single(label => label.Name == "NOUN").F1, 1e-15);
        Assert.DoesNotContain("Span", metrics.ToString());
    }

    [TestMethod]
    public void WhatNothingCanBeDividedByIsZero()
    {
        foreach (SequenceLabelingMetrics metrics in new[] { Evaluate(), Evaluate(("", "")), Evaluate(("O O", "O O")),
            Evaluate(("B-A", "O")), Evaluate(("O", "B-A")) })
        {
            Assert.AreEqual(0, metrics.Precision);
            Assert.AreEqual(0, metrics.Recall);
            Assert.AreEqual(0, metrics.F1);
            Assert.IsTrue(metrics.PerLabel.All(label => double.IsFinite(label.Precision + label.Recall + label.F1)));
        }
        Assert.AreEqual(0, Evaluate().TokenAccuracy);
        Assert.AreEqual(0, Evaluate().NumberOfTokens);
    }

    [TestMethod]
    public void StepsWithoutALabelAreLeftOutAndCounted()
    {
        var counter = new SequenceLabelingCounter();
        counter.Add(["B-A", null, "I-A", "O", null], ["B-A", "B-B", "I-A", "O", "B-B"]);
        counter.Add([null], ["O"]);
        Assert.AreEqual(3, counter.Metrics.NumberOfTokens);
        Assert.AreEqual(3, counter.Metrics.NumberOfMissingLabels);
        StringAssert.StartsWith(counter.Metrics.ToString(),
            "3 tokens, accuracy 100.00 %; left out: 3 tokens with missing labels" + Environment.NewLine);
        Assert.AreEqual(1, counter.Metrics.TokenAccuracy);
        CollectionAssert.AreEqual(new SequenceLabelingScore[] { new("A", 1, 1, 1) }, counter.Metrics.PerSpanType.ToArray());
    }

    [TestMethod]
    public void AMissingPredictionIsWrongAndOutside()
    {
        var counter = new SequenceLabelingCounter();
        counter.Add(["B-A", "I-A", "O"], ["B-A", null, null]);
        Assert.AreEqual(1 / 3.0, counter.Metrics.TokenAccuracy, 1e-15);
        CollectionAssert.AreEqual(new SequenceLabelingScore[] { new("A", 1, 1, 0) }, counter.Metrics.PerSpanType.ToArray());
    }

    [TestMethod]
    public void LengthsThatDifferAreRefused()
    {
        var counter = new SequenceLabelingCounter();
        var error = Assert.ThrowsExactly<ArgumentException>(() => counter.Add(["O", "O"], ["O"]));
        Assert.Contains("1 predicted labels for 2 steps", error.Message);
    }

    [TestMethod]
    public void TheTableHasAllFigures()
    {
        string expected = """
            6 tokens, accuracy 83.33 %

            Span type  Precision  Recall      F1  Support  Predicted  Correct
            NP             50.00  100.00   66.67        1          2        1
            VP            100.00  100.00  100.00        1          1        1
            all            66.67  100.00   80.00        2          3        2

            Label      Precision  Recall      F1  Support  Predicted  Correct
            B-NP           50.00  100.00   66.67        1          2        1
            B-VP          100.00  100.00  100.00        1          1        1
            I-NP          100.00  100.00  100.00        2          2        2
            O             100.00   50.00   66.67        2          1        1
            """;
        Assert.AreEqual(expected.ReplaceLineEndings(), Evaluate(("B-NP I-NP I-NP O B-VP O", "B-NP I-NP I-NP B-NP B-VP O")).ToString());
    }

    private static SequenceLabelingMetrics Evaluate(params (string Labels, string Predicted)[] sequences)
    {
        var counter = new SequenceLabelingCounter();
        foreach ((string labels, string predicted) in sequences)
            counter.Add(labels.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                predicted.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return counter.Metrics;
    }

    /// <summary>The spans that the counter reads, one asked for after the other: each interval predicted alone.</summary>
    private static string[] SpansIn(string[] labels)
    {
        string[] types = [.. labels.Select(label => label[(label.IndexOf('-') + 1)..]).Append("").Distinct()];
        return [..
            from type in types
            from first in Enumerable.Range(0, labels.Length)
            from last in Enumerable.Range(first, labels.Length - first)
            where IsSpan(type, first, last)
            select $"{type} {first}-{last}"];

        bool IsSpan(string type, int first, int last)
        {
            string[] predicted = [.. labels.Select((_, t) => t == first ? $"B-{type}" : t > first && t <= last ? $"I-{type}" : "O")];
            var counter = new SequenceLabelingCounter();
            counter.Add(labels, predicted);
            return counter.Metrics.PerSpanType.Sum(score => score.Correct) == 1;
        }
    }

    /// <summary>
    /// The spans by conlleval's rules for two neighbouring tags, applied to every interval: no inner border of a span separates chunks, and
    /// both outer ones do.
    /// </summary>
    private static string[] IntervalsIn(string[] labels)
    {
        (string Tag, string Type)[] tags = [.. labels.Select(Split).Prepend(("O", "")).Append(("O", ""))];
        return [..
            from first in Enumerable.Range(1, labels.Length)
            from last in Enumerable.Range(first, labels.Length - first + 1)
            where tags[first].Tag != "O"
                && IsBorder(first)
                && IsBorder(last + 1)
                && !Enumerable.Range(first + 1, last - first).Any(IsBorder)
            select $"{tags[first].Type} {first - 1}-{last - 1}"];

        bool IsBorder(int t)
        {
            ((string before, string typeBefore), (string tag, string type)) = (tags[t - 1], tags[t]);
            bool begins = tag is "B" or "S" or "[" or "]" || (before == "O" && tag != "O") || (typeBefore != type && tag != "O");
            bool ends = before is "E" or "S" or "[" or "]" || (before != "O" && tag == "O") || (typeBefore != type && before != "O");
            return begins || ends;
        }

        static (string Tag, string Type) Split(string label)
        {
            string[] parts = label.Split('-', 2);
            return parts.Length == 2 && parts[0].Length == 1
                ? (parts[0], parts[1])
                : "B I E S".Split(' ').Contains(label)
                ? (label, "")
                : ("O", "");
        }
    }
}
