using Microsoft.ML.Data;

namespace AnomalyDetection;

/// <summary>One stroke of a press: force and current at each moment.</summary>
internal sealed class MachineCycle
{
    public const int Moments = 40, Sensors = 2;

    [VectorType(Moments, Sensors)]
    public float[] Readings { get; set; } = [];

    /// <summary>1 if something was wrong, else 0, as ML.NET's evaluator wants it. The trainer does not see it.</summary>
    public float IsFaulty { get; set; }

    public string Fault { get; set; } = "";
}

/// <summary>The output of the autoencoder for a cycle.</summary>
internal sealed class CycleVerdict
{
    public bool PredictedLabel { get; set; }

    public string Fault { get; set; } = "";

    /// <summary>The error of the reconstruction at each moment.</summary>
    public float[] Errors { get; set; } = [];
}
