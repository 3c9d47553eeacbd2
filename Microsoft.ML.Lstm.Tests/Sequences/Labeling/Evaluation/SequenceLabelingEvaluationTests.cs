using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.Labeling.Evaluation;

/// <summary>Figures of labelled sequences in data views, beside those of conlleval.</summary>
[TestClass]
public sealed class SequenceLabelingEvaluationTests
{
    private static readonly string[] Seen = ["O", "B-A", "I-A", "B-B", "I-B"];
    private static readonly string[] All = [.. Seen, "B-C", "I-C", "B-D", "I-D"];

    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    // IOB2: every chunk begins with B.
    [DataRow("B-A I-A O B-B", "B-A I-A O B-B", 2, 2, 2)]
    [DataRow("B-A I-A O B-B", "B-A O O B-B", 2, 2, 1)]
    [DataRow("B-A B-A O", "B-A I-A O", 2, 1, 0)]
    // IOB1: B only between two chunks of a type.
    [DataRow("I-A I-A B-A O I-B", "I-A I-A B-A O I-B", 3, 3, 3)]
    [DataRow("I-A I-A B-A O I-B", "I-A I-A I-A O I-B", 3, 2, 1)]
    // I after another type begins a chunk.
    [DataRow("B-A I-B I-B O", "B-A B-B I-B O", 2, 2, 2)]
    [DataRow("O I-A I-B I-A", "O B-A B-B B-A", 3, 3, 3)]
    // Labels that training did not see: missed, and chunks of their own.
    [DataRow("B-C I-C O B-A", "O O O B-A", 2, 1, 1)]
    [DataRow("B-C B-C O B-A", "B-A I-A O B-A", 3, 2, 1)]
    [DataRow("B-C I-C B-D I-D", "B-A I-A B-B I-B", 2, 2, 0)]
    [DataRow("B-A I-C O", "B-A O O", 2, 1, 1)]
    [DataRow("I-C I-D", "O O", 2, 0, 0)]
    public void WorkedExamplesAreCountedAsConllevalCountsThem(string gold, string predicted, int chunks, int guessed, int correct)
    {
        string[] goldTags = gold.Split(' '), predictedTags = predicted.Split(' ');
        var reference = new Conlleval();
        reference.Add(goldTags, predictedTags);
        Assert.AreEqual((chunks, guessed, correct), (reference.GoldChunks, reference.GuessedChunks, reference.CorrectChunks));
        AssertSame(reference, Evaluate(Keys([new Tagged { Tags = goldTags, Predicted = predictedTags }])));
    }

    [TestMethod]
    public void UnseenLabelsCountAsConllevalCountsThemInEveryFormOfTheLabels()
    {
        var random = new Random(1);
        var reference = new Conlleval();
        var rows = new List<Tagged>();
        for (int i = 0; i < 200; i++)
        {
            string[] gold = [.. Enumerable.Range(0, random.Next(1, 15)).Select(_ => All[random.Next(All.Length)])];
            string[] predicted = [.. gold.Select(tag => random.Next(4) > 0 && Seen.Contains(tag) ? tag : Seen[random.Next(Seen.Length)])];
            rows.Add(new Tagged { Tags = gold, Predicted = predicted });
            reference.Add(gold, predicted);
        }
        IDataView keys = Keys([.. rows]);
        long unseen = rows.Sum(row => row.Tags.Count(tag => !Seen.Contains(tag)));
        // Keys beside the texts that they were made of, keys in their place, the texts themselves, and predictions as texts.
        IDataView inPlace = _ml.Transforms.Conversion.MapValueToKey("Tags").Fit(Training()).Transform(_ml.Data.LoadFromEnumerable(rows));
        inPlace = _ml.Transforms.Conversion.MapValueToKey("PredictedLabel", "Predicted").Fit(Training()).Transform(inPlace);
        foreach (SequenceLabelingMetrics metrics in new[] { Evaluate(keys), Evaluate(inPlace, "Tags"), Evaluate(keys, "Tags") })
        {
            AssertSame(reference, metrics);
            Assert.AreEqual(unseen, metrics.NumberOfUnseenLabels);
            Assert.AreEqual(0, metrics.NumberOfMissingLabels);
            Assert.Contains($"counted as wrong: {unseen} tokens with labels that training did not see", metrics.ToString());
        }
        AssertSame(reference, Evaluate(keys, "Label", "Predicted"));
    }

