// How many cycles does a machine have before it? A network reads its last thirty and gives a number; machines that it was not trained on
// tell how far such a number is to be trusted.
using Microsoft.ML;
using PredictiveMaintenance;
using Shared;
using Shared.Charts;

const int Stride = 5, LongestLife = 100;
const double Confidence = 0.9;

return Sample.Run(args, "Train an LSTM to tell the remaining life of machines.", MadeUpMachines.Make, Go);

static void Go(Sample sample, MachineCycle[] cycles)
{
    MLContext ml = sample.ML;
    MachineCycle[][] machines = [.. cycles.GroupBy(cycle => cycle.Machine).Select(group => group.ToArray())
        .Where(machine => machine.Length >= Condition.Cycles)];
    sample.Require(machines.Length, 10, $"machines with {Condition.Cycles} cycles or more");
    // A fifth of the machines calibrates the intervals, a fifth tries all of it.
    int fifth = machines.Length / 5;
    IDataView train = Load(machines[(2 * fifth)..]), calibration = Load(machines[fifth..(2 * fifth)]), test = Load(machines[..fifth]);

    var model = ml.Regression.Trainers.Lstm(labelColumnName: nameof(Condition.Life), featureColumnName: nameof(Condition.Readings))
        .Fit(train);
    var intervals = new LifeIntervals(Expect(model, calibration), Confidence);
    Expectation[] expectations = Expect(model, test);
    Console.WriteLine($"{machines.Length} machines. Of {fifth} that it has not seen, lives up to {LongestLife} cycles:");
    foreach ((int from, int to) in new[] { (0, 25), (25, 60), (60, LongestLife + 1) })
    {
        Expectation[] some = [.. expectations.Where(one => one.Life >= from && one.Life < to)];
        if (some.Length == 0)
            continue;
        int held = some.Count(one => intervals.Around(one.Score) is var (lower, upper) && one.Life >= lower && one.Life <= upper);
        Console.WriteLine($"  {from,3} to {to - 1,3} cycles before the end: off by {some.Average(one => one.Error):0.0}, the interval is "
            + $"{some.Average(one => intervals.Around(one.Score).Upper - intervals.Around(one.Score).Lower):0} wide and holds "
            + $"{(double)held / some.Length:0 %} (aim {Confidence:0 %})");
    }
    sample.WriteChart("life.svg", Draw(machines[0], Expect(model, Load(machines[..1], stride: 1)), intervals));

    var linear = ml.Transforms.NormalizeMeanVariance(nameof(Condition.Readings))
        .Append(ml.Regression.Trainers.Sdca(nameof(Condition.Life), nameof(Condition.Readings))).Fit(train);
    Sample.End(new Figure("cycles off, on average,", expectations.Average(one => one.Error),
        Expect(linear, test).Average(one => one.Error), "a linear model of the same windows", LessIsBetter: true),
        "logs of your machines with --data; Effort = TrainingEffort.Best for the mean of several networks");

    // Early in a life nothing tells its end, so that lives beyond the longest count as that (as is usual for NASA's turbofans).
    IDataView Load(MachineCycle[][] machines, int stride = Stride) => ml.Data.LoadFromEnumerable(machines.SelectMany(machine =>
        Windows.Of([.. machine.Index()], _ => true, Condition.Cycles, stride).Select(window => new Condition
        {
            Readings = [.. window.SelectMany(one => new[] { one.Item.Load, one.Item.Vibration, one.Item.Temperature })],
            Life = Math.Min(LongestLife, machine.Length - 1 - window[^1].Index),
        })).ToArray());

    Expectation[] Expect(ITransformer model, IDataView conditions) =>
        [.. ml.Data.CreateEnumerable<Expectation>(model.Transform(conditions), reuseRowObject: false)
            .Where(one => float.IsFinite(one.Score))];
}

static Chart Draw(MachineCycle[] machine, Expectation[] expectations, LifeIntervals intervals)
{
    (float Lower, float Upper)[] bounds = [.. expectations.Select(one => intervals.Around(one.Score))];
    return new Chart($"Remaining life of {machine[0].Machine}") { XLabel = "cycle", YLabel = "cycles before the end" }
        .AddBand($"{Confidence:0 %} interval", Ink.Accent, Condition.Cycles, [.. bounds.Select(one => one.Lower)],
            [.. bounds.Select(one => one.Upper)])
        .AddLine("what came", Ink.Neutral, Condition.Cycles, expectations.Select(one => one.Life), dashed: true)
        .AddLine("expected", Ink.Accent, Condition.Cycles, expectations.Select(one => one.Score));
}
