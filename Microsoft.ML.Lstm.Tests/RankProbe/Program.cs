// RankProbe <what> <folder>: a rank of a training by MPI, see MpiTests. It prints its weights' checksum. What goes wrong on purpose:
// "none"; "error", an exception in rank 0's code after the third epoch; "kill", rank 1 kills itself then; "leave", rank 1 does not train.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Tests.Sequences;

(string what, string folder) = (args[0], args[1]);
string sign = Path.Combine(folder, "third");
using MpiCommunicator ranks = MpiCommunicator.Start();
if (what == "leave" && ranks.Rank == 1)
    return 0;
if (what == "kill" && ranks.Rank == 1)
{
    new Thread(() =>
    {
        while (!File.Exists(sign))
            Thread.Sleep(10);
        Process.GetCurrentProcess().Kill();
    })
    { IsBackground = true }.Start();
}
var ml = new MLContext();
try
{
    LstmRegressionTransformer model = ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(options =>
    {
        options.Communicator = ranks;
        options.NumberOfThreads = 1;
        options.CheckpointPath = Path.Combine(folder, "checkpoint");
        options.ResumeFromCheckpoint = true;
        if (what == "kill")
            (options.NumberOfEpochs, options.EarlyStopping) = (1_000_000, EarlyStoppingOptions.Off());
        options.EpochCompleted = epoch =>
        {
            if (epoch.Epoch != 3)
                return;
            File.WriteAllText(sign, "");
            if (what == "error")
                throw new InvalidOperationException("The user's code has failed.");
        };
    })).Fit(ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(10))));
    using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    foreach ((_, ReadOnlyMemory<float> weights) in model.Model.Weights)
        hash.AppendData(MemoryMarshal.AsBytes(weights.Span));
    Console.WriteLine($"{ranks.Rank}/{ranks.Size} {Convert.ToHexStringLower(hash.GetCurrentHash())}");
    return 0;
}
catch (InvalidOperationException error)
{
    Console.WriteLine($"{ranks.Rank}/{ranks.Size} {error.Message}");
    return 3;
}
