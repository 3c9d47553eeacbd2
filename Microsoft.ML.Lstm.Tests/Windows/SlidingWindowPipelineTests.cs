using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Tests.Windows;

[TestClass]
public sealed class SlidingWindowPipelineTests
{
    private const int Count = 200;
    private const int Horizon = 3;

    /// <summary>From one row for each step to a forecast beyond the last row, in one pipeline and one file.</summary>
    [TestMethod]
    public void APipelineTrainsOnASeriesAndForecastsBehindItsEnd()
    {
        var ml = new MLContext(seed: 1);
        IDataView series = ml.Data.LoadFromEnumerable(Enumerable.Range(0, Count).Select(t => new Step { Value = Wave(t) }));
        var pipeline = ml.Transforms.SlidingWindow("Window", 12, ["Value"], labelColumnName: "Ahead", horizon: Horizon)
            .Append(ml.Regression.Trainers.Lstm(labelColumnName: "Ahead", featureColumnName: "Window", hiddenSize: 8, numberOfEpochs: 60));

        var model = pipeline.Fit(series);
        IDataView scored = model.Transform(series);

        // The rows without a label are scored but don't spoil the metrics.
        RegressionMetrics metrics = ml.Regression.Evaluate(scored, labelColumnName: "Ahead");
        Assert.IsLessThan(0.05, metrics.RootMeanSquaredError);
        float[] scores = [.. scored.GetColumn<float>("Score")];
        Assert.HasCount(Count - 11, scores);
        for (int i = 1; i <= Horizon; i++)
            Assert.AreEqual(Wave(Count - 1 + i), scores[^(Horizon + 1 - i)], 0.1f, $"{i} steps behind the end");

        var file = new MemoryStream();
        ml.Model.Save(model, series.Schema, file);
        file.Position = 0;
        IDataView again = new MLContext().Model.Load(file, out _).Transform(series);
        CollectionAssert.AreEqual(scores, again.GetColumn<float>("Score").ToArray());
    }

    /// <summary>The last windows have no label yet: that is no fault of theirs. A value that is missing is one.</summary>
    [TestMethod]
    [DataRow(-1, "")]
    [DataRow(100, "Skipped 13 of the 186 rows of the training data: 12 with NaN or infinity in the features; 1 with a missing or infinite "
        + "label.")]
    [DataRow(Count - 1, "Skipped 1 of the 186 rows of the training data: 1 with a missing or infinite label.")]
    public void OnlyRowsThatCouldHaveBeenUsedAreMissed(int missing, string warning)
    {
        List<string> warnings = [];
        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        IDataView series = ml.Data.LoadFromEnumerable(Enumerable.Range(0, Count)
            .Select(t => new Step { Value = t == missing ? float.NaN : Wave(t) }));
        ml.Transforms.SlidingWindow("Window", 12, ["Value"], labelColumnName: "Ahead", horizon: Horizon)
            .Append(ml.Regression.Trainers.Lstm(labelColumnName: "Ahead", featureColumnName: "Window", hiddenSize: 2, numberOfEpochs: 1))
            .Fit(series);
        Assert.AreEqual(warning, string.Join("; ", warnings));
    }

    private static float Wave(int t) => MathF.Sin(t * 0.4f);

    private sealed class Step
    {
        public float Value { get; set; }
    }
}
