using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>What the log says about a training at its end.</summary>
[TestClass]
public sealed class TrainingCourseTests
{
    [TestMethod]
    public void ALossThatStillFallsIsSaid()
        => StringAssert.Contains(Course([1, 0.9, 0.8, 0.7, 0.6], kept: 5).Describe(5, null),
            "Training ended after epoch 5 of 5. The model of epoch 5 is kept, with a training loss of 0.6: the loss was still falling");

    [TestMethod]
    public void ALossThatHasLongRisenIsSaid()
    {
        string text = Course([1, 0.9, 0.8, 0.7, 0.6], kept: 2, validation: [0.9, 0.5, 0.7, 0.8, 0.9]).Describe(9, "when it was stopped");
        StringAssert.StartsWith(text,
            "Training ended after epoch 5 of 9, when it was stopped. The model of epoch 2 is kept, with a validation loss of 0.5: ");
        StringAssert.EndsWith(text, "since epoch 2, which had the least, the loss has risen to 0.9, so fewer epochs would do.");
    }

    [TestMethod]
    public void ALossThatHardlyChangesIsSaid()
        => StringAssert.EndsWith(Course([1, 0.5, 0.4, 0.4, 0.399], kept: 5).Describe(5, null), "the loss hardly changed any more.");

    [TestMethod]
    public void NoEpochLeavesNothingToSayOfALoss()
        => Assert.AreEqual("Training ended after epoch 0 of 5, when it was cancelled.",
            new TrainingCourse().Describe(5, "when it was cancelled"));

    [TestMethod]
    [DataRow(new[] { 1000.0, 900 }, 2, true)]
    [DataRow(new[] { 0.5, 0.1, 0.1, 3 }, 4, true)]
    [DataRow(new[] { 0.5, 0.1, 0.1, 3 }, 3, false)]
    [DataRow(new[] { 0.5, 0.1, 0.2, 0.4 }, 4, false)]
    [DataRow(new[] { 1.1, 1.05, 1.02 }, 3, false)]
    [DataRow(new double[0], 0, false)]
    public void ALossFarAboveTheFirstIsAnExplosion(double[] losses, int kept, bool isExplosion)
        => Assert.AreEqual(isExplosion, Course(losses, kept).DescribeExplosion() is not null);

    private static TrainingCourse Course(double[] training, int kept, double[]? validation = null)
        => new() { KeptEpoch = kept, InitialLoss = 1, TrainingLosses = [.. training], ValidationLosses = [.. validation ?? []] };
}
