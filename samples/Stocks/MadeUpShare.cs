using Shared;

namespace Stocks;

/// <summary>
/// A share as markets make them: each day's return is a surprise, so that the last price is the best forecast of the next one; how large a
/// surprise is to be expected follows the last ones (a GARCH(1, 1) process, Bollerslev 1986), and that can be forecast.
/// </summary>
internal static class MadeUpShare
{
    private const int Days = 2000;
    private const double Calm = 2e-6, OfLastSurprise = 0.15, OfLastVariance = 0.83;

    public static IEnumerable<TradingDay> Make()
    {
        var random = new Random(1);
        double price = 100, variance = Calm / (1 - OfLastSurprise - OfLastVariance);
        DateTime date = new(2018, 1, 1);
        for (int day = 0; day < Days; day++, date = date.AddDays(date.DayOfWeek == DayOfWeek.Friday ? 3 : 1))
        {
            yield return new TradingDay { Date = date, Close = (float)price };
            double surprise = Math.Sqrt(variance) * random.NextNormal();
            price *= Math.Exp(surprise);
            variance = Calm + OfLastSurprise * surprise * surprise + OfLastVariance * variance;
        }
    }
}
