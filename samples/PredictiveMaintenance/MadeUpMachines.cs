namespace PredictiveMaintenance;

/// <summary>
/// Machines that wear by how hard they are driven, and fail when the wear has come to one. No sensor shows the wear: vibration is its
/// square times the load, with noise, so that both have to be read, and over some cycles. What remains of it is divided by how hard this
/// machine is driven: no sum of readings is a life. Some machines are a tenth more fragile than others, and no sensor tells, so that who
/// knew the wear to the last digit would still be off by a twentieth of the life that is left.
/// </summary>
internal static class MadeUpMachines
{
    private const int Machines = 60;

    public static IEnumerable<MachineCycle> Make()
    {
        var random = new Random(1);
        for (int machine = 1; machine <= Machines; machine++)
        {
            double fragility = 0.9 + 0.2 * random.NextDouble(), usualLoad = 0.3 + 0.5 * random.NextDouble(), load;
            for (double wear = 0.2 * random.NextDouble(); wear < 1; wear += 0.015 * fragility * load)
            {
                load = usualLoad + 0.2 * Noise();
                yield return new MachineCycle
                {
                    Machine = $"machine {machine}",
                    Load = (float)load,
                    Vibration = (float)(1 + 4 * wear * wear * load + 0.3 * Noise()),
                    Temperature = (float)(40 + 25 * load + 5 * wear + 2 * Noise()),
                };
            }
        }

        double Noise() => 2 * (random.NextDouble() + random.NextDouble() - 1);
    }
}
