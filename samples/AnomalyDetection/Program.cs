// A machine's temperature follows its load and the time of the day. A network learns how from a time without faults; later readings that
// differ from its forecasts get an alert. An autoencoder does the same for whole cycles of a press.
using System.CommandLine;
using AnomalyDetection;

var dataOption = new Option<FileInfo>(
    "--data")
{
    Description = "A series of your own: a CSV file with a header line, in the order of time. Otherwise a machine is made up.",
    HelpName = "FILE"
}.AcceptExistingOnly();
var timeOption = new Option<string>("--time")
{
    Description = "The file's column of times.",
    HelpName = "COLUMN",
    DefaultValueFactory = _ => "Time"
};
var valueOption = new Option<string>("--value")
{
    Description = "The file's column of values.",
    HelpName = "COLUMN",
    DefaultValueFactory = _ => "Value"
};
var outOption = new Option<string>("--out")
{
    Description = "The folder for the chart.",
    HelpName = "FOLDER",
    DefaultValueFactory = _ => "."
};
var root = new RootCommand("Train an LSTM to find what is wrong with a series.") { dataOption, timeOption, valueOption, outOption };
root.SetAction(parsed =>
{
    string folder = Directory.CreateDirectory(parsed.GetValue(outOption)!).FullName;
    if (parsed.GetValue(dataOption) is not { } file)
    {
        bool areSame = MachineWatch.Run(folder);
        Console.WriteLine();
        CycleWatch.Run();
        return areSame ? 0 : 1;
    }
    try
    {
        return OwnSeries.Run(file.FullName, parsed.GetValue(timeOption)!, parsed.GetValue(valueOption)!, folder);
    }
    // The message of the reader or the trainer tells what is wrong with the file.
    catch (Exception error) when (error is InvalidDataException or FormatException or InvalidOperationException)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
});
return root.Parse(args).Invoke();
