using System.Text;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>The report of a training: what it says, and its entry in a model.zip.</summary>
[TestClass]
public sealed class SavedReportTests
{
    [TestMethod]
    [DataRow(AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Binary)]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Labeling)]
    [DataRow(AnyTrainer.Autoencoder)]
    public void ASavedModelStillHasItsReport(string trainer)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(30));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(ml, trainer, options =>
        {
            (options.FeatureColumnName, options.NumberOfEpochs, options.ValidationFraction, options.Seed) = ("Features", 3, 0.3f, 7);
        }).Fit(data);

        TrainingReport report = model.TrainingReport!;
        Assert.AreEqual(7, report.Seed);
        Assert.AreEqual(3, report.NumberOfEpochs);
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, report.Epochs.Select(epoch => epoch.Epoch).ToArray());
        Assert.IsTrue(report.Epochs.All(epoch => double.IsFinite(epoch.TrainingLoss) && epoch.ValidationLoss is not null));
        Assert.AreEqual(report.Epochs.MinBy(epoch => epoch.ValidationLoss)!.Epoch, report.KeptEpoch);
        Assert.IsNull(report.EndReason);

        var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        var loaded = (SequencePredictionTransformer)ml.Model.Load(stream, out _);
        Assert.AreEqual(Text(report), Text(loaded.TrainingReport!));
    }

    [TestMethod]
    [DataRow("Forecaster")]
    [DataRow("Detector")]
    public void ASavedModelOfSeriesStillHasItsReport(string kind)
    {
        var loaded = (SeriesTransformer)new MLContext().Model.Load(SavedKind.Of(kind).Zip.ToStream(), out _);
        Assert.AreEqual(1, loaded.TrainingReport!.KeptEpoch);
        Assert.IsNotNull(loaded.TrainingReport.Epochs[0].ValidationLoss);
    }

    [TestMethod]
    public void AModelWithoutReportLoadsAndHasNone()
    {
        SavedZip saved = SavedKind.Of("Regression").Zip.Copy();
        saved.Remove(saved.Find("Report.json"));
        Assert.ThrowsExactly<InvalidOperationException>(() => new MLContext().Model.Load(saved.ToStream(), out _));
        saved.RemakeChecksums();
        var loaded = (SequencePredictionTransformer)new MLContext().Model.Load(saved.ToStream(), out _);
        Assert.IsNull(loaded.TrainingReport);
    }

    [TestMethod]
    public void EverythingInAReportIsSaved()
    {
        TrainingReport report = Report();
        report.Members = [Report(), Report()];
        TrainingReport read = SavedReport.FromJson(SavedReport.ToJson(report));
        Assert.AreEqual(Text(report), Text(read));
        Assert.AreEqual("BatchSize", read.Choices[0].Option);
        Assert.AreEqual(double.PositiveInfinity, read.Epochs[1].ValidationLoss);
        Assert.AreEqual(0.5, read.Baselines[0].Error);
        Assert.HasCount(2, read.Members);
    }

    [TestMethod]
    public void AReportOfManyEpochsKeepsTheLast()
    {
        var course = new TrainingCourse { KeptEpoch = 12_000 };
        for (int epoch = 1; epoch <= 12_000; epoch++)
            course.Add(new EpochMetrics(epoch), new EpochMetrics(epoch));
        var report = TrainingReport.Of(new TrainedNetwork(null!, course, 12_000, null, WasStopped: false), 1, new OptionChoices());
        Assert.AreEqual(12_000, SavedReport.FromJson(SavedReport.ToJson(report)).Epochs[^1].Epoch);
        Assert.HasCount(10_000, report.Epochs);
        Assert.IsLessThan(2 << 20, SavedReport.ToJson(report).Length);
    }

    [TestMethod]
    [DataRow("{", "can't be read")]
    [DataRow("null", "expected an object, found null")]
    [DataRow("""{"surprise": 1}""", "surprise")]
    [DataRow("""{"choices": null}""", "can't be read")]
    [DataRow("""{"choices": [null]}""", "$.choices[0]: it is null, not an object")]
    [DataRow("""{"baselines": [{"name": "", "error": 1}]}""", "expected names of baselines, found none")]
    [DataRow("""{"keptEpoch": 2, "numberOfEpochs": 1}""", "expected a kept epoch from 0 to the number of epochs, found 2 of 1")]
    [DataRow("""{"numberOfEpochs": 2, "epochs": [{"epoch": 2, "trainingLoss": 1}, {"epoch": 1, "trainingLoss": 1}]}""",
        "expected epochs in order, from 1 to 2, found 1")]
    [DataRow("""{"numberOfEpochs": 2, "epochs": [{"epoch": 3, "trainingLoss": 1}]}""", "expected epochs in order, from 1 to 2, found 3")]
    [DataRow("""{"members": [null]}""", "$.members[0]: it is null, not an object")]
    [DataRow("""{"members": [{"members": [{}]}]}""", "expected members without members of their own, found some")]
    public void ADamagedReportIsOneClearError(string json, string message)
        => StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => SavedReport.FromJson(Encoding.UTF8.GetBytes(json))).Message, message);

    private static string Text(TrainingReport report) => Encoding.UTF8.GetString(SavedReport.ToJson(report));

    private static TrainingReport Report() => new()
    {
        Seed = 3,
        Choices = [new OptionChoice("BatchSize", "8", "36 rows")],
        Epochs = [new ReportedEpoch(1, 0.1), new ReportedEpoch(2, double.NaN) { ValidationLoss = double.PositiveInfinity }],
        NumberOfEpochs = 4,
        KeptEpoch = 1,
        EndReason = "when it was stopped",
        Metric = "RMSE",
        Error = 0.25,
        Baselines = [new BaselineError("last value", 0.5)],
        Winner = TrainingReport.Network,
    };
}
