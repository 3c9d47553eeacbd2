using LstmTool.Search;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>The search for settings, which can be called by itself.</summary>
[TestClass]
public sealed class SuccessiveHalvingTests
{
    [TestMethod]
    public void TrainsTheFirstInFullThenAllBrieflyThenTheBestThirdInFull()
    {
        var search = Search(["none", "a", "b", "c", "d", "e", "f"], name => name switch { "none" => 1, "c" => 0.2, "d" => 0.3, _ => 2 });
        (Trial trial, string model) = search.Run();
        Assert.AreEqual("c", model);
        Assert.AreEqual(TrainingEffort.Default, trial.Effort);
        CollectionAssert.AreEqual(new[]
        {
            "none Default", "a Quick", "b Quick", "c Quick", "d Quick", "e Quick", "f Quick", "c Default", "d Default",
        }, search.Trials.Select(one => $"{one.Trial.Settings.Name} {one.Trial.Effort}").ToArray());
    }

    [TestMethod]
    public void StaysWithTheFirstWhereOthersAreBetterByNoiseOnly()
    {
        var search = Search(["none", "a", "b"], name => name == "none" ? 1 : 0.95);
        Assert.AreEqual("none", search.Run().Model);
    }

    [TestMethod]
    public void DoesNotTryWhatTheFirstTrainingHasAlready()
    {
        SuccessiveHalving<string> search = Search(["none", "a", "b"], _ => 1, areThoseOf: (settings, first)
            => settings.Name == "a" && first == "none");
        search.Run();
        CollectionAssert.AreEqual(new[] { "none", "b" }, search.Trials.Select(one => one.Model).ToArray());

        OptionChoice[] choices =
        [
            new("HiddenSize", "64", "many rows"), new("Convolution", "96 filters", "phrases"), new("OutputDropout", "0.5", "rare tokens"),
        ];
        Assert.IsFalse(Settings.Untouched.AreAmong(choices));
        Assert.IsTrue(new Settings("64 units", [new("HiddenSize", 64)]).AreAmong(choices));
        Assert.IsFalse(new Settings("64 units", [new("HiddenSize", 64)]).AreAmong([]));
        Assert.IsFalse(new Settings("96 units", [new("HiddenSize", 96)]).AreAmong(choices));
        Assert.IsTrue(new Settings("dropout", [new("HiddenSize", 64), new("OutputDropout", 0.5f)]).AreAmong(choices));
        Assert.IsFalse(new Settings("both", [new("HiddenSize", 64), new("Bidirectional", true)]).AreAmong(choices));
        // The trainer's own value, where it notes no choice.
        Setting alone = new("SkipSteps", 0) { Usual = 0 };
        Assert.IsTrue(new Settings("by itself", [alone]).AreAmong(choices));
        Assert.IsFalse(new Settings("by itself", [alone]).AreAmong([new("SkipSteps", "8", "all steps")]));
        var filters = new Settings("convolutions", [new("Convolution", new ConvolutionOptions())]) { Adds = "Convolution" };
        Assert.IsTrue(filters.AreAmong(choices));
        Assert.IsFalse(filters.AreAmong(choices[..1]));
    }

    [TestMethod]
    public void TakesAnAverageOfNetworksThatIsNoWorse()
    {
        var search = Search(["none", "a"], _ => 1, bestShare: 3);
        (Trial trial, string model) = search.Run();
        Assert.AreEqual(TrainingEffort.Best, trial.Effort);
        Assert.AreEqual("mean of several networks", model);
    }

    [TestMethod]
    public void EndsWhereTheTimeIsOver()
    {
        var search = Search(["none", "a", "b", "c", "d"], _ => 1, bestShare: 3, time: TimeSpan.Zero);
        Assert.AreEqual("none", search.Run().Model);
        Assert.HasCount(1, search.Trials);
    }

    [TestMethod]
    public void TrainsInFullInTheirOrderWhereThereIsNoTimeForBriefTrainingsOfAll()
    {
        // Each training takes a twentieth of the time: enough for some in full, not for a brief one of each of two hundred.
        string[] names = ["none", .. Enumerable.Range(0, 200).Select(i => $"{i}")];
        var clock = new SetClock();
        var search = Search(names, name =>
        {
            clock.Now += TimeSpan.FromSeconds(3);
            return name == "1" ? 0.2 : 1;
        }, clock: clock);
        Assert.AreEqual("1", search.Run().Model);
        Assert.IsTrue(search.Trials.All(one => one.Trial.Effort == TrainingEffort.Default));
        // The training that follows takes 1.3 times as long as one of these.
        CollectionAssert.AreEqual(names[..19], search.Trials.Select(one => one.Model).ToArray());
    }

    [TestMethod]
    public void GivesTheBestSoFarWhenCancelled()
    {
        using var source = new CancellationTokenSource();
        var search = Search(["none", "a", "b", "c"], name =>
        {
            if (name == "a")
                source.Cancel();
            return name == "none" ? 1 : 0.1;
        });
        // What was trained briefly is never the result.
        Assert.AreEqual("none", search.Run(source.Token).Model);
        Assert.HasCount(2, search.Trials);
    }

