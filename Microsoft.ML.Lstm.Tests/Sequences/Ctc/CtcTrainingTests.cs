using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Onnx;

namespace Microsoft.ML.Lstm.Tests.Sequences.Ctc;

/// <summary>The trainer and the transformer of labels without alignment.</summary>
[TestClass]
public sealed class CtcTrainingTests
{
    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void WhatComesOneAfterTheOtherIsLearnedWithoutItsPlaces(int stepsPerFrame)
    {
        IDataView train = Data(Signals(300, seed: 1)), test = Data(Signals(100, seed: 2));
        var pipeline = Ml.Transforms.Conversion.MapValueToKey("Label", "Names").Append(Ml.MulticlassClassification.Trainers.LstmCtc(
            featuresPerStep: 2, stepsPerFrame: stepsPerFrame, hiddenSize: 16, learningRate: 0.02f, numberOfEpochs: 25));
        TransformerChain<LstmCtcTransformer> model = pipeline.Fit(train);
        CtcMetrics metrics = Ml.MulticlassClassification.EvaluateCtc(model.Transform(test));
        Assert.IsLessThan(0.05, metrics.LabelErrorRate, metrics.ToString());
        Assert.AreEqual(metrics.LabelErrorRate, metrics.WordErrorRate);
        var wide = model.LastTransformer.WithBeamSize(8);
        Assert.AreEqual((1, 8), (model.LastTransformer.BeamSize, wide.BeamSize));
        IDataView keys = model.Take(1).Aggregate(test, (data, step) => step.Transform(data));
        Assert.IsLessThan(0.05, Ml.MulticlassClassification.EvaluateCtc(wide.Transform(keys)).LabelErrorRate);
        float[] best = [.. model.LastTransformer.Transform(keys).GetColumn<float>("LogProbability")];
        float[] searched = [.. wide.Transform(keys).GetColumn<float>("LogProbability")];
        Assert.IsTrue(best.All(log => log <= 0));
        Assert.IsGreaterThanOrEqualTo(best.Sum() - 1e-4f, searched.Sum());
    }

