using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>
/// The class of the nearest training series, by the Euclidean distance or by that of dynamic time warping (Sakoe and Chiba 1978, without
/// a limit on the warping), the values as they are.
/// </summary>
internal static class NearestNeighbor
{
    /// <param name="split">The series.</param>
    /// <param name="warps">Whether to warp too, which takes the square of a series' steps in time.</param>
    public static IEnumerable<Bar> Bars(Split<Series> split, bool warps)
    {
        bool haveOneLength = split.Train.Concat(split.Test).Select(series => series.Features.Length).Distinct().Count() == 1;
        if (haveOneLength)
            yield return new Bar("1-NN Euclidean", Accuracy(split, Euclidean));
        if (warps || !haveOneLength)
            yield return new Bar("1-NN DTW", Accuracy(split, Warped));
    }

    private static double Accuracy(Split<Series> split, Func<Series, Series, double, double> distance)
    {
        int right = 0;
        foreach (Series test in split.Test)
        {
            (double least, string label) = (double.PositiveInfinity, "");
            foreach (Series train in split.Train)
            {
                double far = distance(test, train, least);
                if (far < least)
                    (least, label) = (far, train.Label);
            }
            right += label == test.Label ? 1 : 0;
        }
        return 100.0 * right / split.Test.Count;
    }

    private static double Euclidean(Series a, Series b, double enough)
    {
        double sum = 0;
        for (int i = 0; i < a.Features.Length && sum < enough; i++)
            sum += Square(a.Features[i] - b.Features[i]);
        return sum;
    }

    /// <summary>The squared distance, or any number from <paramref name="enough"/> on if it is no less than that.</summary>
    private static double Warped(Series a, Series b, double enough)
    {
        int features = a.FeaturesPerStep, rows = a.Features.Length / features, columns = b.Features.Length / features;
        double[] before = new double[columns + 1], now = new double[columns + 1];
        Array.Fill(before, double.PositiveInfinity);
        before[0] = 0;
        for (int i = 0; i < rows; i++)
        {
            now[0] = double.PositiveInfinity;
            double least = double.PositiveInfinity;
            for (int j = 0; j < columns; j++)
            {
                double cost = 0;
                for (int f = 0; f < features; f++)
                    cost += Square(a.Features[i * features + f] - b.Features[j * features + f]);
                now[j + 1] = cost + Math.Min(Math.Min(before[j], before[j + 1]), now[j]);
                least = Math.Min(least, now[j + 1]);
            }
            if (least >= enough)
                return least;
            (before, now) = (now, before);
        }
        return before[columns];
    }

    private static double Square(double value) => value * value;
}
