// Two questions of a car that drives by itself, both asked of recorded drives. How to steer: at each step from the sensors, which saw a
// sign some seconds ago. And where the others will be: the next eight positions of a car by its last ten.
using Driving;
using Microsoft.ML;
using Shared;

return Sample.Run(args, "Train LSTMs to steer, and to foresee where other cars go.", Course.Make, Go);

static void Go(Sample sample, Moment[] moments)
{
    MLContext ml = sample.ML;
    Moment[] whole = Sample.Whole(moments, moment => float.IsFinite(moment.X + moment.Y), "moments without a position");
    Moment[][] cars = [.. whole.GroupBy(moment => moment.Car).Select(car => car.ToArray())
        .Where(car => car.Length >= OtherCar.Seen + OtherCar.Ahead)];
    sample.Require(cars.Length, 10, $"cars with {OtherCar.Seen + OtherCar.Ahead} moments or more");
    Moment[][] train = cars[..^(cars.Length / 5)], test = cars[^(cars.Length / 5)..];
    Console.WriteLine($"{train.Length} drives to learn from, {test.Length} to test with.");

    IDataView steered = ml.Regression.Trainers.LstmPerStep(featuresPerStep: Drive.Sensors)
        .Fit(ml.Data.LoadFromEnumerable(train.Select(Drive.Of).ToArray()))
        .Transform(ml.Data.LoadFromEnumerable(test.Select(Drive.Of).ToArray()));
    double linear = LinearSteering.RSquared(train.Select(Drive.Of), test.Select(Drive.Of));
    Console.WriteLine($"Steering at each step: R² {ml.Regression.EvaluatePerStep(steered).RSquared:0.000}; a linear regression on the "
        + $"sensors of the last {LinearSteering.Steps} steps {linear:0.000}.");

    IDataView expected = ml.Regression.Trainers.Lstm()
        .Fit(ml.Data.LoadFromEnumerable(train.SelectMany(OtherCar.Cut).ToArray()))
        .Transform(ml.Data.LoadFromEnumerable(test.SelectMany(OtherCar.Cut).ToArray()));
    (double Network, double GoingOn)[] errors =
        [.. ml.Data.CreateEnumerable<ExpectedPath>(expected, reuseRowObject: false).Select(path => path.Errors())];
    Sample.End(new Figure($"metres off, {OtherCar.Ahead} steps ahead", errors.Average(error => error.Network),
        errors.Average(error => error.GoingOn), "going on as in the last step", LessIsBetter: true),
        "recorded traffic, with --data; samples/Control closes the loop: a network that watched a driver drives by itself");
}
