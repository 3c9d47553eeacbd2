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

    /// <summary>Rows that a file has at least.</summary>
    public const int LeastRows = TestRows + 1_000;

    public static void Run(MLContext ml, string path, int ranks)
    {
        using MpiCommunicator? communicator = ranks > 1 ? MpiCommunicator.Start() : null;
        IDataView data = BigFile.Load(ml, path), test = ml.Data.TakeRows(data, TestRows), train = ml.Data.SkipRows(data, TestRows);
        var network = ml.Regression.Trainers.Lstm(new LstmRegressionTrainer.Options
        {
            StreamingBufferMegabytes = 8,
            HiddenSize = 8,
            NumberOfEpochs = 2,
            Communicator = communicator,
            EpochCompleted = epoch => Console.WriteLine($"  epoch {epoch.Epoch}: RMSE {epoch.Training.RootMeanSquaredError:0.000}, "
                + $"{GC.GetTotalMemory(forceFullCollection: false) / 1e6:0} MB held"),
        });
        var clock = Stopwatch.StartNew();
        ITransformer model = network.Fit(train);
        // All have the same model; one says how good it is.
        if (communicator is { Rank: > 0 })
            return;
        double error = Error(model);
        Console.WriteLine($"  {clock.Elapsed.TotalSeconds:0} seconds, at most {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:0} MB "
            + "with all code and libraries");
        // The only linear trainer of ML.NET that streams.
        double baseline = Error(ml.Regression.Trainers.OnlineGradientDescent().Fit(train));
        Sample.End(new Figure("RMSE", error, baseline, "a linear model of the same stream", LessIsBetter: true),
            "a file of your own; StreamingBufferMegabytes as large as memory allows, since rows are shuffled within it");

        double Error(ITransformer trained) => ml.Regression.Evaluate(trained.Transform(test)).RootMeanSquaredError;
    }
}
