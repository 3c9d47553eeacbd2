// What will each of several shops sell on each of the next fourteen days? One network learns from all of them, reads the prices and
// promotions of the days to come, and gives intervals. Then it goes on day by day, as in production.
using System.CommandLine;
using Forecasting;
using Shared;

var dataOption = new Option<FileInfo>(
    "--data")
{
    Description =
    "A series of your own: a CSV file with a header line, the rows of a series in the order of time. Otherwise shops are made up.",
    HelpName = "FILE"
}.AcceptExistingOnly();
var timeOption = new Option<string>("--time")
{
    Description = "The file's column of times.",
    HelpName = "COLUMN",
    DefaultValueFactory = _ => "Time"
};
var targetOption = new Option<string>("--target")
{
    Description = "The file's column to forecast.",
    HelpName = "COLUMN",
    DefaultValueFactory = _ => "Value"
};
var seriesOption = new Option<string?>("--series")
{
    Description = "The file's column that tells series apart, if there are several.",
    HelpName = "COLUMN"
};
var knownOption = new Option<string>(
    "--known")
{
    Description =
    "The file's columns that are known ahead, with commas between them; one whose name holds a comma in quotes, as in the file.",
    HelpName = "COLUMNS",
    DefaultValueFactory = _ => ""
};
var horizonOption = new Option<int>("--horizon")
{
    Description = "Rows to forecast ahead, of a file of yours.",
    HelpName = "N",
    DefaultValueFactory = _ => 14
};
var outOption = new Option<string>("--out")
{
    Description = "The folder for the chart and the checkpoint.",
    HelpName = "FOLDER",
    DefaultValueFactory = _ => "."
};
var root = new RootCommand("Train an LSTM to forecast many series, with what is known ahead, and with intervals.") { dataOption, timeOption,
    targetOption, seriesOption, knownOption, horizonOption, outOption };
root.SetAction(parsed =>
{
    string folder = Directory.CreateDirectory(parsed.GetValue(outOption)!).FullName;
    if (parsed.GetValue(dataOption) is not { } file)
        return ShopForecasts.Run(folder);
    try
    {
        string[] known = CsvLine.Split(parsed.GetValue(knownOption)!);
        var rows = OwnSeries.Read(file.FullName, parsed.GetValue(timeOption)!, parsed.GetValue(targetOption)!,
            parsed.GetValue(seriesOption), known);
        return rows.Run(parsed.GetValue(horizonOption), folder);
    }
    // The message of the reader or the trainer tells what is wrong with the file.
    catch (Exception error) when (error is InvalidDataException or FormatException or InvalidOperationException
        or ArgumentOutOfRangeException)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
});
return root.Parse(args).Invoke();
