// Can a network tell tomorrow's price? Most programs that say so draw a curve that follows the price a day late. This one asks the question
// that counts: is it nearer than yesterday's price? And then what can be told: not where a price goes, but how far.
using Microsoft.ML;
using Shared;
using Stocks;

const int Window = 20;

return Sample.Run(args, "Train an LSTM on the returns of a share, and say whether it helps.", MadeUpShare.Make, Go);

static void Go(Sample sample, TradingDay[] days)
{
    TradingDay[] traded = [.. days.Where(day => float.IsFinite(day.Close) && day.Close > 0).OrderBy(day => day.Date)];
    sample.Require(traded.Length, 500, "days with a price");
    // Prices are nowhere near those of the past; returns are alike.
    PriceChange[] changes = [.. traded.Zip(traded.Skip(1), (yesterday, today) => MathF.Log(today.Close / yesterday.Close))
        .Zip(traded.Skip(1), (change, today) => new PriceChange { Close = today.Close, Return = change, Size = Math.Abs(change) })];
    int split = changes.Length * 7 / 10;

    Outlook[] prices = Forecast(sample.ML, changes, split, nameof(PriceChange.Return));
    double network = prices.Average(day => Squared(day.Close * (Math.Exp(day.Next) - Math.Exp(day.Score))));
    double last = prices.Average(day => Squared(day.Close * (Math.Exp(day.Next) - 1)));
    int right = prices.Count(day => Math.Sign(day.Score) == Math.Sign(day.Next));
    Console.WriteLine($"{traded.Length} days; the last {prices.Length} are held out.");
    Console.WriteLine($"  the direction is right on {(double)right / prices.Length:0.0 %} of the days; a coin has 50 %, give or take "
        + $"{100 / Math.Sqrt(prices.Length):0.0}");

    Outlook[] sizes = Forecast(sample.ML, changes, split, nameof(PriceChange.Size));
    float usual = changes[..split].Average(change => change.Size);
    double errorOfSize = Math.Sqrt(sizes.Average(day => Squared(day.Score - day.Next)));
    double errorOfUsual = Math.Sqrt(sizes.Average(day => Squared(usual - day.Next)));
    Outlook[] wildest = [.. sizes.OrderByDescending(day => day.Score).Take(sizes.Length / 10)];
    Console.WriteLine($"  how far it goes: off by {errorOfSize:0.00 %} of the price, the usual size by {errorOfUsual:0.00 %}; the tenth of "
        + $"the days that it called wildest went {wildest.Average(day => day.Next) / sizes.Average(day => day.Next):0.0} times as far");

    bool loses = network >= last;
    Sample.End(new Figure("RMSE of tomorrow's price", Math.Sqrt(network), Math.Sqrt(last), "today's price", LessIsBetter: true),
        loses
            ? "nothing with this column alone: today's price is the better forecast. Size is what can be told (risk, not profit)"
            : "not to trade on it: a gain this small is luck until it holds on other shares and years, after costs");
}

static Outlook[] Forecast(MLContext ml, PriceChange[] changes, int split, string target)
{
    var model = ml.Transforms.SlidingWindow("Window", Window, [nameof(PriceChange.Return), nameof(PriceChange.Size)], nameof(Outlook.Next),
            labelSourceColumnName: target)
        .Append(ml.Regression.Trainers.Lstm(labelColumnName: nameof(Outlook.Next), featureColumnName: "Window"))
        .Fit(ml.Data.LoadFromEnumerable(changes[..split]));
    // The window of the first held-out day has days before it.
    IDataView forecasts = model.Transform(ml.Data.LoadFromEnumerable(changes[(split - Window)..]));
    return [.. ml.Data.CreateEnumerable<Outlook>(forecasts, reuseRowObject: false).Where(day => float.IsFinite(day.Next))];
}

static double Squared(double value) => value * value;