    [TestMethod]
    [DataRow(40, "mean of 3 networks", 1.05, DisplayName = "no worse than noise")]
    [DataRow(40, "none", 1.15, DisplayName = "worse")]
    [DataRow(100, "mean of several networks", 0.95, DisplayName = "time for more")]
    [DataRow(15, "none", 0.5, DisplayName = "no time")]
    public void AnAverageIsOfAsManyNetworksAsThereIsTimeFor(int seconds, string expected, double error)
    {
        // A training takes 4 seconds, 2.8 of them when it is warm; what follows takes 1.3 times as long.
        var clock = new SetClock();
        var search = Search(["none"], name =>
        {
            clock.Now += TimeSpan.FromSeconds(4);
            return name == "none" ? 1 : error;
        }, bestShare: 10, TimeSpan.FromSeconds(seconds), clock);
        Assert.AreEqual(expected, search.Run().Trial.Settings.Name);
        if (seconds == 40)
            Assert.AreEqual("3", search.Trials[1].Trial.Settings.Options.Single().Code);
    }

    [TestMethod]
    public void AnAverageThatTakesTooLongLeavesTimeForASmallerOne()
    {
        var clock = new SetClock();
        var search = Search(["none"], name =>
        {
            clock.Now += TimeSpan.FromSeconds(name == "none" ? 4 : 12);
            return name == "mean of several networks" ? throw new OperationCanceledException() : 1;
        }, bestShare: 6, TimeSpan.FromSeconds(60), clock);
        Assert.AreEqual("mean of 3 networks", search.Run().Trial.Settings.Name);
        Assert.HasCount(2, search.Trials);
    }

    [TestMethod]
    public void AnErrorThatIsNoNumberIsNeverTheLeast()
    {
        Assert.AreEqual("none", Search(["none", "a"], _ => double.NaN, bestShare: 3).Run().Model);
        Assert.AreEqual("none", Search(["none", "a"], name => name == "a" ? double.NaN : 1).Run().Model);
        Assert.AreEqual("a", Search(["none", "a", "b"], name => name == "a" ? 1 : double.NaN).Run().Model);
        var search = Search(["none", "a", "b", "c"], name => name switch { "none" => 1, "c" => 0.2, _ => double.NaN });
        Assert.AreEqual("c", search.Run().Model);
    }

    [TestMethod]
    public void ATrainingThatWasStoppedIsNotChosen()
    {
        var search = new SuccessiveHalving<string>
        {
            Candidates = [new("none", []), new("a", [])],
            Train = (settings, _, token) =>
            {
                if (settings.Name == "a")
                    token.WaitHandle.WaitOne();
                return new Measured<string>(settings.Name, settings.Name == "a" ? 0.1 : 1, Noise: 0.1, "");
            },
            Time = TimeSpan.FromSeconds(3),
            BestShare = 0,
        };
        Assert.AreEqual("none", search.Run().Model);
        Assert.HasCount(2, search.Trials);
        Assert.IsTrue(search.Trials[1].Trial.WasStopped);
    }

    [TestMethod]
    public void ThrowsWhereItIsCancelledBeforeThereIsAModel()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var search = Search(["none"], _ => throw new OperationCanceledException());
        Assert.ThrowsExactly<OperationCanceledException>(() => search.Run(source.Token));
    }

    [TestMethod]
    public void SetsOptionsByTheirNamesAndSaysThemAsCode()
    {
        var options = new LstmMulticlassTrainer.Options();
        var settings = new Settings("some",
        [
            new(nameof(TrainingOptions.HiddenSize), 12), new(nameof(TrainingOptions.OutputDropout), 0.5f),
            new(nameof(SequenceTrainerOptions.Pooling), Pooling.Mean),
            new(nameof(SequenceTrainerOptions.Convolution), new ConvolutionOptions { Filters = [8], KernelSizes = [3] }),
            new(nameof(SequenceTrainerOptions.CharacterColumnName), "the \"words\""),
        ]);
        settings.ApplyTo(options);
        Assert.AreEqual(12, options.HiddenSize);
        Assert.AreEqual(0.5f, options.OutputDropout);
        Assert.AreEqual(Pooling.Mean, options.Pooling);
        CollectionAssert.AreEqual(new[]
        {
            "12", "0.5f", "Pooling.Mean", "new() { Filters = [8], KernelSizes = [3] }", "\"the \\\"words\\\"\"",
        }, settings.Options.Select(option => option.Code).ToArray());
        Assert.ThrowsExactly<ArgumentException>(() => new Settings("x", [new("NoSuchOption", 1)]).ApplyTo(options));
    }

    private static SuccessiveHalving<string> Search(string[] names, Func<string, double> error, double bestShare = 0, TimeSpan? time = null,
        TimeProvider? clock = null, Func<Settings, string, bool>? areThoseOf = null)
        => new()
        {
            AreThoseOf = areThoseOf,
            Candidates = [.. names.Select(name => new Settings(name, []))],
            Train = (settings, _, _) => new Measured<string>(settings.Name, error(settings.Name), Noise: 0.1, ""),
            Time = time ?? TimeSpan.FromMinutes(1),
            BestShare = bestShare,
            Clock = clock ?? TimeProvider.System,
        };

    internal sealed class SetClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
