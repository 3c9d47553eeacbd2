using System.Globalization;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>The unit of measurement changes nothing: neither that of features, static features and weights nor that of labels.</summary>
[TestClass]
[TestCategory("units")]
public sealed class UnitTests
{
    private const int Rows = 60;

    public static IEnumerable<(string Trainer, float Factor, string What)> PowersOfTwo
        => from trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder]
           from factor in (float[])[1024, 1 / 1024f]
           from what in (string[])["all features", "one feature", "statics", "weights"]
           select (trainer, factor, what);

    public static IEnumerable<(string Trainer, string What)> Thousands
        => from trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder]
           from what in (string[])["all features", "one feature", "statics"]
           select (trainer, what);

    [TestMethod]
    [DynamicData(nameof(PowersOfTwo))]
    public void FeaturesInAnotherUnitGiveTheSameBits(string trainer, float factor, string what)
    {
        (SequencePredictionTransformer expected, string[][] expectedScores) = Fit(trainer, row => { });
        (SequencePredictionTransformer found, string[][] scores) = Fit(trainer, row => Scale(row, what, factor));
        AnyTrainer.AssertSameWeights(expected, found);
        EstimatorHarness.AssertSame(expectedScores, scores);
        if (trainer == AnyTrainer.Autoencoder)
            Assert.AreEqual(((LstmAutoencoderTransformer)expected).Threshold, ((LstmAutoencoderTransformer)found).Threshold);
    }

    [TestMethod]
    [DynamicData(nameof(Thousands))]
    public void FeaturesTimesAThousandGiveTheSameScoresToAPercent(string trainer, string what)
    {
        float[][] expected = Numbers(Fit(trainer, row => { }).Scores), found = Numbers(Fit(trainer, row => Scale(row, what, 1000)).Scores);
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < expected[row].Length; i++)
                Assert.AreEqual(expected[row][i], found[row][i], 0.01 * Math.Max(Math.Abs(expected[row][i]), 0.01));
        }
    }

    [TestMethod]
    [DataRow("Label", RegressionLoss.SquaredError, 1024)]
    [DataRow("Label", RegressionLoss.SquaredError, 1 / 1024f)]
    [DataRow("Label", RegressionLoss.Huber, 1024)]
    [DataRow("Label", RegressionLoss.Huber, 1 / 1024f)]
    [DataRow("Labels", RegressionLoss.SquaredError, 1024)]
    [DataRow("Labels", RegressionLoss.Huber, 1 / 1024f)]
    [DataRow("Label", RegressionLoss.Huber, 1.2676506e30f)]
    [DataRow("Label", RegressionLoss.Huber, 7.888609e-31f)]
    public void LabelsInAnotherUnitGiveTheSamePredictionsInThatUnit(string label, RegressionLoss loss, float factor)
    {
        float[][] expected = Numbers(FitRegression(1, 0, label, loss)), found = Numbers(FitRegression(factor, 0, label, loss));
        for (int row = 0; row < Rows; row++)
            CollectionAssert.AreEqual(Array.ConvertAll(expected[row], value => value * factor), found[row]);
    }

    [TestMethod]
    [DataRow(RegressionLoss.SquaredError)]
    [DataRow(RegressionLoss.Huber)]
    public void ErrorsOfLabelsTimesAThousandAreTheSameToAPercent(RegressionLoss loss)
    {
        double expected = Error(Numbers(FitRegression(1, 0, "Label", loss)), 1, 0);
        Assert.AreEqual(expected, Error(Numbers(FitRegression(1000, 0, "Label", loss)), 1000, 0) / 1000, 0.01 * expected);
    }

    [TestMethod]
    [DataRow(-10)]
    [DataRow(1e6f)]
    public void ALabelOfAnotherLevelIsPredictedAsWell(float level)
    {
        // Differences below the resolution of a float of this size are noise.
        double rounding = Math.Abs(level) * 1e-7;
        double expected = Error(Numbers(FitRegression(1, 0, "Label", RegressionLoss.SquaredError)), 1, 0);
        Assert.AreEqual(expected, Error(Numbers(FitRegression(1, level, "Label", RegressionLoss.SquaredError)), 1, level),
            0.01 * expected + rounding);
    }

    [TestMethod]
    [DynamicData(nameof(AllTrainers))]
    public void FeaturesOfALevelOfAMillionAreReadByTheirVariation(string trainer)
    {
        // Both are rounded as floats of this size are, and so is the mean, which shifts the scaled input by up to a twentieth of a
        // deviation.
        static float Rounded(float x) => (1e6f + x) - 1e6f;
        float[][] expected = Numbers(Fit(trainer, row => row.Features = Array.ConvertAll(row.Features, Rounded)).Scores);
        float[][] found = Numbers(Fit(trainer, row => row.Features = Array.ConvertAll(row.Features, x => 1e6f + x)).Scores);
        Assert.IsLessThan(0.1,
            expected.Zip(found).Average(pair => pair.First.Zip(pair.Second).Average(values => Math.Abs(values.First - values.Second))));
    }

    [TestMethod]
    public void WindowsInAnotherUnitAreTheSameInThatUnit()
    {
        foreach (float factor in (float[])[1024, 1 / 1024f, 1000])
        {
            float[][] expected = Windows(1), found = Windows(factor);
            for (int row = 0; row < expected.Length; row++)
                CollectionAssert.AreEqual(Array.ConvertAll(expected[row], value => value * factor), found[row]);
        }

        static float[][] Windows(float factor)
        {
            var ml = new MLContext();
            Example[] rows = Example.Make(Rows);
            foreach (Example row in rows)
                row.Label *= factor;
            IDataView data = AnyTrainer.Data(ml, rows);
            return EstimatorHarness.Values(ml.Transforms.SlidingWindow("Window", 4, inputColumnName: "Label").Fit(data).Transform(data),
                "Window");
        }
    }

    public static IEnumerable<string> AllTrainers => [.. AnyTrainer.Names, AnyTrainer.Autoencoder];

    private static (SequencePredictionTransformer Model, string[][] Scores) Fit(string trainer, Action<Example> change)
    {
        var ml = new MLContext(seed: 1);
        Example[] rows = Example.Make(Rows, variable: true);
        Array.ForEach(rows, change);
        IDataView data = AnyTrainer.Data(ml, rows);
        SequencePredictionTransformer model = AnyTrainer.CreateAny(ml, trainer, options =>
        {
            (options.StaticFeatureColumnName, options.ValidationFraction, options.NumberOfEpochs) = ("Statics", 0.2f,
                Acceptance.Count(3, 30));
            options.EarlyStopping = new EarlyStoppingOptions { Patience = 5 };
            options.ExampleWeightColumnName = "Weight";
        }).Fit(data);
        return (model, ColumnReader.Read(model.Transform(data), "Score"));
    }

    private static string[][] FitRegression(float factor, float level, string label, RegressionLoss loss)
    {
        var ml = new MLContext(seed: 1);
        Example[] rows = Example.Make(Rows, variable: true);
        foreach (Example row in rows)
        {
            row.Label = row.Label * factor + level;
            row.Labels = Array.ConvertAll(row.Labels, value => value * factor + level);
        }
        IDataView data = AnyTrainer.Data(ml, rows);
        SequencePredictionTransformer model = ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
        {
            (options.LabelColumnName, options.LossFunction, options.NumberOfEpochs, options.ValidationFraction) = (label, loss,
                Acceptance.Count(10, 50), 0.2f);
            options.EarlyStopping = new EarlyStoppingOptions { Patience = 5, Metric = EarlyStoppingMetric.RootMeanSquaredError };
        })).Fit(data);
        return ColumnReader.Read(model.Transform(data), "Score");
    }

    private static double Error(float[][] scores, float factor, float level)
        => Math.Sqrt(Example.Make(Rows, variable: true)
            .Zip(scores, (row, score) => Math.Pow((double)row.Label * factor + level - score[0], 2)).Average());

    private static float[][] Numbers(string[][] values)
        => [.. values.Select(row => Array.ConvertAll(row, value => float.Parse(value, CultureInfo.InvariantCulture)))];

    private static void Scale(Example row, string what, float factor)
    {
        if (what == "statics")
            row.Statics = Array.ConvertAll(row.Statics, value => value * factor);
        if (what == "weights")
            row.Weight *= factor;
        for (int i = 0; i < row.Features.Length && what is ("all features" or "one feature"); i += what == "one feature" ? 2 : 1)
            row.Features[i] *= factor;
    }
}
