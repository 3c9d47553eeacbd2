using Microsoft.ML.Data;

namespace SmartCity;

/// <summary>An hour of a water meter; the rows of all meters are in the order of time.</summary>
internal sealed class MeterHour
{
    public string Meter { get; set; } = "";

    public DateTime Time { get; set; }

    /// <summary>Litres that went through.</summary>
    public float Flow { get; set; }

    /// <summary>A known covariate, from 0 to 1: how hot the day is, which the weather service tells the day before.</summary>
    public float Heat { get; set; }
}

/// <summary>What the detector says of an hour.</summary>
internal sealed class Verdict
{
    /// <summary>Alert, score, p-value, expected value, upper and lower bound.</summary>
    public double[] Anomaly { get; set; } = [];

    public bool IsAlert => Anomaly[0] == 1;
}

/// <summary>An hour, and what the forecaster says of the day that follows it.</summary>
internal sealed class Outlook
{
    public const int Hours = 24;

    public string Meter { get; set; } = "";

    public DateTime Time { get; set; }

    public float Flow { get; set; }

    [VectorType(Hours)]
    public float[] Forecast { get; set; } = [];
}