    [TestMethod]
    public void ALabelThatIsTooLongForItsFramesIsCountedAndLeftOut()
    {
        Example[] rows = Example.Make(40, variable: true);
        (SequencePredictionTransformer expected, string[] none) = AnyTrainer.Fit(AnyTrainer.Ctc, rows);
        Assert.IsEmpty(none);
        Example longer = Example.Make(1, variable: true, seed: 5)[0];
        longer.Items = [.. Enumerable.Repeat(1u, longer.Features.Length / 2)];
        (_, string[] warnings) = AnyTrainer.Fit(AnyTrainer.Ctc, [.. rows, longer]);
        Assert.AreEqual("1 of the 41 labels of the training data in column 'Items' are longer than the frames of their sequences allow, "
            + "and don't count: a label needs a frame for each item, and one more between two that are the same (StepsPerFrame 1).",
            warnings.Single());
        Assert.AreEqual("None of the 1 labels of the training data in column 'Items' fits the frames of its sequence: a label needs a "
            + "frame for each item, and one more between two that are the same (StepsPerFrame 1).",
            Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(AnyTrainer.Ctc, [longer])).Message);
        foreach (Example row in rows)
            row.Items = [];
        Assert.AreEqual("All labels of the training data in column 'Items' are empty.",
            Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(AnyTrainer.Ctc, rows)).Message);
    }

    [TestMethod]
    public void LabelsMayBeEmptyAndNoItemMissing()
    {
        Example[] rows = Example.Make(40, variable: true);
        rows[3].Items = [];
        rows[4].Items = [1, 0];
        (SequencePredictionTransformer model, string[] warnings) = AnyTrainer.Fit(AnyTrainer.Ctc, rows);
        Assert.AreEqual("Skipped 1 of the 40 rows of the training data: 1 with a missing or infinite label.", warnings.Single());
        Assert.IsTrue(model.Transform(AnyTrainer.Data(Ml, rows)).GetColumn<float>("LogProbability").All(float.IsFinite));
    }

    [TestMethod]
    public void ItemsThatNeverOccurHaveNoProbability()
    {
        Example[] rows = Example.Make(40, variable: true);
        foreach (Example row in rows)
            row.Items = [row.Items[0] == 2 ? 1 : row.Items[0]];
        (SequencePredictionTransformer model, string[] warnings) = AnyTrainer.Fit(AnyTrainer.Ctc, rows);
        Assert.Contains("1 of the 3 classes of column 'Items' never occur", warnings.Single());
        IDataView scored = model.Transform(AnyTrainer.Data(Ml, rows));
        foreach (float[] frames in EstimatorHarness.Values(scored, "Score"))
        {
            for (int i = 0; i < frames.Length; i += 4)
            {
                Assert.AreEqual(0f, frames[i + 2]);
                Assert.AreEqual(1f, frames[i] + frames[i + 1] + frames[i + 3], 1e-5f);
            }
        }
        Assert.DoesNotContain("2", ColumnReader.Read(scored, "PredictedLabel").SelectMany(items => items));
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(-2)]
    public void TheSameBitsComeFromAnyNumberOfThreadsAndFromAResumedTraining(int stepsPerFrame)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("lstm-tests-").FullName, "checkpoint");
        Example[] rows = Labelled(60);
        (SequencePredictionTransformer expected, _) = AnyTrainer.Fit(AnyTrainer.Ctc, rows, Change);
        AnyTrainer.Fit(AnyTrainer.Ctc, rows, options =>
        {
            Change(options);
            (options.CheckpointPath, options.EpochCompleted) = (path, epoch => epoch.Cancel = epoch.Epoch == 2);
        });
        foreach (int threads in new[] { 2, 3 })
        {
            (SequencePredictionTransformer actual, _) = AnyTrainer.Fit(AnyTrainer.Ctc, rows, options =>
            {
                Change(options);
                options.NumberOfThreads = threads;
                if (threads == 3)
                    (options.CheckpointPath, options.ResumeFromCheckpoint) = (path, true);
            });
            AnyTrainer.AssertSameWeights(expected, actual);
        }

        void Change(SequenceTrainerOptions options)
        {
            (options.NumberOfEpochs, options.ValidationFraction, options.NumberOfThreads) = (5, 0.2f, 1);
            SetFrames(options, stepsPerFrame);
        }
    }

    [TestMethod]
    [DataRow(1, false)]
    [DataRow(2, false)]
    [DataRow(3, true)]
    [DataRow(-2, false)]
    [DataRow(-2, true)]
    public void OnnxRuntimeReadsTheSameItems(int stepsPerFrame, bool isEnsemble)
    {
        SequencePredictionTransformer model = AnyTrainer.Fit(AnyTrainer.Ctc, Labelled(80), options =>
        {
            (options.NumberOfEpochs, options.StaticFeatureColumnName) = (8, nameof(Example.Statics));
            SetFrames(options, stepsPerFrame);
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            options.Effort = isEnsemble ? TrainingEffort.Best : TrainingEffort.Default;
        }).Model;
        using var run = new OnnxRun(model);
        run.AssertSame(OnnxRun.Rows(seed: 2, 3, 1, 7, 2, 30, 5));
        run.AssertSame(OnnxRun.Rows(seed: 3, 4, 4, 4), hasLengths: false);
        Example[] bad = OnnxRun.Rows(seed: 4, 3, 0, 5);
        bad[2].Features[3] = float.NaN;
        run.AssertSame(bad);
        var again = (LstmCtcTransformer)Ml.Model.LoadLstmFromOnnx(new MemoryStream(run.Model));
        IDataView data = AnyTrainer.Data(Ml, Labelled(20));
        foreach (string column in new[] { "Score", "PredictedLabel", "LogProbability" })
            EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), column), ColumnReader.Read(again.Transform(data), column));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(-2)]
    public void AttributionsAddUpToTheLogProbability(int stepsPerFrame)
    {
        Example[] rows = Labelled(60);
        SequencePredictionTransformer model = AnyTrainer.Fit(AnyTrainer.Ctc, rows,
            options =>
            {
                options.NumberOfEpochs = 8;
                SetFrames(options, stepsPerFrame);
            }).Model;
        IDataView data = AnyTrainer.Data(Ml, rows[..6]);
        IDataView explained = model.Explain(Ml, data);
        float[] expected = [.. model.Transform(data).GetColumn<float>("LogProbability")];
        float[] value = [.. explained.GetColumn<float>("ExplainedOutput")], baseline = [.. explained.GetColumn<float>("BaselineOutput")];
        float[][] steps = [.. explained.GetColumn<float[]>("StepAttribution")];
        for (int row = 0; row < expected.Length; row++)
        {
            Assert.AreEqual(expected[row], value[row], 1e-4f);
            Assert.AreEqual(value[row] - baseline[row], steps[row].Sum(), 1e-2f);
        }
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Explain(Ml, data, new ExplanationOptions { Output = 1 }));
    }

    [TestMethod]
    public void TrainingGoesOnFromAModel()
    {
        IDataView data = AnyTrainer.Data(Ml, Labelled(60));
        var trainer = (LstmCtcTrainer)AnyTrainer.Create(Ml, AnyTrainer.Ctc, options => options.NumberOfEpochs = 3);
        LstmCtcTransformer model = trainer.Fit(data);
        LstmCtcTransformer later = trainer.Fit(data, null, model.Model);
        Assert.AreNotEqual(model.Model.Weights["head.bias"].Span[0], later.Model.Weights["head.bias"].Span[0]);
    }

    [TestMethod]
    public void ALanguageModelDecidesWhatFramesLeaveOpen()
    {
        Example[] rows = Example.Make(60, variable: true);
        IDataView data = AnyTrainer.Data(Ml, rows[..8]);
        var frames = (LstmCtcTransformer)AnyTrainer.Fit(AnyTrainer.Ctc, rows, options => options.NumberOfEpochs = 6).Model;
        LstmLanguageModelTransformer language = Ml.MulticlassClassification.Trainers.LstmLanguageModel(nameof(Example.Items), hiddenSize: 6,
            numberOfEpochs: 10).Fit(AnyTrainer.Data(Ml, rows));
        LstmCtcTransformer wide = frames.WithBeamSize(4000), joined = wide.WithLanguageModel(language, weight: 2, itemBonus: 0.7f);
        float[][] probabilities = EstimatorHarness.Values(frames.Transform(data), "Score");
        string[] found = Labels(joined);
        for (int row = 0; row < found.Length; row++)
        {
            Dictionary<string, double> all = Probabilities(probabilities[row], outputs: 4);
            string[] labels = [.. all.Keys.Where(label => label != "")];
            double[] logs = LanguageOf(labels);
            Dictionary<string, double> scores = labels.Select((label, i) => (label, Score: Math.Log(all[label]) + 2 * logs[i]
                + 0.7 * label.Split(' ').Length)).ToDictionary(pair => pair.label, pair => pair.Score);
            Assert.AreEqual(scores.Values.Max(), scores[found[row]], 1e-3, $"row {row}: {found[row]}");
        }
        Assert.IsFalse(found.SequenceEqual(Labels(wide)), "It has no say.");
        CollectionAssert.AreEqual(Labels(wide), Labels(joined.WithLanguageModel(null)));
        Assert.ThrowsExactly<InvalidOperationException>(() => frames.WithLanguageModel(language));
        Assert.ThrowsExactly<InvalidOperationException>(() => joined.WithBeamSize(1));
        Assert.AreEqual(1, joined.WithLanguageModel(null).WithBeamSize(1).BeamSize);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => wide.WithLanguageModel(language, weight: -1));
        Assert.ThrowsExactly<InvalidOperationException>(() => Ml.Model.Save(joined, data.Schema, new MemoryStream()));

        // Weights are rounded in both.
        LstmCtcTransformer rounded = joined.WithWeightFormat(WeightFormat.Int8);
        Assert.AreEqual(WeightFormat.Int8, rounded.LanguageModel!.Model.WeightFormat);
        CollectionAssert.AreEqual(Labels(wide.WithWeightFormat(WeightFormat.Int8)
            .WithLanguageModel(language.WithWeightFormat(WeightFormat.Int8), weight: 2, itemBonus: 0.7f)), Labels(rounded));
        Assert.IsNull(joined.WithLanguageModel(null).WithWeightFormat(WeightFormat.Int8).LanguageModel);

        string[] Labels(LstmCtcTransformer model)
            => [.. ColumnReader.Read(model.Transform(data), "PredictedLabel").Select(items => string.Join(' ', items))];

        double[] LanguageOf(string[] labels) => [.. language.Transform(AnyTrainer.Data(Ml, [.. labels.Select(label => new Example
        {
            Items = [.. label.Split(' ').Select(uint.Parse)],
            Labels = new float[3],
            Statics = new float[2],
        })])).GetColumn<float>("LogLikelihood").Select(log => (double)log)];
    }

    /// <summary>So many steps a frame, side by side or, of a negative number, by a convolution.</summary>
    private static void SetFrames(SequenceTrainerOptions options, int stepsPerFrame)
    {
        if (stepsPerFrame > 0)
            options.StepsPerFrame = stepsPerFrame;
        else
            options.InputConvolution = new InputConvolutionOptions { Filters = [9], KernelSizes = [4], Strides = [-stepsPerFrame] };
    }

    [TestMethod]
    public void OptionsThatMakeNoSenseAreRefused()
    {
        AssertRefused(options => ((LstmCtcTrainer.Options)options).BeamSize = 0);
        AssertRefused(options => options.EncodingColumnName = "Encoding");
        AssertRefused(options => options.MaximumSequenceLength = 5);
        AssertRefused(options => (options.StepsPerFrame, options.Convolution) = (2, new ConvolutionOptions()));
        AssertRefused(options => (options.InputConvolution, options.Convolution) = (new(), new()));

        static void AssertRefused(Action<SequenceTrainerOptions> change)
            => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => AnyTrainer.Create(Ml, AnyTrainer.Ctc, change));
    }

    [TestMethod]
    public void ErrorsAreCountedByItemsAndByWords()
    {
        IDataView data = Ml.Data.LoadFromEnumerable(new[]
        {
            new Texts { Label = ["a", "b", " ", "c"], PredictedLabel = ["a", " ", "c"] },
            new Texts { Label = ["d", " ", "e"], PredictedLabel = ["d", " ", "e"] },
            new Texts { Label = ["f"], PredictedLabel = [] },
        });
        CtcMetrics metrics = Ml.MulticlassClassification.EvaluateCtc(data);
        Assert.AreEqual((3, 8, 2), (metrics.NumberOfSequences, metrics.NumberOfLabels, metrics.NumberOfLabelErrors));
        Assert.AreEqual((5, 2), (metrics.NumberOfWords, metrics.NumberOfWordErrors));
        Assert.AreEqual(1 / 3.0, metrics.ExactMatch, 1e-12);
        Assert.AreEqual("3 sequences, label error rate 25.00 %, word error rate 40.00 %, exact match 33.33 %", metrics.ToString());
        Assert.AreEqual(0.25, Ml.MulticlassClassification.EvaluateCtc(data, wordSeparator: "|").WordErrorRate);
    }

    /// <summary>The probability of each label, as keys, from those of each path.</summary>
    private static Dictionary<string, double> Probabilities(float[] frames, int outputs)
    {
        var sums = new Dictionary<(string Label, int Last), double> { [("", 0)] = 1 };
        for (int at = 0; at < frames.Length; at += outputs)
        {
            var next = new Dictionary<(string, int), double>();
            foreach (((string label, int last), double probability) in sums)
            {
                for (int output = 0; output < outputs; output++)
                {
                    string longer = output == 0 || output == last ? label : label == "" ? $"{output}" : $"{label} {output}";
                    next[(longer, output)] = next.GetValueOrDefault((longer, output)) + probability * frames[at + output];
                }
            }
            sums = next;
        }
        return sums.GroupBy(pair => pair.Key.Label).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
    }

    /// <summary>Labels that fit two or three steps a frame: what is at every third step.</summary>
    private static Example[] Labelled(int count)
    {
        Example[] rows = Example.Make(count, variable: true);
        foreach (Example row in rows)
            row.Items = [row.Items[0]];
        return rows;
    }

    private static IDataView Data(Signal[] signals) => Ml.Data.LoadFromEnumerable(signals);

    /// <summary>Bumps of three kinds with pauses of any length between.</summary>
    private static Signal[] Signals(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int[] items = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(3))];
            var features = new List<float>();
            Pause();
            foreach (int item in items)
            {
                for (int t = random.Next(3, 6); t > 0; t--)
                    features.AddRange([item - 1 + 0.2f * random.NextSingle(), 1]);
                Pause();
            }
            return new Signal { Features = [.. features], Names = [.. items.Select(item => $"bump {item}")] };

            void Pause()
            {
                for (int t = random.Next(2, 6); t > 0; t--)
                    features.AddRange([0.2f * random.NextSingle(), 0]);
            }
        })];
    }

    private sealed class Signal
    {
        public float[] Features { get; set; } = [];

        public string[] Names { get; set; } = [];
    }

    private sealed class Texts
    {
        public string[] Label { get; set; } = [];

        public string[] PredictedLabel { get; set; } = [];
    }
}
