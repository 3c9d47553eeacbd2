// Control, step by step: a network watches a driver of a made-up vehicle, then steers it by itself. At each step the sensors go in and the
// steering comes out. The sensors don't show which way the vehicle points; the network has to remember where it was.
using Control;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

const int Roads = 20, StepsOfRoad = 300;

return Sample.Run(args, "Train an LSTM to steer by watching a driver.", MadeUpRides.Make, Go);

static void Go(Sample sample, Moment[] moments)
{
    MLContext ml = sample.ML;
    Ride[] rides = [.. moments.GroupBy(moment => moment.Ride).Select(Ride.Of)];
    sample.Require(rides.Length, 10, "rides");
    Ride[] train = rides[..^(rides.Length / 10)], test = rides[train.Length..];
    LstmPerStepRegressionTransformer model = ml.Regression.Trainers.LstmPerStep(new LstmPerStepRegressionTrainer.Options
    {
        FeaturesPerStep = Vehicle.Sensors,
        HiddenSize = 32,
        NumberOfEpochs = 40,
    }).Fit(ml.Data.LoadFromEnumerable(train));
    var linear = new LinearSteering(train);
    if (sample.DataFile is null)
        DriveAlone(model, linear);

    IDataView steered = model.Transform(ml.Data.LoadFromEnumerable(test));
    Sample.End(new Figure("steering wrong by, of rides that it has not seen,",
        ml.Regression.EvaluatePerStep(steered).RootMeanSquaredError, linear.RootMeanSquaredError(test),
        "a linear regression on the sensors", LessIsBetter: true),
        "rides of yours, with --data; model.CreateStream steers step by step (docs/tasks/every-step.md)");
}

// New roads. A stream keeps the state of the network from step to step.
static void DriveAlone(LstmPerStepRegressionTransformer model, LinearSteering linear)
{
    Console.WriteLine($"On {Roads} new roads, metres from the middle on average, and how many were left:");
    Print("the driver", () => vehicle => vehicle.Drive());
    Print("the network", () =>
    {
        LstmStepStream wheel = model.CreateStream();
        return vehicle => wheel.Next(vehicle.Sense())[0];
    });
    Print("a linear regression", () => vehicle => linear.Of(vehicle.Sense()));
    Print("nobody at the wheel", () => _ => 0);

    static void Print(string who, Func<Func<Vehicle, double>> create)
    {
        (double Distance, bool HasLeft)[] roads = [.. Enumerable.Range(0, Roads).Select(road => Follow(road, create()))];
        Console.WriteLine($"  {who,-22}{roads.Average(road => road.Distance),8:0.00} m{roads.Count(road => road.HasLeft),5}");
    }
}

static (double Distance, bool HasLeft) Follow(int road, Func<Vehicle, double> steering)
{
    var vehicle = new Vehicle(new Random(1000 + road));
    double[] offsets = [.. Enumerable.Range(0, StepsOfRoad).Select(_ =>
    {
        vehicle.Steer(steering(vehicle));
        return Math.Abs(vehicle.Offset);
    })];
    return (offsets.Average(), offsets.Max() > Vehicle.RoadSide);
}
