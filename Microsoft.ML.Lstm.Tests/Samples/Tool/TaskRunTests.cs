using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using LstmTool.Data;
using LstmTool.Projects;
using LstmTool.Reports;
using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Lstm.Tests.Samples.Reports;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>What a run says of its trainings, which take no time here.</summary>
[TestClass]
public sealed class TaskRunTests
{
    /// <summary>The last training, on all rows, may put another baseline in the network's place than the one that was chosen.</summary>
    [TestMethod]
    public void WhatIsSavedIsWhatTheLastTrainingGave()
    {
        TrainedTask trained = Run(new InstantTask { Fits = rows => rows.Length < 30 ? "theta" : "seasonal naive" });
        Assert.AreEqual("theta", trained.Comparison.Chosen);
        Assert.AreEqual("seasonal naive", trained.Saved);
        const string sentence = "What was chosen on validation rows and measured is theta; trained again on all rows, the saved model is "
            + "seasonal naive.";
        Assert.AreEqual(sentence, trained.SavedModel);

        TrainedTask same = Run(new InstantTask { Fits = _ => "theta" });
        Assert.AreEqual("The saved model (theta) was trained on all rows.", same.SavedModel);
    }

    [TestMethod]
    public void ProjectAndReportSayWhatIsSaved()
    {
        TrainedTask measured = MadeUpTask.Forecast();
        TrainedTask trained = measured with
        {
            Saved = "seasonal naive in place of the network",
            Report = new TrainingReport { Choices = [new OptionChoice("WindowSize", "24", "two seasons")] },
            SavedReport = new TrainingReport { Choices = [new OptionChoice("WindowSize", "36", "three seasons")] },
        };
        using var json = JsonDocument.Parse(ConsumptionProject.Description(trained, "1.0.0"));
        Assert.AreEqual("network", json.RootElement.GetProperty("chosen").GetString());
        Assert.AreEqual("seasonal naive in place of the network", json.RootElement.GetProperty("saved").GetString());
        Assert.AreEqual("36", json.RootElement.GetProperty("chosenFromTheData").GetProperty("WindowSize").GetString());

        string page = ReportPage.Render(trained);
        StringAssert.Contains(page, trained.SavedModel);
        StringAssert.Contains(page, "network (chosen)");
        Assert.IsFalse(page.Contains("(saved)", StringComparison.Ordinal));
        StringAssert.Contains(ReportPage.Render(measured), "network (saved)");
    }

    [TestMethod]
    public void OneEpochIsSaidAsOne()
    {
        // Of twenty epochs of half the time each there is one that fits.
        TrainedTask trained = Run(new InstantTask { SecondsAnEpoch = 30 });
        Trial only = trained.Trials.Single();
        Assert.AreEqual("untouched but for 1 epoch rather than 20, for want of time", only.Settings.Name);
        Assert.AreEqual("not validated, the time is for one training", only.Shown);
        Assert.AreEqual("The saved network has learned for one epoch only, since the time was over: give it a longer --train-time than 60.",
            trained.Warnings.Single());
        Assert.IsEmpty(Run(new InstantTask()).Warnings);
    }

    [TestMethod]
    public void WhatWasOnlyReadIsSaid()
    {
        TrainedTask trained = Run(new InstantTask { SecondsAnEpoch = 30, ReadsAs = "all of it" });
        Assert.AreEqual("all rows but those that it was measured on, which it has only read", trained.TrainedOn);
        Assert.AreEqual("all of it", trained.Saved);
        Assert.AreEqual("all rows but those that it was measured on", Run(new InstantTask { SecondsAnEpoch = 30 }).TrainedOn);
    }

    /// <summary>Trainings of the search warn too, of what is not saved.</summary>
    [TestMethod]
    public void WarningsAreThoseOfTheSavedModel()
    {
        Assert.IsEmpty(Run(new InstantTask { Warns = rows => rows.Length < 30 ? "On 5 rows theta is the best." : null }).Warnings);
        TrainedTask trained = Run(new InstantTask { Warns = rows => $"On {rows.Length} rows theta is the best." });
        Assert.AreEqual("On 30 rows theta is the best.", trained.Warnings.Single());
    }

