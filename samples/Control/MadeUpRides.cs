namespace Control;

/// <summary>Rides of the driver, who now and then is pushed aside: what to do there has to be in the data, too.</summary>
internal static class MadeUpRides
{
    private const int Rides = 300, Steps = 150, StepsOfPush = 25;

    public static IEnumerable<Moment> Make()
    {
        var random = new Random(1);
        for (int ride = 1; ride <= Rides; ride++)
        {
            var vehicle = new Vehicle(random);
            double push = 0;
            for (int t = 0; t < Steps; t++)
            {
                double angle = vehicle.Drive();
                float[] sensors = vehicle.Sense();
                yield return new Moment
                {
                    Ride = $"ride {ride}",
                    Distance = sensors[0],
                    Curvature = sensors[1],
                    Steering = (float)angle,
                };
                if (t % StepsOfPush == 0)
                    push = 0.1 * (2 * random.NextDouble() - 1);
                vehicle.Steer(angle + push);
            }
        }
    }
}
