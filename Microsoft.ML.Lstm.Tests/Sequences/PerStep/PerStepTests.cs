using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.PerStep;

/// <summary>Trainers, transformers and streams of a value, or several, at every step.</summary>
[TestClass]
public sealed class PerStepTests
{
    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    public void RunningSumsAreLearnedThoughSomeLabelsAreMissing()
    {
        IDataView train = AnyTrainer.Data(Ml, Example.Make(300, variable: true));
        IDataView test = AnyTrainer.Data(Ml, Example.Make(100, variable: true, seed: 2));
        LstmPerStepRegressionTransformer model = Ml.Regression.Trainers.LstmPerStep(nameof(Example.StepValues), featuresPerStep: 2,
            labelsPerStep: 2, hiddenSize: 16, learningRate: 0.02f, numberOfEpochs: 30).Fit(train);
        MultiOutputRegressionMetrics metrics = Ml.Regression.EvaluatePerStep(model.Transform(test), nameof(Example.StepValues));
        Assert.IsGreaterThan(0.97, metrics.PerOutput[0].RSquared, metrics.ToString());
        Assert.IsGreaterThan(0.99, metrics.PerOutput[1].RSquared, metrics.ToString());
        Assert.IsGreaterThan(0, metrics.PerOutput[0].NumberOfMissingLabels);
        Assert.AreEqual(metrics.NumberOfRows, metrics.PerOutput[1].NumberOfRows);
    }

    [TestMethod]
    public void SeveralTruthsAreLearnedAtOnce()
    {
        IDataView train = AnyTrainer.Data(Ml, Example.Make(300, variable: true));
        IDataView test = AnyTrainer.Data(Ml, Example.Make(100, variable: true, seed: 2));
        LstmPerStepBinaryTransformer model = Ml.BinaryClassification.Trainers.LstmPerStep(nameof(Example.StepTruths), featuresPerStep: 2,
            labelsPerStep: 2, hiddenSize: 16, learningRate: 0.02f, numberOfEpochs: 30).Fit(train);
        PerStepBinaryMetrics metrics = Ml.BinaryClassification.EvaluatePerStep(model.Transform(test), nameof(Example.StepTruths));
        Assert.IsGreaterThan(0.93, metrics.MicroF1, metrics.ToString());
        Assert.IsGreaterThan(0.97, metrics.PerOutput.Min(one => one.AreaUnderRocCurve), metrics.ToString());
    }

    [TestMethod]
    [DataRow(AnyTrainer.StepValues)]
    [DataRow(AnyTrainer.StepTruths)]
    public void AStreamGivesWhatTheWholeSequenceGives(string trainer)
    {
        Example[] rows = Example.Make(40, variable: true);
        foreach (TrainingEffort effort in new[] { TrainingEffort.Quick, TrainingEffort.Best })
        {
            SequencePredictionTransformer model = AnyTrainer.Create(Ml, trainer, options =>
            {
                (options.Effort, options.StaticFeatureColumnName) = (effort, nameof(Example.Statics));
                options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            }).Fit(AnyTrainer.Data(Ml, rows));
            float[][] expected = EstimatorHarness.Values(model.Transform(AnyTrainer.Data(Ml, rows)),
                trainer == AnyTrainer.StepValues ? "Score" : "Probability");
            for (int i = 0; i < 5; i++)
            {
                LstmStepStream stream = Stream(model, rows[i].Statics);
                CollectionAssert.AreEqual(expected[i], Run(stream, rows[i]));
                stream.Reset();
                CollectionAssert.AreEqual(expected[i], Run(stream, rows[i]), "after a reset");
            }
        }

        static float[] Run(LstmStepStream stream, Example row) => [.. Enumerable.Range(0, row.Tokens.Length)
            .SelectMany(t => stream.Next(row.Features.AsSpan(2 * t, 2), [(int)row.Tokens[t]]).ToArray())];
    }

