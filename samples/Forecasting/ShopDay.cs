namespace Forecasting;

/// <summary>A day of a shop.</summary>
internal sealed class ShopDay
{
    public string Shop { get; set; } = "";

    public DateTime Day { get; set; }

    /// <summary>What is to be forecast.</summary>
    public float Sales { get; set; }

    /// <summary>Set by the shop, so known ahead.</summary>
    public float Price { get; set; }

    /// <summary>1 or 0; planned, so known ahead.</summary>
    public float Promotion { get; set; }

    /// <summary>Known once the day is over.</summary>
    public float Sunshine { get; set; }
}

/// <summary>What is forecast at the end of it.</summary>
internal sealed class SalesForecast
{
    /// <summary>The next days, tomorrow first.</summary>
    public float[] Forecast { get; set; } = [];

    public float[] Lower { get; set; } = [];

    public float[] Upper { get; set; } = [];
}
