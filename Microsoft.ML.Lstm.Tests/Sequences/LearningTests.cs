using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Small problems that nobody solves by chance, by counting tokens, or by looking at one step at a time.</summary>
[TestClass]
public sealed class LearningTests
{
    private readonly MLContext _ml = new(seed: 1);

    /// <summary>
    /// The temporal order problem (Hochreiter and Schmidhuber 1997, section 5.6): among noise there are two symbols that matter, each X or
    /// Y, and the class is XX, XY, YX or YY. Counts of symbols do not tell XY from YX.
    /// </summary>
    [TestMethod]
    public void TheOrderOfTwoSymbolsFarApartIsLearned()
    {
        var random = new Random(1);
        IDataView training = Load(3000, TemporalOrder), test = Load(1000, TemporalOrder);
        var trainer = _ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
        {
            LabelColumnName = "Class",
            FeatureColumnName = "Tokens",
            EmbeddingSize = 8,
            HiddenSize = 16,
            InitialForgetBias = 3,
            LearningRate = 0.01f,
            NumberOfEpochs = 8,
            Seed = 1,
        });
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(trainer.Fit(training).Transform(test), "Class");
        Console.WriteLine($"{metrics.MicroAccuracy} of the orders are right.");
        Assert.IsGreaterThan(0.99, metrics.MicroAccuracy);

        Toy TemporalOrder()
        {
            const uint X = 1, Y = 2;
            int steps = 30 + random.Next(11), first = 3 + random.Next(5), second = 15 + random.Next(5);
            uint[] tokens = [.. Enumerable.Range(0, steps).Select(_ => 3 + (uint)random.Next(4))];
            (tokens[first], tokens[second]) = (random.Next(2) == 0 ? X : Y, random.Next(2) == 0 ? X : Y);
            return new Toy { Tokens = tokens, Class = 2 * (tokens[first] - 1) + tokens[second] - 1 };
        }

    }

    /// <summary>As many brackets open as close, always; the answer is whether none closes before it was opened.</summary>
    [TestMethod]
    public void BalancedBracketsAreToldFromOthers()
    {
        var random = new Random(1);
        IDataView training = Load(2000, Brackets), test = Load(1000, Brackets);
        var trainer = _ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
        {
            LabelColumnName = "Answer",
            FeatureColumnName = "Tokens",
            EmbeddingSize = 4,
            HiddenSize = 16,
            LearningRate = 0.02f,
            NumberOfEpochs = 25,
            Seed = 1,
        });
        CalibratedBinaryClassificationMetrics metrics = _ml.BinaryClassification.Evaluate(trainer.Fit(training).Transform(test), "Answer");
        Console.WriteLine($"{metrics.Accuracy} of the answers are right.");
        Assert.IsGreaterThan(0.97, metrics.Accuracy);

        Toy Brackets()
        {
            bool answer = random.Next(2) == 0;
            while (true)
            {
                int pairs = 2 + random.Next(7), depth = 0;
                uint[] tokens = [.. Enumerable.Repeat(1u, pairs), .. Enumerable.Repeat(2u, pairs)];
                random.Shuffle(tokens);
                if (answer == tokens.All(token => (depth += token == 1 ? 1 : -1) >= 0))
                    return new Toy { Tokens = tokens, Answer = answer };
            }
        }
    }

    /// <summary>
    /// Each letter a is labelled by the sequence's first token and each letter b by its last: looking at the letters alone gets half of
    /// them right, and looking only back three quarters.
    /// </summary>
    [TestMethod]
    public void StepsAreLabelledByWhatIsFarBeforeAndBehindThem()
    {
        var random = new Random(1);
        IDataView training = Load(1000, EndsDecide), test = Load(300, EndsDecide);
        double both = Accuracy(bidirectional: true), forward = Accuracy(bidirectional: false);
        Console.WriteLine($"{both} of the labels are right, reading forward only {forward}.");
        Assert.IsGreaterThan(0.98, both);
        Assert.IsLessThan(0.85, forward);

        double Accuracy(bool bidirectional)
        {
            var pipeline = _ml.Transforms.Conversion.MapValueToKey("Labels")
                .Append(_ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new LstmSequenceLabelingTrainer.Options
                {
                    LabelColumnName = "Labels",
                    FeatureColumnName = "Tokens",
                    Bidirectional = bidirectional,
                    EmbeddingSize = 6,
                    HiddenSize = 16,
                    LearningRate = 0.02f,
                    NumberOfEpochs = 12,
                    Seed = 1,
                }));
            return _ml.MulticlassClassification.EvaluateSequenceLabeling(pipeline.Fit(training).Transform(test), "Labels").TokenAccuracy;
        }

        Toy EndsDecide()
        {
            const uint A = 1, B = 2, Left = 3, Right = 4;
            uint first = random.Next(2) == 0 ? Left : Right, last = random.Next(2) == 0 ? Left : Right;
            uint[] letters = [.. Enumerable.Range(0, 4 + random.Next(9)).Select(_ => random.Next(2) == 0 ? A : B)];
            return new Toy
            {
                Tokens = [first, .. letters, last],
                // The ends' own labels are missing.
                Labels = ["", .. letters.Select(letter => (letter == A ? first : last) == Left ? "left" : "right"), ""],
            };
        }
    }

    /// <summary>
    /// The input says nothing: of ten sequences four are "B-X I-X", three "O B-Y" and three "O B-Z". Step by step the best labels are "O
    /// I-X", which is none of them; only the transitions tell that the first is the best path.
    /// </summary>
    [TestMethod]
    public void OnlyTheRandomFieldPutsLabelsTogetherThatBelongTogether()
    {
        int count = 0;
        IDataView data = Load(200,
            () =>
            new Toy { Tokens = [1, 1], Labels = (count++ % 10) switch { < 4 => ["B-X", "I-X"], < 7 => ["O", "B-Y"], _ => ["O", "B-Z"] } });
        (SequenceLabelingMetrics Metrics, string First) field = Label(crf: true), softmax = Label(crf: false);
        Assert.AreEqual("B-X I-X", field.First);
        Assert.AreEqual(0.4, field.Metrics.F1, 1e-12);
        Assert.AreEqual("O I-X", softmax.First);
        Assert.AreEqual(0, softmax.Metrics.F1);

        (SequenceLabelingMetrics Metrics, string First) Label(bool crf)
        {
            var pipeline = _ml.Transforms.Conversion.MapValueToKey("Labels")
                .Append(_ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new LstmSequenceLabelingTrainer.Options
                {
                    LabelColumnName = "Labels",
                    FeatureColumnName = "Tokens",
                    UseConditionalRandomField = crf,
                    HiddenSize = 4,
                    LearningRate = 0.02f,
                    NumberOfEpochs = 40,
                    BatchSize = 50,
                    Seed = 1,
                }))
                .Append(_ml.Transforms.Conversion.MapKeyToValue("Names", "PredictedLabel"));
            IDataView scored = pipeline.Fit(data).Transform(data);
            return (_ml.MulticlassClassification.EvaluateSequenceLabeling(scored, "Labels"),
                string.Join(' ', ColumnReader.Read(scored, "Names")[0]));
        }
    }

    private IDataView Load(int count, Func<Toy> draw)
        => _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ => draw()).ToArray());

    private sealed class Toy
    {
        [KeyType(6)]
        public uint[] Tokens { get; init; } = [];

        [KeyType(4)]
        public uint Class { get; init; }

        public bool Answer { get; init; }

        public string[] Labels { get; init; } = [];
    }
}
