namespace Comparison;

/// <summary>Three series that happened, and three that are made up so that the best forecast is known.</summary>
internal static class SixSeries
{
    // Annual flow of the Nile at Aswan, 1871 to 1970, in 10^8 cubic metres (Cobb 1978).
    private static readonly int[] Nile =
    [
        1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140, 1100, 1210, 1150,
        1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100,
        832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812,
        742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718,
        714, 740,
    ];

    // Lynx trapped near the Mackenzie River, 1821 to 1934 (Campbell and Walker 1977).
    private static readonly int[] Lynx =
    [
        269, 321, 585, 871, 1475, 2821, 3928, 5943, 4950, 2577, 523, 98, 184, 279, 409, 2285, 2685, 3409, 1824, 409, 151, 45, 68, 213, 546,
        1033, 2129, 2536, 957, 361, 377, 225, 360, 731, 1638, 2725, 2871, 2119, 684, 299, 236, 245, 552, 1623, 3311, 6721, 4254, 687, 255,
        473, 358, 784, 1594, 1676, 2251, 1426, 756, 299, 201, 229, 469, 736, 2042, 2811, 4431, 2511, 389, 73, 39, 49, 59, 188, 377, 1292,
        4031, 3495, 587, 105, 153, 387, 758, 1307, 3465, 6991, 6313, 3794, 1836, 345, 382, 808, 1388, 2713, 3800, 3091, 2985, 3790, 374, 81,
        80, 108, 229, 399, 1132, 2432, 3574, 2935, 1537, 529, 485, 662, 1000, 1590, 2657, 3396,
    ];

    public static IEnumerable<Value> Make()
    {
        const int made = 600;
        // Counts that grow or swing by factors are forecast as logarithms.
        IEnumerable<(string, IEnumerable<double>)> series =
        [
            ("airline passengers", AirlinePassengers.Series.Passengers.Select(count => Math.Log(count))),
            ("lynx", Lynx.Select(count => Math.Log(count))),
            ("Nile", Nile.Select(flow => (double)flow)),
            ("two waves", TwoWaves(made, new Random(1))),
            ("logistic map", LogisticMap(made, new Random(1))),
            ("random walk", RandomWalk(made, new Random(1))),
        ];
        return series.SelectMany(one => one.Item2.Select(y => new Value { Series = one.Item1, Y = (float)y }));
    }

    // A sum of waves: any value is a linear function of four before it. Noise of 0.1.
    private static IEnumerable<double> TwoWaves(int count, Random random) =>
        Enumerable.Range(0, count).Select(t => Math.Sin(t / 3.0) + 0.5 * Math.Sin(t / 1.7) + Noise(random, 0.1));

    // Chaos: the next value is a parabola of the last one, and of no line. It is read with noise of 0.02.
    private static IEnumerable<double> LogisticMap(int count, Random random)
    {
        double x = 0.3;
        for (int t = 0; t < count; t++, x = 3.9 * x * (1 - x))
            yield return x + Noise(random, 0.02);
    }

    // The best forecast is the last value; steps of 1.
    private static IEnumerable<double> RandomWalk(int count, Random random)
    {
        double x = 0;
        for (int t = 0; t < count; t++, x += Noise(random, 1))
            yield return x;
    }

    // The sum of twelve uniform numbers is nearly normal.
    private static double Noise(Random random, double deviation) =>
        deviation * (Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6);
}