    [TestMethod]
    public void AStepThatIsNoNumberHasNoValueAndNoEffect()
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.StepValues, Example.Make(40, variable: true));
        LstmStepStream stream = Stream(model), other = Stream(model);
        float[] first = stream.Next([0.5f, 1]).ToArray();
        CollectionAssert.AreEqual(new[] { float.NaN, float.NaN }, stream.Next([0.5f, float.NaN]).ToArray());
        CollectionAssert.AreEqual(first, other.Next([0.5f, 1]).ToArray());
        CollectionAssert.AreEqual(other.Next([0.25f, -1]).ToArray(), stream.Next([0.25f, -1]).ToArray());
        Assert.ThrowsExactly<ArgumentException>(() => stream.Next([1]).ToArray());
        Assert.ThrowsExactly<ArgumentException>(() => stream.Next([1, 2], [3]).ToArray());
        Assert.ThrowsExactly<ArgumentException>(() => Stream(model, 1f));
    }

    [TestMethod]
    public void ANetworkThatReadsWhatIsAheadHasNoStream()
    {
        foreach (Action<SequenceTrainerOptions> change in new Action<SequenceTrainerOptions>[]
        {
            options => options.Bidirectional = true,
            options => options.Convolution = new ConvolutionOptions { Filters = [3], KernelSizes = [3] },
        })
        {
            (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.StepTruths, Example.Make(40, variable: true), change);
            Assert.ThrowsExactly<NotSupportedException>(() => Stream(model));
        }
    }

    [TestMethod]
    public void AStreamAllocatesNothing()
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.StepValues, Example.Make(40, variable: true));
        LstmStepStream stream = Stream(model);
        float[] step = [0.5f, -0.5f];
        for (int t = 0; t < 100; t++)
            stream.Next(step);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int t = 0; t < 100; t++)
            stream.Next(step);
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [TestMethod]
    public void AMissingLabelHasNoPartInTheTraining()
    {
        // Whatever a number of a step would be, while it is missing nothing is known of it; a row without any is none.
        Example[] rows = Example.Make(40, variable: true);
        (SequencePredictionTransformer expected, string[] none) = AnyTrainer.Fit(AnyTrainer.StepValues, rows);
        Assert.IsEmpty(none);
        Example row = Example.Make(1, variable: true, seed: 5)[0];
        row.StepValues = [.. row.StepValues.Select(_ => float.NaN)];
        (SequencePredictionTransformer actual, string[] warnings) = AnyTrainer.Fit(AnyTrainer.StepValues, [.. rows, row]);
        AnyTrainer.AssertSameWeights(expected, actual);
        Assert.AreEqual("Skipped 1 of the 41 rows of the training data: 1 with a missing or infinite label.", warnings.Single());
    }

    [TestMethod]
    public void TruthsMayBeNumbers()
    {
        Example[] rows = Example.Make(40, variable: true);
        (SequencePredictionTransformer expected, _) = AnyTrainer.Fit(AnyTrainer.StepTruths, rows);
        foreach (Example row in rows)
            row.StepValues = [.. row.StepTruths.Select(truth => truth ? 1f : 0f)];
        (SequencePredictionTransformer actual, _) = AnyTrainer.Fit(AnyTrainer.StepTruths, rows,
            options => options.LabelColumnName = nameof(Example.StepValues));
        AnyTrainer.AssertSameWeights(expected, actual);
        rows[3].StepValues[1] = 0.5f;
        (_, string[] warnings) = AnyTrainer.Fit(AnyTrainer.StepTruths, rows,
            options => options.LabelColumnName = nameof(Example.StepValues));
        Assert.Contains("1 with a label that is none of 0, 1 and NaN", warnings.Single());
    }

    [TestMethod]
    public void TheDimensionsOfALabelSayHowManyValuesAStepHas()
    {
        SchemaDefinition schema = Example.Schema(Example.Vector(5, 2));
        schema[nameof(Example.StepValues)].ColumnType = Example.Vector(5, 2);
        IDataView data = Ml.Data.LoadFromEnumerable(Example.Make(40), schema);
        SequencePredictionTransformer model = AnyTrainer.Create(Ml, AnyTrainer.StepValues, options =>
        {
            options.FeaturesPerStep = null;
            ((PerStepTrainerOptions)options).LabelsPerStep = null;
        }).Fit(data);
        Assert.AreEqual(2, model.Model.OutputCount);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 0, 2), model.Transform(data).Schema["Score"].Type);
    }

    [TestMethod]
    public void WhatCannotBeLearnedIsRefused()
    {
        Example[] rows = Example.Make(40, variable: true);
        rows[2].StepValues = rows[2].StepValues[..^1];
        rows[4].StepValues[3] = float.PositiveInfinity;
        (_, string[] warnings) = AnyTrainer.Fit(AnyTrainer.StepValues, rows);
        Assert.AreEqual("Skipped 2 of the 40 rows of the training data: 1 with a missing or infinite label; 1 with a label vector of "
            + "another length than the sequence.", warnings.Single());
        foreach (Example row in rows)
        {
            for (int i = 0; i < row.StepValues.Length; i += 2)
                row.StepValues[i] = float.NaN;
            row.StepTruths = new bool[row.StepTruths.Length];
        }
        AssertRefused(AnyTrainer.StepValues, "Value 1 of the 2 of each step in column 'StepValues' is missing in all training data.");
        AssertRefused(AnyTrainer.StepTruths,
            "All labels of the training data in column 'StepTruths' are the same, so there is nothing to tell apart.");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => AnyTrainer.Create(Ml, AnyTrainer.StepTruths,
            options => ((PerStepTrainerOptions)options).LabelsPerStep = 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => AnyTrainer.Create(Ml, AnyTrainer.StepTruths,
            options => options.EncodingColumnName = "Encoding"));

        void AssertRefused(string trainer, string message)
            => Assert.AreEqual(message, Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(trainer, rows)).Message);
    }

    [TestMethod]
    public void ATrainingThatIsResumedGivesTheSameWeights()
    {
        foreach (string trainer in AnyTrainer.PerStep)
        {
            string path = Path.Combine(Directory.CreateTempSubdirectory("lstm-tests-").FullName, "checkpoint");
            Example[] rows = Example.Make(40, variable: true);
            (SequencePredictionTransformer expected, _) = AnyTrainer.Fit(trainer, rows, Change);
            AnyTrainer.Fit(trainer, rows, options =>
            {
                Change(options);
                (options.CheckpointPath, options.EpochCompleted) = (path, epoch => epoch.Cancel = epoch.Epoch == 2);
            });
            (SequencePredictionTransformer actual, _) = AnyTrainer.Fit(trainer, rows, options =>
            {
                Change(options);
                (options.CheckpointPath, options.ResumeFromCheckpoint, options.NumberOfThreads) = (path, true, 2);
            });
            AnyTrainer.AssertSameWeights(expected, actual);
        }

        static void Change(SequenceTrainerOptions options)
            => (options.NumberOfEpochs, options.ValidationFraction, options.Dropout, options.OutputDropout) = (5, 0.2f, 0.1f, 0.1f);
    }

    [TestMethod]
    [DataRow(AnyTrainer.StepValues)]
    [DataRow(AnyTrainer.StepTruths)]
    public void AttributionsAddUpToTheValueOfAStep(string trainer)
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(10, variable: true));
        SequencePredictionTransformer model = AnyTrainer.Create(Ml, trainer).Fit(data);
        float[][] scores = EstimatorHarness.Values(model.Transform(data), "Score");
        IDataView explained = model.Explain(Ml, data, new ExplanationOptions { Output = 1, Step = ^2 });
        float[] value = [.. explained.GetColumn<float>("ExplainedOutput")], baseline = [.. explained.GetColumn<float>("BaselineOutput")];
        float[][] steps = [.. explained.GetColumn<float[]>("StepAttribution")];
        for (int row = 0; row < scores.Length; row++)
        {
            Assert.AreEqual(scores[row][^3], value[row], 1e-5f);
            Assert.AreEqual(value[row] - baseline[row], steps[row].Sum(), 1e-3f);
            Assert.AreEqual(0, steps[row][^1], "A step has no effect on the one before.");
        }
    }

    private static LstmStepStream Stream(SequencePredictionTransformer model, params float[] statics)
        => model is LstmPerStepRegressionTransformer values
            ? values.CreateStream(statics)
            : ((LstmPerStepBinaryTransformer)model).CreateStream(statics);
}