    [TestMethod]
    public void TheReportSaysOfRowsHeldOutWhatTheLogSays()
    {
        TrainingReport beside = Report(error: null);
        StringAssert.StartsWith(beside.DescribeErrors(), "No rows were held out to measure the network on");
        string page = ReportPage.Render(MadeUpTask.Classification() with { Report = beside });
        StringAssert.Contains(page, "No rows were held out of the training to measure the network on");
        Assert.IsFalse(page.Contains("Errors on the rows held out", StringComparison.Ordinal));
        page = ReportPage.Render(MadeUpTask.Forecast() with { Report = Report(0.4), SavedReport = Report(0.3) });
        StringAssert.Contains(page, "MASE on rows that this training held out of its own:");
        StringAssert.Contains(page, "That is the training that was measured. The saved model's, on all rows: 0 of at most 20 epochs.");

        const string theta = "theta in place of the network";
        TrainedTask fallen = MadeUpTask.Forecast() with
        {
            Report = Report(0.6),
            Comparison = new Comparison([new Metric("MAE", false)], [new Contender(theta, [1])], theta),
        };
        StringAssert.Contains(ReportPage.Render(fallen), $"What forecasts is {theta}, as it has the least error below.");

        // Few rows validate in turn, and without time for a second training none does.
        TrainedTask few = MadeUpTask.Classification(rows: 90);
        few = few with { Dataset = few.Dataset with { Parts = new PartFacts(48, 24, 18, "at random") { ValidatesInTurn = true } } };
        StringAssert.Contains(ReportPage.Render(few), "72 of them are trained on and decide between settings, each third in turn, and 18");
        page = ReportPage.Render(few with { Trials = [few.Trials[0] with { Error = double.NaN }] });
        StringAssert.Contains(page, "72 of them are trained on, and 18 are kept");
        StringAssert.Contains(page, "There was no time for others to choose from");

        static TrainingReport Report(double? error) => new()
        {
            NumberOfEpochs = 20,
            Metric = "MASE",
            Error = error,
            Baselines = [new BaselineError("majority", 0.5)],
            Winner = "network",
        };
    }

    [TestMethod]
    public void FoldsThatTakeTooLongAreGivenUp()
    {
        // Of 60 seconds a training on 16 rows takes 20: one on 25 follows in place of two more, and then there is no time for one on 30.
        TrainedTask slow = RunTimed(new InstantTask { FoldCount = 3, SecondsARow = 20.0 / 16 }, out int[] trainings);
        CollectionAssert.AreEqual(new[] { 16, 25 }, trainings);
        Assert.AreEqual("not validated, the time is for one training", slow.Trials.Single().Shown);
        Assert.AreEqual("all rows but those that it was measured on", slow.TrainedOn);
        // There is time for one on all rows.
        RunTimed(new InstantTask { FoldCount = 3, SecondsARow = 12.6 / 16 }, out trainings);
        CollectionAssert.AreEqual(new[] { 16, 25, 30 }, trainings);

        TrainedTask folded = RunTimed(new InstantTask { FoldCount = 3, SecondsARow = 9.5 / 16 }, out trainings);
        CollectionAssert.AreEqual(new[] { 16, 17, 17, 25 }, trainings);
        Assert.AreEqual("1", folded.Trials.Single().Shown);
        RunTimed(new InstantTask { FoldCount = 3, SecondsARow = 8.0 / 16 }, out trainings);
        CollectionAssert.AreEqual(new[] { 16, 17, 17, 25, 30 }, trainings);
    }

    [TestMethod]
    public void TheLastTrainingHasAsManyEpochsAsThereIsTimeFor()
    {
        // All rows take one and a half times as long as the 20 to train on: of 30 seconds' 10 epochs, 6 fit in the other 30.
        var task = new InstantTask { EndsEarly = true, SecondsARow = 1.5, Epochs = 10, KeptEpoch = 5 };
        TrainedTask trained = RunTimed(task, out int[] trainings);
        CollectionAssert.AreEqual(new[] { 20, 30 }, trainings);
        Assert.AreEqual(6, task.EpochsSet);
        Assert.AreEqual("all rows", trained.TrainedOn);
        CollectionAssert.Contains(trained.Notes.ToArray(),
            "The training on all rows was by untouched defaults with 6 epochs at the most, for want of time.");
        // Too few for the epoch that was kept.
        Assert.AreEqual("all rows but those that it was measured on or chosen by",
            RunTimed(new InstantTask { EndsEarly = true, SecondsARow = 1.5, Epochs = 10, KeptEpoch = 7 }, out _).TrainedOn);
        // Time for all of them.
        task = new InstantTask { EndsEarly = true, SecondsARow = 0.5, Epochs = 10, KeptEpoch = 5 };
        Assert.AreEqual("all rows", RunTimed(task, out _).TrainedOn);
        Assert.IsNull(task.EpochsSet);
    }