    [TestMethod]
    public void WithoutTheTextsARunOfMissingKeysIsASpanThatWasNotFound()
    {
        IDataView keys = Keys([new Tagged { Tags = ["B-C", "I-C", "O", "B-A", "B-D"], Predicted = ["B-A", "I-A", "O", "B-A", "O"] }]);
        IDataView alone = _ml.Transforms.SelectColumns("Label", "PredictedLabel").Fit(keys).Transform(keys);
        SequenceLabelingMetrics metrics = Evaluate(alone);
        CollectionAssert.AreEqual(
            new SequenceLabelingScore[] { new("(not in training)", 2, 0, 0), new("A", 1, 2, 1) }, metrics.PerSpanType.ToArray());
        Assert.AreEqual(2 / 5.0, metrics.TokenAccuracy, 1e-15);
        Assert.AreEqual(3, metrics.NumberOfUnseenLabels);
    }

    [TestMethod]
    public void MissingKeysOfLabelsWithoutSpansAreWrongTokensAlone()
    {
        IDataView training = _ml.Data.LoadFromEnumerable([new Tagged { Tags = ["NOUN", "VERB"] }]);
        IDataView data = _ml.Data.LoadFromEnumerable([new Tagged { Tags = ["NOUN", "ADV", "ADV"] }]);
        IDataView keys = _ml.Transforms.Conversion.MapValueToKey("Tags").Fit(training).Transform(data);
        IDataView alone = _ml.Transforms.SelectColumns("Tags").Fit(keys).Transform(keys);
        SequenceLabelingMetrics metrics = Evaluate(alone, "Tags", "Tags");
        Assert.IsEmpty(metrics.PerSpanType);
        Assert.AreEqual(1 / 3.0, metrics.TokenAccuracy, 1e-15);
    }

    [TestMethod]
    public void EmptyTextsAreMissingLabelsAndLeftOut()
    {
        IDataView keys = Keys([new Tagged { Tags = ["B-A", "", "I-A", "B-C"], Predicted = ["B-A", "B-B", "I-A", "B-A"] }]);
        foreach (string label in new[] { "Label", "Tags" })
        {
            SequenceLabelingMetrics metrics = Evaluate(keys, label);
            Assert.AreEqual((3L, 1L, 1L), (metrics.NumberOfTokens, metrics.NumberOfMissingLabels, metrics.NumberOfUnseenLabels));
            CollectionAssert.AreEqual(new SequenceLabelingScore[] { new("A", 1, 2, 1), new("C", 1, 0, 0) }, metrics.PerSpanType.ToArray());
        }
    }

    [TestMethod]
    public void AColumnOfPredictionsIsNotTakenForTheTextsOfTheLabels()
    {
        // It agrees with every key, but has a label that can be predicted where the true one is unseen.
        IDataView keys = Keys([new Tagged { Tags = ["B-A", "B-C"], Predicted = ["B-A", "B-B"] }]);
        IDataView named = _ml.Transforms.Conversion.MapKeyToValue("PredictedNames", "PredictedLabel").Fit(keys).Transform(keys);
        IDataView without = _ml.Transforms.SelectColumns("Label", "PredictedLabel", "PredictedNames").Fit(named).Transform(named);
        Assert.AreEqual(0.5, Evaluate(without).TokenAccuracy, 1e-15);
        Assert.AreEqual(0.5, Evaluate(named).TokenAccuracy, 1e-15);
    }

    [TestMethod]
    public void KeysOfAnotherOrderAreComparedByWhatTheyStandFor()
    {
        var rows = new[] { new Tagged { Tags = ["I-B", "B-A", "O", "I-A"], Predicted = ["I-B", "B-A", "O", "B-B"] } };
        IDataView data = _ml.Data.LoadFromEnumerable(rows);
        data = _ml.Transforms.Conversion.MapValueToKey("Label", "Tags").Fit(data).Transform(data);
        data = _ml.Transforms.Conversion.MapValueToKey("PredictedLabel", "Predicted").Fit(Training()).Transform(data);
        CollectionAssert.AreNotEqual(KeyNames(data, "Label"), KeyNames(data, "PredictedLabel"));
        Assert.AreEqual(0.75, Evaluate(data).TokenAccuracy);
    }

