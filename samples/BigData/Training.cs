using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

namespace BigData;

/// <summary>Training and evaluation, both streamed.</summary>
internal static class Training
{
    /// <summary>Rows for the evaluation, from the beginning of the file: to skip there is no need to read what is behind.</summary>
    private const int TestRows = 10_000;

    public static void Run(MLContext ml, string path)
    {
        IDataView data = BigFile.Load(ml, path), test = ml.Data.TakeRows(data, TestRows), train = ml.Data.SkipRows(data, TestRows);
        var network = ml.Regression.Trainers.Lstm(new LstmRegressionTrainer.Options
        {
            StreamingBufferMegabytes = 8,
            HiddenSize = 8,
            NumberOfEpochs = 2,
            EpochCompleted = epoch => Console.WriteLine($"  epoch {epoch.Epoch}: RMSE {epoch.Training.RootMeanSquaredError:0.000}, "
                + $"{GC.GetTotalMemory(forceFullCollection: false) / 1e6:0} MB held"),
        });
        var clock = Stopwatch.StartNew();
        double error = Error(network);
        Console.WriteLine($"  {clock.Elapsed.TotalSeconds:0} seconds, at most {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:0} MB "
            + "with all code and libraries");
        // The only linear trainer of ML.NET that streams.
        Sample.End(new Figure("RMSE", error, Error(ml.Regression.Trainers.OnlineGradientDescent()), "a linear model of the same stream",
            LessIsBetter: true), 
                "a file of your own; StreamingBufferMegabytes as large as memory allows, since rows are shuffled within it");

        double Error(IEstimator<ITransformer> trainer) =>
            ml.Regression.Evaluate(trainer.Fit(train).Transform(test)).RootMeanSquaredError;
    }
}
