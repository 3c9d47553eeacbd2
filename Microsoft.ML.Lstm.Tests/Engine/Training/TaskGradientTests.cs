using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Gradients of whole networks, from the loss down to the embeddings, against central differences of the loss.</summary>
[TestClass]
public sealed class TaskGradientTests
{
    // In float: the five-point formula's truncation and the rounding of the loss divided by the step are both about 1e-6.
    private const float Step = 0.03f;
    private const double Tolerance = 1e-3;

    public static IEnumerable<object[]> Tasks => from name in Names select new object[] { name };

    private static readonly string[] Names = ["binary", "weighted binary", "smoothed binary", "multiclass", "weighted multiclass",
        "smoothed multiclass", "steps", "weighted smoothed steps", "adaptive softmax", "crf"];

    [TestMethod]
    [DynamicData(nameof(Tasks))]
    public void GradientsAreCentralDifferencesOfTheLoss(string name)
    {
        TaskSample sample = Sample(name);
        float[] gradient = sample.Gradient();
        Assert.AreEqual(sample.Measure().Loss, sample.Measure().Loss);
        foreach (Parameter parameter in sample.Parameters.Parameters)
        {
            double[] actual = [.. gradient.AsSpan(parameter.Offset, parameter.Length).ToArray().Select(value => (double)value)];
            double[] expected = [.. Enumerable.Range(parameter.Offset, parameter.Length).Select(index => Derivative(sample, index))];
            Assert.IsLessThan(Tolerance, Difference.OfNorm(actual, expected), parameter.Name);
            Assert.IsTrue(expected.Any(value => Math.Abs(value) > 1e-4), $"{parameter.Name} has no influence on the loss.");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Tasks))]
    public void ABatchIsTheMeanOfItsLabelledRows(string name)
    {
        // Rows are weighted relative to the mean weight of all data, not of the batch.
        TaskSample sample = Sample(name);
        double[] sum = new double[sample.Parameters.Values.Length];
        int labelled = 0;
        for (int i = 0; i < sample.Data.Count; i++)
        {
            int rows = sample.Data[i].Labels.Count(label => label >= 0);
            labelled += rows;
            float[] gradient = sample.Gradient(i);
            for (int j = 0; j < sum.Length; j++)
                sum[j] += rows * gradient[j];
        }
        Assert.IsLessThan(1e-5,
            Difference.OfNorm([.. sum.Select(value => value / labelled)], [.. sample.Gradient().Select(value => (double)value)]));
    }

    [TestMethod]
    [DynamicData(nameof(Tasks))]
    public void AGradientForgetsTheBatchesBefore(string name)
    {
        TaskSample sample = Sample(name);
        float[] expected = sample.Gradient(1, 4, 7);
        sample.Gradient();
        CollectionAssert.AreEqual(expected, sample.Gradient(1, 4, 7));
    }

    [TestMethod]
    [DynamicData(nameof(Tasks))]
    public void TheNumberOfThreadsDoesNotChangeABit(string name)
    {
        (TrainingTask task, int classes, bool stepLabels) = Task(name);
        (float[] expected, string expectedMetrics) = Train(1);
        foreach (int threads in new[] { 2, 3, 5 })
        {
            (float[] actual, string metrics) = Train(threads);
            CollectionAssert.AreEqual(expected, actual, $"{threads} threads");
            Assert.AreEqual(expectedMetrics, metrics);
        }

        (float[] Weights, string Metrics) Train(int threads)
        {
            // Large enough to be shared among threads.
            var options = new LoopOptions
            {
                HiddenSize = 45,
                EmbeddingSize = 7,
                NumberOfLayers = 2,
                Bidirectional = true,
                Dropout = 0.2f,
                NumberOfEpochs = 1,
                BatchSize = 83,
                NumberOfThreads = threads,
                ValidationFraction = 0.2f
            };
            var monitor = new SilentMonitor();
            SequenceModel model = TrainingLoop.Train(new TrainingJob(TaskSample.CreateData(classes, stepLabels, count: 200, longest: 23),
                null, options, task, Seed: 3, monitor));
            return (model.Parameters.Values, $"{monitor.Epochs[0].Training} {monitor.Epochs[0].Validation}");
        }
    }

    [TestMethod]
    public void AnAdaptiveSoftmaxHasNoAccuracyToStopBy()
    {
        var options = new LoopOptions
        {
            HiddenSize = 5,
            NumberOfEpochs = 2,
            EarlyStopping = new() { Metric = EarlyStoppingMetric.Accuracy },
        };
        SequenceSet data = TaskSample.CreateData(AdaptiveTask.Classes, stepLabels: true, count: 20, longest: 5);
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => TrainingLoop.Train(new TrainingJob(data, null, options, new AdaptiveTask(), Seed: 3, new SilentMonitor())));
        Assert.AreEqual("Accuracy is not computed for a network with an adaptive softmax, so there is none to stop early by.",
            error.Message);
    }

    private static TaskSample Sample(string name)
    {
        (TrainingTask task, int classes, bool stepLabels) = Task(name);
        return new TaskSample(task, classes, stepLabels);
    }

    private static (TrainingTask Task, int Classes, bool StepLabels) Task(string name) => name switch
    {
        "binary" => (new BinaryTask(null, 0), 2, false),
        "weighted binary" => (new BinaryTask([0.3f, 4], 0), 2, false),
        "smoothed binary" => (new BinaryTask(null, 0.2f), 2, false),
        "multiclass" => (new ClassificationTask(4, stepOutputs: false, null, 0), 4, false),
        "weighted multiclass" => (new ClassificationTask(4, stepOutputs: false, [1, 0.2f, 5, 2], 0), 4, false),
        "smoothed multiclass" => (new ClassificationTask(4, stepOutputs: false, null, 0.3f), 4, false),
        "steps" => (new ClassificationTask(3, stepOutputs: true, null, 0), 3, true),
        "weighted smoothed steps" => (new ClassificationTask(3, stepOutputs: true, [1, 0.2f, 5], 0.1f), 3, true),
        "adaptive softmax" => (new AdaptiveTask(), AdaptiveTask.Classes, true),
        _ => (new CrfTask(3), 3, true),
    };

    /// <summary>Classes of steps by an adaptive softmax.</summary>
    private sealed class AdaptiveTask : TrainingTask
    {
        public const int Classes = 9;

        private readonly ClassificationTask _task = new(Classes, stepOutputs: true, null, 0);

        public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        {
            shape = _task.WithOutputs(shape, data);
            return shape with
            {
                AdaptiveSoftmax = AdaptiveSoftmaxShape.ByFrequency([5, 1, 9, 9, 4, 0, 7, 2, 3], [3, 5], shape.HeadInputSize, factor: 2),
            };
        }

        public override Objective CreateObjective(SequenceModel model, TrainingData training) => _task.CreateObjective(model, training);
    }

    private static double Derivative(TaskSample sample, int index)
    {
        ref float value = ref sample.Parameters.Values[index];
        float kept = value;
        double derivative = (8 * (At(Step) - At(-Step)) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
        sample.Parameters.Values[index] = kept;
        return derivative;

        double At(float offset)
        {
            sample.Parameters.Values[index] = kept + offset;
            return sample.Measure().Loss;
        }
    }
}
