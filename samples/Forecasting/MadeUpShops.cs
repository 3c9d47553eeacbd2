using Shared;

namespace Forecasting;

/// <summary>
/// Daily sales of ice cream in several shops: each shop has its own size, growth and response to prices; all share the week, the year, the
/// weather and the effect of a promotion.
/// </summary>
internal static class MadeUpShops
{
    public static readonly string[] Names = ["Harbour", "Station", "Old Town", "Airport", "Market", "Park", "University", "Hillside"];

    private static readonly double[] Week = [1.25, 0.80, 0.82, 0.88, 0.95, 1.10, 1.40];
    private static readonly DateTime FirstDay = new(2022, 1, 1);

    /// <summary>The rows of all shops, day by day.</summary>
    public static IEnumerable<ShopDay> Make(int days, Random random)
    {
        var shops = Names.Select(name =>
            (Name: name, Size: 80 * Math.Pow(1.45, random.Next(8)), Growth: 0.25 * random.NextDouble() - 0.05,
            Elasticity: 1 + random.NextDouble())).ToArray();
        double[] price = Array.ConvertAll(shops, _ => 3.0);
        int[] promotionDays = new int[shops.Length];
        double sun = 0;
        for (int t = 0; t < days; t++)
        {
            DateTime day = FirstDay.AddDays(t);
            // Sunny days come in groups, so today's sunshine tells something about tomorrow's.
            sun = 0.8 * sun + 0.6 * random.NextNormal();
            for (int i = 0; i < shops.Length; i++)
            {
                (string name, double size, double growth, double elasticity) = shops[i];
                if (random.Next(60) == 0)
                    price[i] = 2.5 + 0.25 * random.Next(5);
                promotionDays[i] = promotionDays[i] > 0 ? promotionDays[i] - 1 : random.Next(40) == 0 ? 4 : 0;
                bool isPromotion = promotionDays[i] > 0;
                double season = 1 - 0.45 * Math.Cos(Math.Tau * (day.DayOfYear - 20) / 365.25);
                double sales = size * (1 + growth * t / 365) * Week[(int)day.DayOfWeek] * season * Math.Pow(price[i] / 3, -elasticity)
                    * (isPromotion ? 1.5 : 1) * Math.Exp(0.12 * sun + 0.06 * random.NextNormal());
                yield return new ShopDay
                {
                    Shop = name,
                    Day = day,
                    Sales = (float)sales,
                    Price = (float)price[i],
                    Promotion = isPromotion ? 1 : 0,
                    Sunshine = (float)sun
                };
            }
        }
    }
}
