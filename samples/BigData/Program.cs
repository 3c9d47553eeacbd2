// Training data that does not fit in memory: a second process gets less memory than the file has bytes, reads it through ML.NET's text
// loader once an epoch, and holds a few megabytes of shuffled rows at a time.
using System.CommandLine;
using BigData;
using Shared;

const int MegabytesOfMemory = 48;

var child = new Option<bool>("--in-little-memory") { Description = "Train in this process, as the second one does.", Hidden = true };
return Sample.Run(args, "Train an LSTM on a file that is larger than the memory it is given.", BigFile.Description, BigFile.Write, sample =>
{
    if (sample.Value(child))
    {
        Training.Run(sample.ML, sample.DataFile!);
        return;
    }
    string path = sample.DataFile ?? Path.Combine(sample.Folder, "big.csv");
    if (sample.DataFile is null)
        BigFile.Write(path);
    Console.WriteLine($"{path} has {new FileInfo(path).Length / 1e6:0} MB; a process with {MegabytesOfMemory} MB for all that it holds:");
    LittleMemory.Run(MegabytesOfMemory, ["--in-little-memory", "--data", path]);
}, child);
