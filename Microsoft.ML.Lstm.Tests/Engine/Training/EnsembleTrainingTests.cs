using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

[TestClass]
public sealed class EnsembleTrainingTests
{
    [TestMethod]
    [DataRow("Loss", new[] { 0.2, 0.29, 0.31, 0.1 }, new[] { 0.1 })]
    [DataRow("Loss", new[] { 0.2, 0.29, 0.31 }, new[] { 0.2, 0.29 })]
    // One of ten rows, none and three.
    [DataRow("error rate", new[] { 0.1, 0, 0.3 }, new[] { 0.1, 0 })]
    [DataRow("Loss", new[] { 0.2, 0.2 }, new[] { 0.2, 0.2 })]
    public void NetworksThatAreClearlyWorseThanTheBestAreLeftOut(string metric, double[] errors, double[] kept)
    {
        TrainedMember[] members =
            [.. errors.Select(error => new TrainedMember(TestModels.Create(), new TrainingReport { Metric = metric, Error = error }))];
        CollectionAssert.AreEqual(kept,
            EnsembleTraining.Select(members, validationRows: 10).Select(member => member.Report.Error!.Value).ToArray());
    }

    [TestMethod]
    public void WithoutRowsToTellByAllAreKept()
    {
        TrainedMember[] members = [.. Enumerable.Range(0, 3).Select(_ => new TrainedMember(TestModels.Create(), new TrainingReport()))];
        Assert.HasCount(3, EnsembleTraining.Select(members, validationRows: 0));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void ANetworkThatDivergesIsLeftOutWithAWarning(int diverging)
    {
        var monitor = new SilentMonitor();
        TrainedMember model = EnsembleTraining.Run(Job(monitor), [.. Enumerable.Range(0, 3).Select(i => Candidate(i == diverging))], [],
            save: null);
        Assert.HasCount(2, model.Model.Members);
        Assert.HasCount(2, model.Report.Members);
        StringAssert.StartsWith(monitor.Warnings.Single(),
            $"Network {diverging + 1} of 3 is left out. The loss or its gradient is not finite");
    }

    [TestMethod]
    public void WhereAllNetworksDivergeThereIsNoModel()
        => Assert.ThrowsExactly<InvalidOperationException>(
            () => EnsembleTraining.Run(Job(new SilentMonitor()), [Candidate(true), Candidate(true)], [], save: null));

    [TestMethod]
    public void SeedsOfMembersAreAllDifferent()
    {
        int[] seeds =
        [
            .. from seed in Enumerable.Range(-5, 10)
               from member in Enumerable.Range(0, 5)
               select EnsembleTraining.SeedOf(seed, member),
        ];
        Assert.HasCount(50, seeds.Distinct());
        Assert.AreEqual(3, EnsembleTraining.SeedOf(3, 0));
    }

    private static EnsembleCandidate Candidate(bool diverges) => new(
        LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 4, LearningRate = diverges ? 1e30f : 0.01f }) with
        {
            Epochs = EpochRule.Exactly(3),
        }, new OptionChoices(), Initial: null);

    private static TrainingJob Job(SilentMonitor monitor)
    {
        var random = new Random(4);
        var data = new SequenceSet(1, 0, 1);
        for (int i = 0; i < 40; i++)
            data.Add([random.NextSingle(), random.NextSingle()], [], [random.NextSingle()]);
        return new TrainingJob(data, null, Candidate(false).Settings,
            new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), 1, monitor);
    }
}
