using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>Learning to write sequences, and what the trainer says of labels that it can't learn.</summary>
[TestClass]
public sealed class SequenceToSequenceTrainerTests
{
    private const int Symbols = 12;

    [TestMethod]
    [DataRow(SourceAttention.General)]
    [DataRow(SourceAttention.Additive)]
    [DataRow(SourceAttention.Dot)]
    public void SequencesOfUnseenOrderAreReversed(SourceAttention attention)
    {
        var ml = new MLContext(seed: 1);
        LstmSequenceToSequenceTransformer model = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new()
        {
            LabelColumnName = "Target",
            FeatureColumnName = "Source",
            HiddenSize = 48,
            EmbeddingSize = 24,
            Attention = attention,
            LearningRate = 0.01f,
            NumberOfEpochs = 12,
            Seed = 1,
            AttentionColumnName = "Weights",
        }).Fit(Load(ml, Pairs(1500, seed: 1)));
        Pair[] test = Pairs(100, seed: 2);
        Written[] written = Read(ml, model.Transform(Load(ml, test)));
        int right = test.Zip(written, (pair, one) => pair.Target.SequenceEqual(one.PredictedLabel) ? 1 : 0).Sum();
        Assert.IsGreaterThan(90, right);
        for (int i = 0; i < test.Length; i++)
        {
            Assert.IsLessThanOrEqualTo(0, written[i].Score);
            Assert.HasCount(written[i].PredictedLabel.Length * test[i].Source.Length, written[i].Weights);
        }
        // One look at a time, from the end to the beginning.
        int longest = Array.FindIndex(test, pair => pair.Target.Length == 8);
        float[][] weights = [.. written[longest].Weights.Chunk(8)];
        int[] looks = [.. weights.Select(ofToken => Array.IndexOf(ofToken, ofToken.Max()))];
        Assert.IsGreaterThan(4, looks.Where((step, t) => Math.Abs(7 - t - step) <= 1).Count());

