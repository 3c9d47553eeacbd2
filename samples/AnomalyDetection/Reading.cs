using Microsoft.ML;
using Microsoft.ML.Data;
using Shared;

namespace AnomalyDetection;

/// <summary>An hour of a machine, in the order of time.</summary>
internal sealed class MachineHour
{
    public DateTime Time { get; set; }

    public float Temperature { get; set; }

    /// <summary>A known covariate: the planned load, from 0 to 1.</summary>
    public float Load { get; set; }

    /// <summary>Whether something was wrong. The detector does not see it.</summary>
    public bool IsFault { get; set; }
}

/// <summary>A row of any series, as the detector reads it.</summary>
internal sealed class Reading
{
    public DateTime Time { get; set; }

    public float Value { get; set; }

    /// <summary>What is known ahead: of a machine the load.</summary>
    [VectorType(1)]
    public float[] Known { get; set; } = [];

    public bool IsFault { get; set; }

    public static Reading Of(MachineHour hour)
        => new() { Time = hour.Time, Value = hour.Temperature, Known = [hour.Load], IsFault = hour.IsFault };

    /// <summary>The rows of a file, by the names of its columns.</summary>
    /// <exception cref="InvalidDataException">The file is not as the names say.</exception>
    public static Reading[] Read(string path, string? time, string value, string? known, string? fault)
    {
        var file = new CsvFile(new MLContext(), path);
        float[] values = file.Numbers(value);
        DateTime[] times = file.Times(time ?? nameof(Time));
        float[][] ahead = Array.ConvertAll(known is null ? [] : CsvLine.Split(known), file.Numbers);
        bool[]? faults = fault is null ? null : file.Flags(fault);
        return [.. values.Select((number, i) => new Reading
        {
            Time = times[i],
            Value = number,
            Known = Array.ConvertAll(ahead, column => column[i]),
            IsFault = faults?[i] ?? false,
        })];
    }

    /// <summary>
    /// The columns of rows like this one. How many columns of a file become a vector is not known before the program runs.
    /// </summary>
    public static SchemaDefinition Schema(Reading row)
    {
        var schema = SchemaDefinition.Create(typeof(Reading));
        if (row.Known.Length > 0)
            schema[nameof(Known)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, row.Known.Length);
        return schema;
    }
}

/// <summary>The output of the detector for a row.</summary>
internal sealed class Verdict
{
    /// <summary>Alert, score, p-value, expected value, upper and lower bound.</summary>
    public double[] Anomaly { get; set; } = [];

    public bool IsAlert() => Anomaly[0] == 1;

    /// <summary>The larger, the stranger: how rarely a row without a fault is so far from what is expected.</summary>
    public double Strangeness() => -Anomaly[2];

    public double Expected() => Anomaly[3];

    public float Upper() => (float)Anomaly[4];

    public float Lower() => (float)Anomaly[5];
}
