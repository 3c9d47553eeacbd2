using Microsoft.ML.Data;

namespace PredictiveMaintenance;

/// <summary>A working cycle of a machine that was run until it failed, in the order of time; the last one is the failure.</summary>
internal sealed class MachineCycle
{
    public string Machine { get; set; } = "";

    public float Load { get; set; }

    public float Vibration { get; set; }

    public float Temperature { get; set; }
}

/// <summary>Some cycles of a machine, as the trainer reads them, and how many it had before it.</summary>
internal sealed class Condition
{
    public const int Cycles = 30, Sensors = 3;

    [VectorType(Cycles, Sensors)]
    public float[] Readings { get; set; } = [];

    public float Life { get; set; }
}

/// <summary>The remaining life that a model expects.</summary>
internal sealed class Expectation
{
    public float Life { get; set; }

    public float Score { get; set; }

    public float Error => Math.Abs(Life - Score);
}
