using Shared;

namespace Driving;

/// <summary>Steering by a linear regression on the sensors of the last steps.</summary>
internal static class LinearSteering
{
    public const int Steps = 12;

    private const double Lambda = 1e-4;

    /// <summary>The share of the steering's variance that it explains, on drives that it has not seen.</summary>
    public static double RSquared(IEnumerable<Drive> train, IEnumerable<Drive> test)
    {
        var ridge = new Ridge(Steps * Drive.Sensors, outputs: 1);
        foreach ((double[] inputs, double steering) in train.SelectMany(Windows))
            ridge.Add(inputs, [steering]);
        double[] weights = ridge.Solve(Lambda)[0];
        (double[] Inputs, double Steering)[] windows = [.. test.SelectMany(Windows)];
        double mean = windows.Average(window => window.Steering);
        return 1 - windows.Sum(window => Math.Pow(window.Steering - weights[^1] - window.Inputs.Zip(weights, (x, w) => x * w).Sum(), 2))
            / windows.Sum(window => Math.Pow(window.Steering - mean, 2));
    }

    // Before a drive there is nothing.
    private static IEnumerable<(double[] Inputs, double Steering)> Windows(Drive drive)
    {
        double[] padded = [.. new double[(Steps - 1) * Drive.Sensors], .. drive.Features.Select(value => (double)value)];
        return drive.Label.Select((steering, t) =>
                (padded[(t * Drive.Sensors)..((t + Steps) * Drive.Sensors)], (double)steering))
            .Where(window => window.Item1.All(double.IsFinite) && double.IsFinite(window.Item2));
    }
}
