namespace Stocks;

/// <summary>A day of a share, in the order of time.</summary>
internal sealed class TradingDay
{
    public DateTime Date { get; set; }

    /// <summary>The last price of the day.</summary>
    public float Close { get; set; }
}

/// <summary>What became of a price from one day to the next, as a pipeline's row.</summary>
internal sealed class PriceChange
{
    public float Close { get; set; }

    /// <summary>The logarithm of today's price divided by yesterday's.</summary>
    public float Return { get; set; }

    /// <summary>How large it is, up or down.</summary>
    public float Size { get; set; }
}

/// <summary>The forecast of the day after a row.</summary>
internal sealed class Outlook
{
    public float Close { get; set; }

    /// <summary>What came.</summary>
    public float Next { get; set; }

    public float Score { get; set; }
}
