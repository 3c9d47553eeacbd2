using Microsoft.ML.Lstm.Engine.Training;
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
}