    private static TrainedTask RunTimed(InstantTask task, out int[] trainings)
    {
        TrainedTask trained = new TaskRun(task, "Mine") { Clock = task.Clock }.Run(TimeSpan.Zero, CancellationToken.None)!;
        trainings = [.. task.Trainings];
        return trained;
    }

    private static TrainedTask Run(LearningTask task) => new TaskRun(task, "Mine").Run(TimeSpan.Zero, CancellationToken.None)!;

    /// <summary>Rows of a column of numbers, and models that are a name.</summary>
    private sealed class InstantTask : LearningTask
    {
        [SetsRequiredMembers]
        public InstantTask()
            : base(new TaskRequest("none.csv"))
        {
            int[] rows = [.. Enumerable.Range(0, 30)];
            Table = new Table([TableColumn.OfNumbers("Value", Array.ConvertAll(rows, row => (float)row))]);
            Parts = new RowParts(rows[..20], rows[20..25], rows[25..], "in order");
            Facts = new DatasetFacts("none.csv", "CSV", rows.Length, []);
            Layout = new FileLayout(FileKind.Delimited);
        }

        /// <summary>What a training on some rows gives.</summary>
        public Func<int[], string> Fits { get; init; } = _ => "network";

        public double SecondsAnEpoch { get; init; }

        /// <summary>What a model is that has read all rows; null where nothing depends on that.</summary>
        public string? ReadsAs { get; init; }

        /// <summary>What a training on some rows warns of.</summary>
        public Func<int[], string?> Warns { get; init; } = _ => null;

        public override string Name => "regression";

        public override IReadOnlyList<Settings> Candidates => [Settings.Untouched];

        public override double BestShare => 0;

        public override bool HasFixedEpochs => !EndsEarly;

        public override bool StopsEarlyAnyway => EndsEarly;

        public bool EndsEarly { get; init; }

        public SuccessiveHalvingTests.SetClock Clock { get; } = new();

        /// <summary>What the clock goes on by in a training, for each row.</summary>
        public double SecondsARow { get; init; }

        public int FoldCount { get; init; }

        public int Epochs { get; init; } = 1;

        public int KeptEpoch { get; init; }

        /// <summary>The epochs that the last training was told to have.</summary>
        public int? EpochsSet { get; private set; }

        /// <summary>How many rows the trainings had.</summary>
        public List<int> Trainings { get; } = [];

        public override IReadOnlyList<(int[] Train, int[] Validation)> Folds
            => [.. Enumerable.Range(0, FoldCount).Select(fold => (Parts.Known.Where(row => row % FoldCount != fold).ToArray(),
                Parts.Known.Where(row => row % FoldCount == fold).ToArray()))];

        public override TrainingReport? ReportOf(ITransformer model) => new() { KeptEpoch = KeptEpoch };

        public override TaskColumns ColumnsOf(Settings settings) => new();

        public override ITransformer Fit(int[] rows, TrainingCall call)
        {
            Trainings.Add(rows.Length);
            EpochsSet = (int?)call.Settings.Options.FirstOrDefault(option => option.Option == "NumberOfEpochs")?.Value;
            Clock.Now += TimeSpan.FromSeconds(SecondsARow * rows.Length);
            for (int epoch = 1; epoch <= Epochs; epoch++)
                call.EpochCompleted?.Invoke(new EpochCompletedEventArgs(epoch, numberOfEpochs: 20, new EpochMetrics(1), null, 0.01,
                    TimeSpan.FromSeconds(epoch * SecondsAnEpoch), isBest: true));
            if (Warns(rows) is { } warning)
            {
                using IChannel channel = ((IChannelProvider)Context).Start("Training");
                channel.Warning(MessageSensitivity.None, warning);
            }
            return Context.Transforms.CopyColumns(Fits(rows), "Value").Fit(Table.View(rows));
        }

        public override ITransformer ReadAll(ITransformer model)
            => ReadsAs is null ? model : Context.Transforms.CopyColumns(ReadsAs, "Value").Fit(Table.View());

        public override Validation Validate(ITransformer model, int[] seen, int[] rows) => new(1, 1);

        public override double NoiseOf(double error, int rows) => 0;

        public override string Show(double figure) => "1";

        public override string NameOf(Settings settings, ITransformer model) => model.GetOutputSchema(Table.View().Schema)[^1].Name;

        public override Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen)
        {
            string chosen = NameOf(models[0].Settings, models[0].Model);
            return new Measurement(new Comparison([new Metric("RMSE", false)], [new Contender(chosen, [1])], chosen),
                Table.View(Parts.Unseen), Table.View(Parts.Unseen));
        }

        public override TaskCode CodeOf(Settings settings) => new(Table.Columns, [], "");
    }
}