        LstmSequenceToSequenceTransformer greedy = model.WithDecoding(beamSize: 1, maximumOutputLength: 3);
        Assert.IsTrue(Read(ml, greedy.Transform(Load(ml, test))).All(one => one.PredictedLabel.Length <= 3));
        Assert.AreEqual((1, 0.6f, 3), (greedy.BeamSize, greedy.LengthPenalty, greedy.MaximumOutputLength));
    }

    [TestMethod]
    public void AWiderBeamFindsSequencesThatAreNoLessProbable()
    {
        var ml = new MLContext(seed: 1);
        LstmSequenceToSequenceTransformer model = Small(ml, Pairs(200, seed: 1));
        IDataView test = Load(ml, Pairs(50, seed: 2));
        double greedy = Read(ml, model.WithDecoding(1, lengthPenalty: 0).Transform(test)).Sum(one => (double)one.Score);
        double beam = Read(ml, model.WithDecoding(10, lengthPenalty: 0).Transform(test)).Sum(one => (double)one.Score);
        Assert.IsGreaterThan(greedy, beam);
    }

    [TestMethod]
    public void TheBestSequencesOfABeamAreColumnsWithTheirScores()
    {
        var ml = new MLContext(seed: 1);
        LstmSequenceToSequenceTransformer model = Small(ml, Pairs(200, seed: 1)).WithDecoding(5, lengthPenalty: 0, numberOfPredictions: 3);
        IDataView test = Load(ml, [.. Pairs(20, seed: 2), new Pair([], [])]);
        Assert.AreEqual(3, model.NumberOfPredictions);
        Assert.IsNull(model.Transform(test).Schema.GetColumnOrNull("Score4"));
        Written[] best = Read(ml, model.WithDecoding(5, numberOfPredictions: 1).Transform(test));
        WrittenThrice[] all = [.. ml.Data.CreateEnumerable<WrittenThrice>(model.Transform(test), reuseRowObject: false)];
        for (int i = 0; i < all.Length - 1; i++)
        {
            CollectionAssert.AreEqual(best[i].PredictedLabel, all[i].PredictedLabel);
            Assert.AreEqual(best[i].Score, all[i].Score);
            Assert.IsGreaterThanOrEqualTo(all[i].Score2, all[i].Score);
            Assert.IsGreaterThanOrEqualTo(all[i].Score3, all[i].Score2);
            CollectionAssert.AreNotEqual(all[i].PredictedLabel, all[i].PredictedLabel2);
            CollectionAssert.AreNotEqual(all[i].PredictedLabel2, all[i].PredictedLabel3);
        }
        Assert.IsEmpty(all[^1].PredictedLabel3);
        Assert.IsTrue(float.IsNaN(all[^1].Score3));
        Assert.AreEqual(2, model.WithDecoding(beamSize: 2).NumberOfPredictions);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.WithDecoding(beamSize: 2, numberOfPredictions: 3));
    }

    [TestMethod]
    public void ADecoderThatReadsItsOwnSymbolsNowAndThenLearnsToo()
    {
        var ml = new MLContext(seed: 1);
        Pair[] pairs = Pairs(300, seed: 1);
        float[] always = Weights(TeacherForcingSchedule.Always, threads: 1);
        CollectionAssert.AreEqual(always, Weights(null, threads: 1));
        float[] sampled = Weights(TeacherForcingSchedule.LinearDecay(0.2), threads: 1);
        CollectionAssert.AreNotEqual(always, sampled);
        CollectionAssert.AreEqual(sampled, Weights(TeacherForcingSchedule.LinearDecay(0.2), threads: 3));
        Assert.Throws<InvalidOperationException>(() => Weights(new WrongSchedule(), threads: 1));

        float[] Weights(TeacherForcingSchedule? schedule, int threads)
        {
            LstmSequenceToSequenceTrainer.Options options = SmallOptions(epochs: 3);
            (options.TeacherForcing, options.NumberOfThreads) = (schedule, threads);
            LstmSequenceToSequenceTransformer model = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options)
                .Fit(Load(ml, pairs));
            IReadOnlyList<ReportedEpoch> epochs = model.TrainingReport!.Epochs;
            Assert.IsLessThan(epochs[0].TrainingLoss, epochs[^1].TrainingLoss);
            return [.. model.Model.Weights.SelectMany(weights => weights.Value.ToArray())];
        }
    }

    [TestMethod]
    public void TheShareOfTrueSymbolsFallsAsTheScheduleSays()
    {
        Assert.AreEqual(0.3, TeacherForcingSchedule.Constant(0.3).GetShare(5, 10));
        Assert.AreEqual(1, TeacherForcingSchedule.Always.GetShare(9, 10));
        TeacherForcingSchedule linear = TeacherForcingSchedule.LinearDecay(0.25, decayShare: 0.5);
        Assert.AreEqual(1, linear.GetShare(0, 8));
        Assert.AreEqual(0.625, linear.GetShare(2, 8), 1e-12);
        Assert.AreEqual(0.25, linear.GetShare(4, 8), 1e-12);
        Assert.AreEqual(0.25, linear.GetShare(7.5, 8), 1e-12);
        TeacherForcingSchedule sigmoid = TeacherForcingSchedule.InverseSigmoidDecay(5);
        Assert.AreEqual(5.0 / 6, sigmoid.GetShare(0, 8), 1e-12);
        Assert.AreEqual(0.5, sigmoid.GetShare(5 * Math.Log(5), 8), 1e-12);
        Assert.AreEqual(0, sigmoid.GetShare(1e6, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => TeacherForcingSchedule.Constant(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TeacherForcingSchedule.LinearDecay(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => TeacherForcingSchedule.LinearDecay(0.5, decayShare: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => TeacherForcingSchedule.InverseSigmoidDecay(0.9));
    }

    [TestMethod]
    public void EmptyLabelsAreLearnedAndARowThatCannotBeReadGetsNothing()
    {
        var ml = new MLContext(seed: 1);
        // Sequences that begin with the first symbol have nothing to write.
        Pair[] pairs = [.. Pairs(300, seed: 1).Select(pair => pair.Source[0] <= Symbols / 2 ? pair with { Target = [] } : pair)];
        LstmSequenceToSequenceTransformer model = Small(ml, pairs, epochs: 20);
        Written[] written = Read(ml, model.Transform(Load(ml, [.. pairs, new Pair([], [])])));
        int right = pairs.Zip(written, (pair, one) => pair.Target.Length == 0 == (one.PredictedLabel.Length == 0) ? 1 : 0).Sum();
        Assert.IsGreaterThan(270, right);
        Assert.IsEmpty(written[^1].PredictedLabel);
        Assert.IsTrue(float.IsNaN(written[^1].Score));
    }

    [TestMethod]
    public void LabelsWithNothingToLearnAreRefused()
    {
        var ml = new MLContext(seed: 1);
        Assert.Throws<InvalidOperationException>(() => Small(ml, [.. Pairs(10, seed: 1).Select(pair => pair with { Target = [] })]));
        Assert.Throws<InvalidOperationException>(() => Small(ml, [.. Pairs(10, seed: 1).Select(pair => pair with { Target = [0, 0] })]));
    }

    [TestMethod]
    public void WhatStandsAroundMissingKeysIsLearned()
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        // The last symbol has no key among the labels, and each sequence has it.
        Pair[] pairs = [.. Pairs(1500, seed: 1).Select(pair => new Pair([Symbols, .. pair.Source], [.. pair.Target, Symbols]))];
        int missing = pairs.Sum(pair => pair.Target.Count(symbol => symbol == Symbols));
        LstmSequenceToSequenceTransformer model = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new()
        {
            LabelColumnName = "Target",
            FeatureColumnName = "Source",
            HiddenSize = 48,
            EmbeddingSize = 24,
            LearningRate = 0.01f,
            NumberOfEpochs = 10,
            Seed = 1,
        }).Fit(Load(ml, [.. pairs.Select(pair => pair with
        {
            Target = [.. pair.Target.Select(symbol => symbol == Symbols ? 0 : symbol)],
        })]));
        Pair[] test = [.. Pairs(200, seed: 2).Where(pair => !pair.Source.Contains((uint)Symbols))];
        Written[] written = Read(ml, model.Transform(Load(ml, [.. test.Select(pair => pair with { Source = [Symbols, .. pair.Source] })])));
        int right = test.Zip(written, (pair, one) => one.PredictedLabel.Take(pair.Target.Length).SequenceEqual(pair.Target) ? 1 : 0).Sum();
        Assert.IsGreaterThan(0.8, (double)right / test.Length);
        Assert.IsTrue(written.All(one => one.PredictedLabel.All(symbol => symbol is > 0 and < Symbols)));
        Assert.IsTrue(log.Exists(line => line.Contains($"{missing} of the {pairs.Sum(pair => pair.Target.Length)} keys in column 'Target' "
            + "are missing", StringComparison.Ordinal)), string.Join('\n', log));
    }

    [TestMethod]
    public void OptionsOutOfTheirRangeAreRefused()
    {
        var ml = new MLContext(seed: 1);
        foreach (Action<LstmSequenceToSequenceTrainer.Options> change in new Action<LstmSequenceToSequenceTrainer.Options>[]
        {
            options => options.BeamSize = 0,
            options => options.BeamSize = 65,
            options => options.LengthPenalty = float.NaN,
            options => options.MaximumOutputLength = 0,
            options => options.NumberOfDecoderLayers = 0,
            options => options.NumberOfPredictions = 0,
            options => (options.BeamSize, options.NumberOfPredictions) = (2, 3),
            options => options.LabelSmoothing = 1,
            options => options.Attention = (SourceAttention)9,
            options => (options.Attention, options.Bidirectional) = (SourceAttention.Dot, true),
            options => (options.Attention, options.AttentionColumnName) = (SourceAttention.None, "Weights"),
            options => options.EncodingColumnName = "Encoding",
            options => options.StepsPerFrame = 2,
            options => options.Convolution = new ConvolutionOptions(),
            options => options.InputConvolution = new InputConvolutionOptions(),
        })
        {
            var options = new LstmSequenceToSequenceTrainer.Options();
            change(options);
            Assert.Throws<ArgumentOutOfRangeException>(() => ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options));
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TrainingGoesOnFromAModelWithMoreSymbols(bool tied)
    {
        var ml = new MLContext(seed: 1);
        Pair[] few = [.. Pairs(400, seed: 1).Where(pair => pair.Source.All(symbol => symbol < Symbols))], all = Pairs(400, seed: 3);
        Assert.IsTrue(few.Length is > 50 and < 390);
        LstmSequenceToSequenceTrainer.Options options = SmallOptions(epochs: 3);
        options.TieEmbeddings = tied;
        var trainer = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options);
        LstmSequenceToSequenceTransformer first = trainer.Fit(Load(ml, few));
        Assert.AreEqual(!tied, first.Model.Weights.ContainsKey("decoder.head.weight"));
        LstmSequenceToSequenceTransformer second = trainer.Fit(Load(ml, all), null, first.Model);
        Assert.IsGreaterThan(first.Model.Weights["decoder.head.bias"].Length, second.Model.Weights["decoder.head.bias"].Length);
        Assert.AreEqual(first.Model.Weights["head.weight"].Length, second.Model.Weights["head.weight"].Length);
    }

    private static LstmSequenceToSequenceTrainer.Options SmallOptions(int epochs) => new()
    {
        LabelColumnName = "Target",
        FeatureColumnName = "Source",
        HiddenSize = 24,
        EmbeddingSize = 12,
        LearningRate = 0.01f,
        NumberOfEpochs = epochs,
        Seed = 1,
    };

    private static LstmSequenceToSequenceTransformer Small(MLContext ml, Pair[] pairs, int epochs = 3)
        => ml.MulticlassClassification.Trainers.LstmSequenceToSequence(SmallOptions(epochs)).Fit(Load(ml, pairs));

    private static Pair[] Pairs(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            uint[] source = [.. Enumerable.Range(0, random.Next(3, 9)).Select(_ => (uint)random.Next(1, Symbols + 1))];
            return new Pair(source, [.. source.Reverse()]);
        })];
    }

    private static IDataView Load(MLContext ml, Pair[] pairs)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        foreach (string name in new[] { "Source", "Target" })
            schema[name].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Symbols));
        return ml.Data.LoadFromEnumerable(pairs.Select(pair => new Row { Source = pair.Source, Target = pair.Target }), schema);
    }

    private static Written[] Read(MLContext ml, IDataView data)
        => [.. ml.Data.CreateEnumerable<Written>(data, reuseRowObject: false, ignoreMissingColumns: true)];

    private sealed record Pair(uint[] Source, uint[] Target);

    private sealed class Row
    {
        public uint[] Source = [];
        public uint[] Target = [];
    }

    private sealed class WrongSchedule : TeacherForcingSchedule
    {
        public override double GetShare(double epoch, int numberOfEpochs) => -1;
    }

    private sealed class WrittenThrice
    {
        public uint[] PredictedLabel = [], PredictedLabel2 = [], PredictedLabel3 = [];

        public float Score { get; set; }

        public float Score2 { get; set; }

        public float Score3 { get; set; }
    }

    private sealed class Written
    {
        public uint[] PredictedLabel = [];
        public float Score { get; set; }

        public float[] Weights = [];
    }
}
