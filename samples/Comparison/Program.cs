// LSTM, GRU, plain RNN, a regression on the same window, or the last value: which one when? Six series, one step ahead, the last three
// tenths held out; nothing is set but the cell. docs/comparison.md says what follows.
using Comparison;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

const double TestFraction = 0.3;

return Sample.Run(args, "Compare LSTM, GRU, RNN, a window regression and the last value on six series.", SixSeries.Make, Go);

static void Go(Sample sample, Value[] values)
{
    (string Name, Func<Step[], Step[], IEnumerable<double>> Changes)[] methods =
    [
        ("LSTM", (train, test) => Network(sample.ML, CellType.Lstm, train, test)),
        ("GRU", (train, test) => Network(sample.ML, CellType.Gru, train, test)),
        ("RNN", (train, test) => Network(sample.ML, CellType.Rnn, train, test)),
        ("regression", Regression),
        ("last value", (_, test) => test.Select(_ => 0.0)),
    ];
    Console.WriteLine($"{"RMSE one step ahead",-22}{"steps",6}{string.Concat(methods.Select(method => $"{method.Name,12}"))}");
    List<double[]> ratios = [];
    foreach (IGrouping<string, Value> series in values.Where(value => float.IsFinite(value.Y)).GroupBy(value => value.Series))
    {
        sample.Require(series.Count(), 60, $"values of '{series.Key}'");
        Step[] steps = [.. Windows.Of([.. series], value => value.Series, Step.Size + 1, stride: 1).Select(window => new Step
        {
            Window = [.. window[..^1].Select(value => value.Y)],
            Change = window[^1].Y - window[^2].Y,
        })];
        int split = (int)(steps.Length * (1 - TestFraction));
        double[] errors = [.. methods.Select(method => Math.Sqrt(method.Changes(steps[..split], steps[split..])
            .Zip(steps[split..], (change, step) => Math.Pow(change - step.Change, 2)).Average()))];
        Console.WriteLine($"  {series.Key,-20}{series.Count(),6}{string.Concat(errors.Select(error => $"{error,12:G4}"))}");
        ratios.Add([.. errors.Select(error => error / errors[^1])]);
    }
    double[] means = [.. methods.Select((_, i) => Math.Exp(ratios.Average(series => Math.Log(series[i]))))];
    Console.WriteLine($"  {"as parts of the last value's",-26}{string.Concat(means.Select(mean => $"{mean,12:0.000}"))}");

    Sample.End(new Figure("error of the LSTM as a part of the last value's,", means[0], means[3], "the regression", LessIsBetter: true),
        "your series with --data, then samples/Forecasting: ForecastByLstm finds seasons and trends by itself");
}

static IEnumerable<double> Network(MLContext ml, CellType cell, Step[] train, Step[] test)
{
    var model = ml.Regression.Trainers.Lstm(new LstmRegressionTrainer.Options
    {
        LabelColumnName = nameof(Step.Change),
        FeatureColumnName = nameof(Step.Window),
        CellType = cell,
    }).Fit(ml.Data.LoadFromEnumerable(train));
    return ml.Data.CreateEnumerable<Expectation>(model.Transform(ml.Data.LoadFromEnumerable(test)), reuseRowObject: false)
        .Select(one => (double)one.Score);
}

static IEnumerable<double> Regression(Step[] train, Step[] test)
{
    var ridge = new Ridge(Step.Size, outputs: 1);
    foreach (Step step in train)
        ridge.Add([.. step.Window.Select(value => (double)value)], [step.Change]);
    double[] weights = ridge.Solve(lambda: 1e-4)[0];
    return test.Select(step => weights[^1] + step.Window.Zip(weights, (value, weight) => value * weight).Sum());
}
