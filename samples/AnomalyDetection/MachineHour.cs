namespace AnomalyDetection;

/// <summary>An hour of a machine.</summary>
internal sealed class MachineHour
{
    public DateTime Time { get; set; }

    public float Temperature { get; set; }

    /// <summary>How much it works, from 0 to 1: planned, so known ahead.</summary>
    public float Load { get; set; }
}

/// <summary>What the detector says of an hour.</summary>
internal sealed class Verdict
{
    /// <summary>Alert, score, p-value, expected value, upper and lower bound.</summary>
    public double[] Anomaly { get; set; } = [];

    public bool IsAlert() => Anomaly[0] == 1;

    public double Expected() => Anomaly[3];

    public float Upper() => (float)Anomaly[4];

    public float Lower() => (float)Anomaly[5];
}
