// Control, step by step: a network watches a driver of a made-up vehicle, then steers it by itself. At each step the sensors go in and the
// steering comes out. The sensors don't show which way the vehicle points; the network has to remember where it was.
using Control;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

const int steps = 150;
var ml = new MLContext(seed: 1);
Warnings.Print(ml);
var random = new Random(1);

// Rides of the driver, who now and then is pushed aside: what to do there has to be in the data, too.
IDataView rides = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 300).Select(_ => Record()).ToArray());
DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(rides, testFraction: 0.1, seed: 1);
LstmPerStepRegressionTransformer model = ml.Regression.Trainers.LstmPerStep(new LstmPerStepRegressionTrainer.Options
{
    LabelColumnName = nameof(Ride.Steering),
    FeatureColumnName = nameof(Ride.Sensors),
    FeaturesPerStep = Vehicle.Sensors,
    HiddenSize = 32,
    NumberOfEpochs = 40,
}).Fit(split.TrainSet);
Console.WriteLine($"Of rides that it has not seen, R² of the steering: "
    + $"{ml.Regression.EvaluatePerStep(model.Transform(split.TestSet), nameof(Ride.Steering)).RSquared:0.000}.");

// 20 new roads. A stream keeps the state of the network from step to step.
(double driver, double network, double nobody) = (0, 0, 0);
int left = 0;
for (int road = 0; road < 20; road++)
{
    driver += Go(road, vehicle => vehicle.Drive(), out _);
    nobody += Go(road, _ => 0, out _);
    LstmStepStream wheel = model.CreateStream();
    network += Go(road, vehicle => wheel.Next(vehicle.Sense())[0], out bool hasLeft);
    left += hasLeft ? 1 : 0;
}
Console.WriteLine($"Mean distance from the middle of the road on 20 new roads: the driver {driver / 20:0.00} m, the network "
    + $"{network / 20:0.00} m, nobody at the wheel {nobody / 20:0.0} m.");
Console.WriteLine($"The network left the road {left} times.");

static double Go(int road, Func<Vehicle, double> steering, out bool hasLeft)
{
    var vehicle = new Vehicle(new Random(1000 + road));
    (double sum, hasLeft) = (0, false);
    for (int t = 0; t < 2 * steps; t++)
    {
        vehicle.Steer(steering(vehicle));
        sum += Math.Abs(vehicle.Offset) / (2 * steps);
        hasLeft |= Math.Abs(vehicle.Offset) > Vehicle.RoadSide;
    }
    return sum;
}

Ride Record()
{
    var vehicle = new Vehicle(random);
    List<float> sensors = [], controls = [];
    double push = 0;
    for (int t = 0; t < steps; t++)
    {
        double angle = vehicle.Drive();
        sensors.AddRange(vehicle.Sense());
        controls.Add((float)angle);
        if (t % 25 == 0)
            push = 0.1 * (2 * random.NextDouble() - 1);
        vehicle.Steer(angle + push);
    }
    return new Ride { Sensors = [.. sensors], Steering = [.. controls] };
}

namespace Control
{
    /// <summary>A ride, as ML.NET reads it.</summary>
    internal sealed class Ride
    {
        public float[] Sensors { get; set; } = [];

        public float[] Steering { get; set; } = [];
    }
}
