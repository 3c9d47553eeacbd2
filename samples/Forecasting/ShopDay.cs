namespace Forecasting;

/// <summary>A day of a shop.</summary>
internal sealed class ShopDay
{
    public string Shop { get; set; } = "";

    public DateTime Day { get; set; }

    /// <summary>The target.</summary>
    public float Sales { get; set; }

    /// <summary>A known covariate: the shop sets it.</summary>
    public float Price { get; set; }

    /// <summary>A known covariate, 1 or 0: promotions are planned.</summary>
    public float Promotion { get; set; }

    /// <summary>A past covariate: known once the day is over.</summary>
    public float Sunshine { get; set; }
}

/// <summary>The forecast at the end of a day.</summary>
internal sealed class SalesForecast
{
    /// <summary>The next days, tomorrow first.</summary>
    public float[] Forecast { get; set; } = [];

    public float[] Lower { get; set; } = [];

    public float[] Upper { get; set; } = [];
}
