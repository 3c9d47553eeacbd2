// Monthly airline passengers, 1949 to 1960: an LSTM learns the first two thirds inside an ML.NET pipeline, forecasts each month of the
// others one month ahead, and is saved and loaded as any ML.NET model.
using AirlinePassengers;
using Microsoft.ML;
using Microsoft.ML.Data;
using Shared;
using Shared.Charts;

// Of windows of 3, 4, 6 and 12 months, 3 months forecast 1955 and 1956 best after training on the months before.
const int Window = 3;

return Sample.Run(args, "Train an LSTM on a monthly series with seasons and growth, compare its forecasts with simple ones, and save it.",
    Series.Make, Go);

static void Go(Sample sample, Observation[] months)
{
    MLContext ml = sample.ML;
    sample.Require(months.Length, 5 * Growth.Year, "months");
    GrowthRow[] rows = Growth.Rows(months);
    int split = months.Length * 2 / 3;
    IDataView train = ml.Data.LoadFromEnumerable(rows.Where(row => row.Month < split));
    Console.WriteLine($"{months.Length} months, in thousands of passengers. Training on the months to {Name(split - 1)}.");

    // No normalizer: the trainer scales features and label itself. All other options have their defaults.
    var pipeline = ml.Transforms.SlidingWindow("Window", Window, ["Growth"], labelColumnName: "NextGrowth")
        .Append(ml.Regression.Trainers.Lstm(new() { LabelColumnName = "NextGrowth", FeatureColumnName = "Window", Seed = 1 }))
        .Append(ml.Transforms.CopyColumns("ForecastGrowth", "Score"));
    ITransformer model = pipeline.Fit(train);

    // Each row forecasts the next month from its own and the months before.
    Dictionary<int, double> forecasts = Forecast(ml, model);
    string path = Path.Combine(sample.Folder, "model.zip");
    ml.Model.Save(model, train.Schema, path);
    var other = new MLContext();
    bool isSame = Forecast(other, other.Model.Load(path, out _))[months.Length] == forecasts[months.Length];
    Console.WriteLine($"Forecast for {Name(months.Length)}: {forecasts[months.Length]:0.0} thousand; from {path}, loaded again, "
        + $"{(isSame ? "the same to the last bit" : "ANOTHER ONE")}.");
    sample.WriteChart("forecast.svg", Draw());

    Console.WriteLine();
    Console.WriteLine($"{$"One month ahead, {Name(split)} to {Name(months.Length - 1)}",-52}{"RMSE",8}{"MAE",8}");
    double network = Print("LSTM", month => forecasts[month]);
    double drift = Print("seasonal naive plus drift", month => Year(month) + months[month - 1].Passengers - Year(month - 1));
    Print("seasonal naive", Year);
    Print("naive", month => months[month - 1].Passengers);
    Sample.End(new Figure("RMSE", network, drift, "seasonal naive plus drift", LessIsBetter: true),
        "a monthly series of yours, with --data; samples/Forecasting, many months ahead with intervals, and without thought about growth");

    string Name(int month) => months[0].Month.AddMonths(month).ToString("MMMM yyyy");

    double Year(int month) => months[month - Growth.Year].Passengers;

    Dictionary<int, double> Forecast(MLContext context, ITransformer transformer)
    {
        IDataView scored = transformer.Transform(context.Data.LoadFromEnumerable(rows));
        return context.Data.CreateEnumerable<GrowthForecast>(scored, reuseRowObject: false)
            .ToDictionary(row => row.Month + 1, row => row.NextPassengers());
    }

    // ML.NET's evaluator, on passengers rather than on the growth that the network forecasts.
    double Print(string name, Func<int, double> forecast)
    {
        IDataView pairs = ml.Data.LoadFromEnumerable(Enumerable.Range(split, months.Length - split)
            .Select(month => new { Actual = months[month].Passengers, Forecast = (float)forecast(month) }));
        RegressionMetrics metrics = ml.Regression.Evaluate(pairs, labelColumnName: "Actual", scoreColumnName: "Forecast");
        Console.WriteLine($"  {name,-50}{metrics.RootMeanSquaredError,8:0.0}{metrics.MeanAbsoluteError,8:0.0}");
        return metrics.RootMeanSquaredError;
    }

    Chart Draw() => new Chart("Airline passengers a month, in thousands")
    {
        Times = [.. Enumerable.Range(0, months.Length + 1).Select(months[0].Month.AddMonths)],
    }
        .AddUpright("held out from here on", split)
        .AddLine("actual", Ink.Neutral, 0, months.Select(month => month.Passengers))
        .AddLine("LSTM, one month ahead", Ink.Accent, split,
            Enumerable.Range(split, months.Length + 1 - split).Select(month => (float)forecasts[month]))
        .AddDots(Name(months.Length), Ink.Accent, [(months.Length, forecasts[months.Length])]);
}
