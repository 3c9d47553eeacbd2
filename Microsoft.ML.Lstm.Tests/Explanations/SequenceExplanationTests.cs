using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Explanations;

/// <summary>What explains the results of transformers of sequences.</summary>
[TestClass]
public sealed class SequenceExplanationTests
{
    private const double Tolerance = 0.01;

    private static readonly string[] TrainerNames = [.. AnyTrainer.Names, AnyTrainer.Autoencoder];

    private readonly MLContext _ml = new(seed: 1);

    public static IEnumerable<object[]> Trainers => TrainerNames.Select(name => new object[] { name });

    [TestMethod]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Gru)]
    public void NineTenthsOfTheAttributionAreWhereTheLabelComesFrom(CellType cell)
    {
        // Steps 2 and 5 of the second of three features, of eight steps.
        Curve[] rows = Curve.Make(600, seed: 1);
        LstmRegressionTransformer model = _ml.Regression.Trainers.Lstm(new LstmRegressionTrainer.Options
        {
            CellType = cell,
            HiddenSize = 16,
            NumberOfEpochs = 60,
            LearningRate = 0.01f,
            Seed = 1,
        }).Fit(_ml.Data.LoadFromEnumerable(rows));

        double there = 0, all = 0;
        foreach (Row row in Explain(model, _ml.Data.LoadFromEnumerable(Curve.Make(50, seed: 2))))
        {
            AssertComplete(row);
            all += row.Attribution.Sum(Math.Abs);
            there += Math.Abs(row.Attribution[2 * 3 + 1]) + Math.Abs(row.Attribution[5 * 3 + 1]);
        }
        Assert.IsGreaterThan(0.9, there / all);
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void AttributionsAddUpToTheDifferenceFromTheBaseline(string trainer)
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(20, variable: true));
        foreach (IEstimator<SequencePredictionTransformer> estimator in Estimators(trainer))
        {
            SequencePredictionTransformer model = estimator.Fit(data);
            Row[] rows = Explain(model, data);
            Assert.HasCount(20, rows);
            foreach (Row row in rows)
                AssertComplete(row);
            Assert.IsTrue(rows.Any(row => Math.Abs(row.ExplainedOutput - row.BaselineOutput) > 1e-3), "something is explained");
        }
    }

    [TestMethod]
    public void TheExplainedOutputIsWhatTheTransformerSays()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(20, variable: true));
        float[] regression = Explained(AnyTrainer.Regression, null), score = Scores(AnyTrainer.Regression, row => row[0]);
        AssertClose(score, regression);
        AssertClose(Scores(AnyTrainer.Binary, row => row[0]), Explained(AnyTrainer.Binary, null));
        AssertClose(Scores(AnyTrainer.Multiclass, row => LogOdds(row.Max())), Explained(AnyTrainer.Multiclass, null));
        AssertClose(Scores(AnyTrainer.Multiclass, row => LogOdds(row[1])), Explained(AnyTrainer.Multiclass, 1));
        // The probabilities of the labels of a conditional random field, at the last step.
        AssertClose(Scores(AnyTrainer.Labeling, row => LogOdds(row[^2])), Explained(AnyTrainer.Labeling, 1));
        AssertClose(Scores(AnyTrainer.Autoencoder, row => row[0]), Explained(AnyTrainer.Autoencoder, null));

        float[] Explained(string trainer, int? output)
            => [.. Explain(Fit(trainer), data, new() { Output = output }).Select(row => row.ExplainedOutput)];

        float[] Scores(string trainer, Func<float[], double> of)
        {
            IDataView scored = Fit(trainer).Transform(data);
            return scored.Schema["Score"].Type is VectorDataViewType
                ? [.. scored.GetColumn<float[]>("Score").Select(row => (float)of(row))]
                : [.. scored.GetColumn<float>("Score").Select(value => (float)of([value]))];
        }

        SequencePredictionTransformer Fit(string trainer) => AnyTrainer.CreateAny(_ml, trainer).Fit(data);

        static double LogOdds(double p) => Math.Log(p / (1 - p));

        static void AssertClose(float[] expected, float[] actual)
        {
            Assert.HasCount(expected.Length, actual);
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], 2e-4 * (1 + Math.Abs(expected[i])));
        }
    }

    [TestMethod]
    public void ARowHasTheSameBitsWithOtherRowsAndFromASavedModel()
    {
        Example[] rows = Example.Make(12, variable: true);
        SequencePredictionTransformer model = AnyTrainer.Create(_ml, AnyTrainer.Multiclass, options => options.Bidirectional = true)
            .Fit(AnyTrainer.Data(_ml, rows));
        Row[] together = Explain(model, AnyTrainer.Data(_ml, rows));
        using var stream = new MemoryStream();
        _ml.Model.Save(model, AnyTrainer.Data(_ml, rows).Schema, stream);
        var loaded = (SequencePredictionTransformer)_ml.Model.Load(stream, out _);
        for (int i = 0; i < rows.Length; i++)
        {
            Row alone = Explain(loaded, AnyTrainer.Data(_ml, [rows[i]])).Single();
            CollectionAssert.AreEqual(together[i].Attribution, alone.Attribution);
            CollectionAssert.AreEqual(together[i].Gates, alone.Gates);
            Assert.AreEqual(together[i].ExplainedOutput, alone.ExplainedOutput);
        }
    }

    [TestMethod]
    public void ThreadsMayExplainAtOnce()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(12, variable: true));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Regression).Fit(data);
        IDataView view = model.Explain(_ml, data);
        float[][] expected = [.. view.GetColumn<float[]>("Attribution")];
        Parallel.For(0, 4, _ =>
        {
            float[][] actual = [.. view.GetColumn<float[]>("Attribution")];
            for (int i = 0; i < expected.Length; i++)
                CollectionAssert.AreEqual(expected[i], actual[i]);
        });
    }

    [TestMethod]
    public void GatesAndStatesAreThoseOfTheRecurrence()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(5, variable: true));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Regression).Fit(data);
        IDataView view = model.Explain(_ml, data);
        Assert.AreEqual("f[2]", Names(view.Schema["Gates"])[5 + 2]);
        foreach (Row row in Rows(view))
        {
            const int H = 5;
            int steps = row.HiddenStates.Length / H;
            Assert.HasCount(steps * 4 * H, row.Gates);
            for (int t = 0; t < steps; t++)
            {
                for (int j = 0; j < H; j++)
                {
                    float[] gates = [.. Enumerable.Range(0, 4).Select(gate => row.Gates[(t * 4 + gate) * H + j])];
                    double before = t == 0 ? 0 : row.CellStates[(t - 1) * H + j], c = row.CellStates[t * H + j];
                    Assert.AreEqual(gates[1] * before + gates[0] * gates[2], c, 1e-5);
                    Assert.AreEqual(gates[3] * Math.Tanh(c), row.HiddenStates[t * H + j], 1e-5);
                }
            }
        }
    }

    [TestMethod]
    public void ReadingTheStatesChangesNoAttributionAndTheOtherWayRound()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(5, variable: true));
        IDataView view = AnyTrainer.CreateAny(_ml, AnyTrainer.Binary).Fit(data).Explain(_ml, data);
        foreach ((Row all, (float[] attribution, float[] gates)) in Rows(view)
            .Zip(view.GetColumn<float[]>("Attribution").Zip(view.GetColumn<float[]>("Gates"))))
        {
            CollectionAssert.AreEqual(attribution, all.Attribution);
            CollectionAssert.AreEqual(gates, all.Gates);
        }
    }

    [TestMethod]
    public void RowsThatCanNotBeScoredHaveNoExplanationAndAWarningCountsThem()
    {
        Example[] rows = Example.Make(6, variable: true);
        rows[1].Features = [];
        rows[3].Features[0] = float.NaN;
        var warnings = new List<string>();
        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Regression).Fit(AnyTrainer.Data(_ml, rows));
        Row[] explained = [.. ml.Data.CreateEnumerable<Row>(model.Explain(ml, AnyTrainer.Data(ml, rows)),
            reuseRowObject: false, ignoreMissingColumns: true)];
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.AreEqual(i is 1 or 3, float.IsNaN(explained[i].ExplainedOutput));
            Assert.HasCount(i is 1 or 3 ? 0 : rows[i].Features.Length, explained[i].Attribution);
        }
        StringAssert.Contains(warnings.Single(), "2 of the 6 rows");
        Assert.IsEmpty(Explain(model, AnyTrainer.Data(ml, [])));
    }

    [TestMethod]
    public void ABaselineRowTakesThePlaceOfTheMeans()
    {
        Example[] rows = Example.Make(20);
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Regression).Fit(AnyTrainer.Data(_ml, rows));
        IDataView first = AnyTrainer.Data(_ml, rows[..1]);
        Row[] explained = Explain(model, AnyTrainer.Data(_ml, rows), new() { Baseline = first });
        float score = model.Transform(first).GetColumn<float>("Score").Single();
        foreach (Row row in explained)
        {
            Assert.AreEqual(score, row.BaselineOutput, 1e-4);
            AssertComplete(row);
        }
        Assert.AreEqual(0, explained[0].Attribution.Max(Math.Abs), 1e-6);

        // One step stands for all of them.
        Example one = rows[0];
        one.Features = one.Features[..2];
        Assert.AreNotEqual(score, Explain(model, AnyTrainer.Data(_ml, rows[1..]), new() { Baseline = AnyTrainer.Data(_ml, [one]) })[0]
            .BaselineOutput);
        one.Features = [1, 2, 3, 4];
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() =>
            Explain(model, AnyTrainer.Data(_ml, rows[1..]), new() { Baseline = AnyTrainer.Data(_ml, [one]) })).Message, "2 steps");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() =>
            model.Explain(_ml, first, new() { Baseline = AnyTrainer.Data(_ml, []) })).Message, "Baseline");
    }

    [TestMethod]
    public void OptionsAreChecked()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(20));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Multiclass).Fit(data);
        foreach ((string name, ExplanationOptions options) in new (string, ExplanationOptions)[]
        {
            ("Output", new() { Output = 3 }), ("Output", new() { Output = -1 }), ("Tolerance", new() { Tolerance = 0 }),
            ("Tolerance", new() { Tolerance = double.NaN }), ("MaximumGradients", new() { MaximumGradients = 12 }),
        })
        {
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Explain(_ml, data, options)).ParamName);
        }
        Assert.ThrowsExactly<ArgumentNullException>(() => model.Explain(null!, data));
        Assert.ThrowsExactly<ArgumentNullException>(() => model.Explain(_ml, null!));
        // A step that no sequence has.
        SequencePredictionTransformer labels = AnyTrainer.CreateAny(_ml, AnyTrainer.Labeling).Fit(data);
        Assert.IsTrue(Explain(labels, data, new() { Step = 7 }).All(row => float.IsNaN(row.ExplainedOutput)));
    }

    [TestMethod]
    public void AWarningSaysThatMoreGradientsWouldHaveBeenNeeded()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(8));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Binary).Fit(data);
        var warnings = new List<string>();
        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        // Inputs far outside of what training had, where everything saturates on the way.
        Example[] far = Example.Make(3);
        foreach (Example row in far)
            row.Features = [.. row.Features.Select(value => 1e4f * value)];
        IDataView rows = AnyTrainer.Data(ml, far);
        float[][] coarse = [.. model.Explain(ml, rows, new() { MaximumGradients = 13 }).GetColumn<float[]>("Attribution")];
        StringAssert.Contains(warnings.Single(), "tolerance");
        warnings.Clear();
        Row[] fine = [.. ml.Data.CreateEnumerable<Row>(model.Explain(ml, rows), reuseRowObject: false, ignoreMissingColumns: true)];
        Assert.IsEmpty(warnings);
        for (int i = 0; i < fine.Length; i++)
        {
            AssertComplete(fine[i]);
            CollectionAssert.AreNotEqual(coarse[i], fine[i].Attribution);
        }
    }

    [TestMethod]
    public void ANetworkFromAnOnnxFileIsExplainedToo()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(8, variable: true));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(_ml, AnyTrainer.Regression).Fit(data);
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.Create(path))
                model.ExportToOnnx(file);
            Row[] expected = Explain(model, data);
            Row[] actual = Explain(_ml.Transforms.ApplyLstmModel("Output", "Features", path).Fit(data), data);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.AreEqual(expected[i].ExplainedOutput, actual[i].ExplainedOutput, 1e-4);
                AssertComplete(actual[i]);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void SlotsHaveTheNamesOfAWindow()
    {
        IDataView table = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 30)
            .Select(i => new Hour { Heat = MathF.Sin(i), Flow = i % 3, Next = MathF.Cos(i) }).ToArray());
        var model = _ml.Transforms.SlidingWindow("Window", 4, ["Heat", "Flow"])
            .Append(_ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
                (options.FeatureColumnName, options.LabelColumnName, options.FeaturesPerStep) = ("Window", "Next", null))))
            .Fit(table);
        IDataView explained = model.LastTransformer.Explain(_ml, model.Transform(table));
        DataViewSchema.Column column = explained.Schema["Attribution"];
        VBuffer<ReadOnlyMemory<char>> slots = default;
        column.GetSlotNames(ref slots);
        CollectionAssert.AreEqual(new[] { 4, 2 }, ((VectorDataViewType)column.Type).Dimensions.ToArray());
        Assert.AreEqual("Flow t-3", slots.GetItemOrDefault(1).ToString());
        CollectionAssert.AreEqual(new[] { "Heat", "Flow" }, Names(column));
    }

    private IEnumerable<IEstimator<SequencePredictionTransformer>> Estimators(string trainer)
    {
        yield return AnyTrainer.CreateAny(_ml, trainer, options => options.StaticFeatureColumnName = "Statics");
        if (trainer == AnyTrainer.Autoencoder)
            yield break;
        yield return AnyTrainer.Create(_ml, trainer, options => (options.FeatureColumnNames, options.CharacterColumnName) =
            (["Features", "Tokens", "Shapes"], "Words"));
        yield return AnyTrainer.Create(_ml, trainer, options =>
        {
            options.FeatureColumnNames = ["Features", "Tokens"];
            (options.Bidirectional, options.Convolution) = (true, new ConvolutionOptions { Filters = [4, 3], KernelSizes = [3, 2] });
            if (trainer != AnyTrainer.Labeling)
                (options.StepsPerFrame, options.Effort) = (2, TrainingEffort.Best);
        });
    }

    private Row[] Explain(SequencePredictionTransformer model, IDataView data, ExplanationOptions? options = null)
        => Rows(model.Explain(_ml, data, options));

    private Row[] Rows(IDataView view) => [.. _ml.Data.CreateEnumerable<Row>(view, reuseRowObject: false, ignoreMissingColumns: true)];

    private static void AssertComplete(Row row)
    {
        double sum = row.Attribution.Sum(value => (double)value) + row.StaticAttribution.Sum(value => (double)value);
        double difference = (double)row.ExplainedOutput - row.BaselineOutput;
        Assert.AreEqual(difference, sum, Tolerance * Math.Abs(difference) + 1e-5 * Math.Max(1, Math.Abs(row.ExplainedOutput)));
        int perStep = row.Attribution.Length / row.StepAttribution.Length;
        Assert.AreEqual(row.Attribution[..perStep].Sum(), row.StepAttribution[0], 1e-4);
    }

    private static string[] Names(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue("StepSlotNames", ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class Row
    {
        public float ExplainedOutput { get; set; }

        public float BaselineOutput { get; set; }

        public float[] Attribution { get; set; } = [];

        public float[] StepAttribution { get; set; } = [];

        public float[] StaticAttribution { get; set; } = [];

        public float[] HiddenStates { get; set; } = [];

        public float[] CellStates { get; set; } = [];

        public float[] Gates { get; set; } = [];
    }

    private sealed class Hour
    {
        public float Heat { get; set; }

        public float Flow { get; set; }

        public float Next { get; set; }
    }

    /// <summary>Three features of noise, two values of which the label is made of.</summary>
    private sealed class Curve
    {
        [VectorType(8, 3)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }

        public static Curve[] Make(int count, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                float[] values = [.. Enumerable.Range(0, 24).Select(_ => random.NextSingle() * 2 - 1)];
                return new Curve { Features = values, Label = 100 + 20 * values[2 * 3 + 1] - 10 * values[5 * 3 + 1] };
            })];
        }
    }
}
