namespace AnomalyDetection;

/// <summary>An hour of a machine.</summary>
internal sealed class MachineHour
{
    public DateTime Time { get; set; }

    public float Temperature { get; set; }

    /// <summary>A known covariate: the planned load, from 0 to 1.</summary>
    public float Load { get; set; }
}

/// <summary>The output of the detector for an hour.</summary>
internal sealed class Verdict
{
    /// <summary>Alert, score, p-value, expected value, upper and lower bound.</summary>
    public double[] Anomaly { get; set; } = [];

    public bool IsAlert() => Anomaly[0] == 1;

    public double Expected() => Anomaly[3];

    public float Upper() => (float)Anomaly[4];

    public float Lower() => (float)Anomaly[5];
}
