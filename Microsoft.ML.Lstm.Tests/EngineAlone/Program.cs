// Trains a small network to add up sequences, saves it, loads it and scores with it: the engine, without ML.NET.
using System.Globalization;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Training;

var random = new Random(1);
var training = new SequenceSet(featureSize: 1, staticSize: 0, targetSize: 1);
for (int i = 0; i < 2000; i++)
{
    float[] steps = Draw(random);
    training.Add(steps, [], [steps.Sum()]);
}
var task = new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true);
var options = new LoopOptions { HiddenSize = 16, NumberOfEpochs = 10, LearningRate = 0.01f };
SequenceModel trained = TrainingLoop.Train(new TrainingJob(training, null, options, task, Seed: 1, new SilentMonitor()));

using var file = new MemoryStream();
ModelFile.Write(file, trained);
file.Position = 0;
var scorer = new SequenceScorer(new ScoringNetwork(ModelFile.Read(file)));
float[][] rows = [.. Enumerable.Range(0, 200).Select(_ => Draw(random))];
foreach (float[] row in rows)
    row.CopyTo(scorer.AddSequence(row.Length));
scorer.Score();
double error = Math.Sqrt(rows.Index().Average(row => Math.Pow(scorer.Output(row.Index)[0] - row.Item.Sum(), 2)));
Console.WriteLine(error.ToString("0.000", CultureInfo.InvariantCulture));

static float[] Draw(Random random) => [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.NextSingle() - 0.5f)];
