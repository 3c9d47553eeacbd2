// TrainProbe <checkpoint> <epoch>: trains as ResumeTests does, prints a line after each epoch and stays in the one that is named until
// somebody kills it.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Lstm.Tests.Sequences;

var ml = new MLContext();
int last = int.Parse(args[1], CultureInfo.InvariantCulture);
ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(options =>
{
    options.CheckpointPath = args[0];
    options.EpochCompleted = epoch =>
    {
        Console.WriteLine(epoch.Epoch);
        if (epoch.Epoch == last)
            Console.ReadLine();
    };
})).Fit(ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(10))));