    [TestMethod]
    public void KeysOfTimesAndKeysWithoutValuesAreComparedToo()
    {
        var rows = Example.Make(20);
        IDataView data = AnyTrainer.Data(_ml, rows);
        IDataView times = _ml.Transforms.Conversion.MapValueToKey("Label", "StepClassTimes").Fit(data).Transform(data);
        SequenceLabelingMetrics byTime = Evaluate(times, "Label", "Label"), byNumber = Evaluate(data, "StepClasses", "StepClasses");
        Assert.AreEqual(1, byTime.TokenAccuracy);
        Assert.AreEqual("2026-03-29T01:59:59.9990001", byTime.PerLabel[0].Name);
        CollectionAssert.AreEqual((string[])["1", "2", "3"], byNumber.PerLabel.Select(label => label.Name).ToArray());
        Assert.AreEqual(0, byNumber.NumberOfUnseenLabels);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate(times, "StepClasses", "Label"));
        StringAssert.StartsWith(
            error.Message, "Schema mismatch for label column 'StepClasses': expected keys with values, as the predicted labels have them");
        error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate(times, "Label", "StepClasses"));
        StringAssert.StartsWith(
            error.Message, "Schema mismatch for predicted label column 'StepClasses': expected keys with values, as the labels have them");
    }

    [TestMethod]
    public void SequencesThatCouldNotBeScoredCountAsWrongAndAreCounted()
    {
        Example[] rows = Example.Make(30, variable: true);
        IDataView training = AnyTrainer.Data(_ml, rows);
        IEstimator<ITransformer> pipeline = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "StepClassNames")
            .Append(AnyTrainer.Create(_ml, AnyTrainer.Labeling, options => options.LabelColumnName = "LabelKey"));
        ITransformer model = pipeline.Fit(training);
        SequenceLabelingMetrics whole = Evaluate(model.Transform(training), "LabelKey");

        Example[] damaged = Example.Make(30, variable: true);
        foreach (Example row in damaged.Take(2))
            row.Features[1] = float.NaN;
        SequenceLabelingMetrics metrics = Evaluate(model.Transform(AnyTrainer.Data(_ml, damaged)), "LabelKey");
        Assert.AreEqual(2, metrics.NumberOfUnscoredSequences);
        Assert.AreEqual(whole.NumberOfTokens, metrics.NumberOfTokens);
        SequenceLabelingMetrics others = Evaluate(model.Transform(AnyTrainer.Data(_ml, damaged[2..])), "LabelKey");
        Assert.AreEqual(others.PerLabel.Sum(label => label.Correct), metrics.PerLabel.Sum(label => label.Correct));
        Assert.Contains("counted as wrong: 2 sequences that could not be scored", metrics.ToString());
    }

    [TestMethod]
    public void ColumnsThatAreNoLabelsOfStepsAreRefused()
    {
        IDataView keys = Keys([new Tagged { Tags = ["O"], Predicted = ["O", "O"] }]);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Evaluate(keys, "Number"));
        StringAssert.StartsWith(
            error.Message, "Schema mismatch for label column 'Number': expected a vector of Key or of Text, one for each step, got Single");
        var lengths = Assert.ThrowsExactly<InvalidOperationException>(() => Evaluate(keys));
        Assert.AreEqual("Row 0 (counted from 0) has 1 labels in column 'Label', but 2 in column 'PredictedLabel'.", lengths.Message);
    }

    private SequenceLabelingMetrics Evaluate(IDataView data, string label = "Label", string predicted = "PredictedLabel")
        => _ml.MulticlassClassification.EvaluateSequenceLabeling(data, label, predicted);

    private IDataView Training() => _ml.Data.LoadFromEnumerable([new Tagged { Tags = Seen, Predicted = Seen }]);

    /// <summary>Labels and predictions as keys of what training saw.</summary>
    private IDataView Keys(Tagged[] rows)
        => _ml.Transforms.Conversion.MapValueToKey([new("Label", "Tags"), new("PredictedLabel", "Predicted")]).Fit(Training()).Transform(
            _ml.Data.LoadFromEnumerable(rows));

    private static void AssertSame(Conlleval expected, SequenceLabelingMetrics actual)
    {
        Assert.AreEqual(expected.Tokens, actual.NumberOfTokens);
        Assert.AreEqual((double)expected.CorrectTags / expected.Tokens, actual.TokenAccuracy, 1e-15);
        Assert.AreEqual(expected.GoldChunks, actual.PerSpanType.Sum(type => type.Support));
        Assert.AreEqual(expected.GuessedChunks, actual.PerSpanType.Sum(type => type.Predicted));
        Assert.AreEqual(expected.CorrectChunks, actual.PerSpanType.Sum(type => type.Correct));
    }

    private static string[] KeyNames(IDataView data, string column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        data.Schema[column].GetKeyValues(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class Tagged
    {
        public string[] Tags { get; set; } = [];

        public string[] Predicted { get; set; } = [];

        public float Number { get; set; }
    }
}
