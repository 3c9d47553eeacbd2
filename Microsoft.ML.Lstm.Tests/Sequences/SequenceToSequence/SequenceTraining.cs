using System.Diagnostics;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>What the long trainings of sequence to sequence share.</summary>
internal static class SequenceTraining
{
    /// <summary>Trains, and says after each epoch how good it is.</summary>
    public static LstmSequenceToSequenceTransformer Fit(MLContext ml, TestContext log, LstmSequenceToSequenceTrainer.Options options,
        IDataView training, IDataView validation)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        options.EpochCompleted = epoch => log.WriteLine(
            $"network {epoch.Member}, epoch {epoch.Epoch}, {epoch.Elapsed.TotalMinutes:0.0} min: training {epoch.Training.Loss:0.0000}, "
            + $"validation {epoch.Validation!.Loss:0.0000}, {epoch.Validation.Accuracy:P2} of tokens right");
        LstmSequenceToSequenceTransformer model = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options)
            .Fit(training, validation);
        IReadOnlyList<SequenceModelParameters> networks = model.Model.Members;
        log.WriteLine($"{networks.Count} networks of {networks[0].Weights.Values.Sum(weights => (long)weights.Length):N0} weights, "
            + $"{clock.Elapsed.TotalMinutes:0.0} min, {(Environment.CpuUsage.TotalTime - start).TotalMinutes:0.0} of a processor");
        return model;
    }

    /// <summary>Writes a sequence for each row.</summary>
    public static WrittenRow[] Write(MLContext ml, LstmSequenceToSequenceTransformer model, IDataView rows)
    {
        IDataView scored = model.Transform(rows);
        return [.. ml.Data.CreateEnumerable<WrittenRow>(
            ml.Transforms.Conversion.MapKeyToValue(nameof(WrittenRow.Written), "PredictedLabel").Fit(scored)
                .Transform(scored), reuseRowObject: false)];
    }
}

/// <summary>What was written for a row, with what was read and all that would be right.</summary>
internal sealed class WrittenRow
{
    public string[] Source { get; set; } = [];

    public string[]? Written { get; set; }

    public string[] References { get; set; } = [];

    /// <summary>The row as texts.</summary>
    public WrittenText ToText(Func<string[], string> join) => new() { Text = join(Written ?? []), References = References };
}

/// <summary>A text, with all that would be right.</summary>
internal sealed class WrittenText
{
    public string Text { get; set; } = "";

    public string[] References { get; set; } = [];
}
