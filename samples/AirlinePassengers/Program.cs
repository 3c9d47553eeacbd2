// Monthly airline passengers, 1949 to 1960: an LSTM learns the first eight years inside an ML.NET pipeline, forecasts each month
// of the last four one month ahead, and is saved and loaded as any ML.NET model.
using AirlinePassengers;
using Microsoft.ML;
using Microsoft.ML.Data;

const int HeldOut = 48;
// Of windows of 3, 4, 6 and 12 months, 3 months forecast 1955 and 1956 best after training on the months before.
const int Window = 3;

if (!Arguments.TryParse(args, out Arguments? arguments, out int exitCode))
    return exitCode;
if (arguments.ModelToLoad is { } saved)
{
    SecondProcess.PrintNextForecast(saved);
    return 0;
}

var ml = new MLContext();
int split = Series.Count - HeldOut;
IDataView all = ml.Data.LoadFromEnumerable(Growth.Rows());
IDataView train = ml.Data.LoadFromEnumerable(Growth.Rows().Where(row => row.Month < split));
Console.WriteLine($"{Series.Count} months of airline passengers, in thousands. Training on the months to {Series.Name(split - 1)}.");

// No normalizer: the trainer scales features and label itself. All other options have their defaults.
var pipeline = ml.Transforms.SlidingWindow("Window", Window, ["Growth"], labelColumnName: "NextGrowth")
    .Append(ml.Regression.Trainers.Lstm(new()
    {
        LabelColumnName = "NextGrowth",
        FeatureColumnName = "Window",
        Seed = arguments.Seed,
        NumberOfThreads = arguments.Threads,
        EpochCompleted = epoch =>
        {
            if (epoch.Epoch % 10 == 0)
                Console.WriteLine($"  epoch {epoch.Epoch,3} of {epoch.NumberOfEpochs}: RMSE {epoch.Training.RootMeanSquaredError:0.0000} "
                    + "(log growth)");
        },
    }))
    .Append(ml.Transforms.CopyColumns("ForecastGrowth", "Score"));
ITransformer model = pipeline.Fit(train);

// Each row forecasts the next month from its own and the months before.
Dictionary<int, double> forecasts = ml.Data.CreateEnumerable<GrowthForecast>(model.Transform(all), reuseRowObject: false)
    .ToDictionary(row => row.Month + 1, row => row.NextPassengers());

Result[] results =
[
    Evaluate("LSTM", month => forecasts[month]),
    Evaluate("seasonal naive plus drift", Baselines.SeasonalNaivePlusDrift),
    Evaluate("seasonal naive", Baselines.SeasonalNaive),
    Evaluate("naive", Baselines.Naive),
];
Console.WriteLine();
Console.WriteLine($"{$"One month ahead, {Series.Name(split)} to {Series.Name(Series.Count - 1)}",-52}{"RMSE",8}{"MAE",8}");
foreach (Result result in results)
    Console.WriteLine($"  {result.Name,-50}{result.Rmse,8:0.0}{result.Mae,8:0.0}");
Console.WriteLine();

Directory.CreateDirectory(arguments.OutputFolder);
string modelPath = Path.Combine(arguments.OutputFolder, "model.zip");
ml.Model.Save(model, train.Schema, modelPath);
double next = forecasts[Series.Count];
double nextBySecondProcess = SecondProcess.AskForNextForecast(modelPath);
bool same = BitConverter.DoubleToUInt64Bits(next) == BitConverter.DoubleToUInt64Bits(nextBySecondProcess);
Console.WriteLine($"Forecast for {Series.Name(Series.Count)}: {next:0.0} thousand. A second process that loaded {modelPath} says "
    + $"{nextBySecondProcess:0.0}, {(same ? "the same to the last bit" : "NOT THE SAME")}.");

string chartPath = Path.Combine(arguments.OutputFolder, "forecast.svg");
File.WriteAllText(chartPath, PassengerChart.Draw(split, forecasts));
Console.WriteLine($"Chart: {chartPath}");
if (arguments.JsonFile is { } jsonPath)
{
    File.WriteAllText(jsonPath, Result.ToJson(arguments.Seed, results, split, forecasts, nextBySecondProcess));
    Console.WriteLine($"Figures: {jsonPath}");
}
return same ? 0 : 1;

// ML.NET's evaluator, on passengers rather than on the growth that the network forecasts.
Result Evaluate(string name, Func<int, double> forecast)
{
    IEnumerable<Comparison> rows = Enumerable.Range(split, HeldOut)
        .Select(month => new Comparison { Actual = Series.Passengers[month], Forecast = (float)forecast(month) });
    RegressionMetrics metrics = ml.Regression.Evaluate(ml.Data.LoadFromEnumerable(rows), labelColumnName: "Actual",
        scoreColumnName: "Forecast");
    return new Result(name, metrics.RootMeanSquaredError, metrics.MeanAbsoluteError);
}
