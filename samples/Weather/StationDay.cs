namespace Weather;

/// <summary>A day at a weather station, in the order of time.</summary>
internal sealed class StationDay
{
    public string Station { get; set; } = "";

    public DateTime Day { get; set; }

    /// <summary>The target, in degrees.</summary>
    public float Temperature { get; set; }

    /// <summary>A past covariate: measured.</summary>
    public float Pressure { get; set; }

    /// <summary>A known covariate, from 0 to 1: the weather service tells for a week ahead how cloudy it will be.</summary>
    public float Clouds { get; set; }
}

/// <summary>The week after a day, tomorrow first.</summary>
internal sealed class Week
{
    public float[] Forecast { get; set; } = [];

    public float[] Lower { get; set; } = [];

    public float[] Upper { get; set; } = [];
}
