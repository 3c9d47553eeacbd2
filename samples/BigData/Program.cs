// Training data that does not fit in memory: a second process gets less memory than the file has bytes, reads it through ML.NET's text
// loader once an epoch, and holds a few megabytes of shuffled rows at a time. Where mpirun is installed there are two of them, on one
// machine here; each trains on its share of the rows.
using System.CommandLine;
using BigData;
using Shared;

const int MegabytesOfMemory = 48;

var child = new Option<bool>("--in-little-memory") { Description = "Train in this process, as the second one does.", Hidden = true };
var ranks = new Option<int?>("--ranks")
{
    Description = "The processes that train together; more than one need mpirun. 2 where it is installed, otherwise 1.",
    HelpName = "N",
};
return Sample.Run(args, "Train an LSTM on a file that is larger than the memory it is given.", BigFile.Description, BigFile.Write, sample =>
{
    if (sample.Value(child))
    {
        Training.Run(sample.ML, sample.DataFile!, sample.Value(ranks) ?? 1);
        return;
    }
    string path = sample.DataFile ?? Path.Combine(sample.Folder, "big.csv");
    if (sample.DataFile is null)
        BigFile.Write(path);
    // Once, before each of several processes finds it.
    BigFile.Load(sample.ML, path);
    sample.Require(File.ReadLines(path).Skip(1).Take(Training.LeastRows).Count(), Training.LeastRows, "rows");
    int count = Math.Max(1, sample.Value(ranks) ?? (LittleMemory.HasMpirun ? 2 : 1));
    Console.WriteLine($"{path} has {new FileInfo(path).Length / 1e6:0} MB; {count} process{(count > 1 ? "es" : "")} with "
        + $"{MegabytesOfMemory} MB for all that it holds:");
    LittleMemory.Run(MegabytesOfMemory, count, ["--in-little-memory", "--data", path, "--ranks", $"{count}"]);
}, child, ranks);
