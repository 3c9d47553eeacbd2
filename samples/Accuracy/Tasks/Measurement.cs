using System.Globalization;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>What a run of a task measured.</summary>
/// <param name="Figure">The figure.</param>
/// <param name="Note">Remarks.</param>
internal sealed record Measurement(double Figure, string Note = "")
{
    /// <summary>The figures of simple methods in place of the network.</summary>
    public IReadOnlyList<Bar> Bars { get; init; } = [];

    /// <summary>By how many standard errors a simple method, by its bar, is better; null where that is not known.</summary>
    public Func<Bar, double>? StandardErrorsBehind { get; init; }

    /// <summary>How the network was trained; null where the trainer does not say.</summary>
    public TrainingReport? Report { get; init; }

    /// <summary>How long training went on, in words; empty where there is no report.</summary>
    public string Course => Report is null ? "" : string.Join("; ", (Report.Members.Count > 0 ? Report.Members : [Report])
        .Select(one => string.Create(CultureInfo.InvariantCulture, $"kept epoch {one.KeptEpoch} of {one.Epochs.Count}")));

    /// <summary>What the trainer chose, in words.</summary>
    public string Choices => Report is null ? "" : string.Join(", ", Report.Choices.Select(choice =>
        $"{choice.Option} {choice.Value} ({choice.Reason})"));

    public static implicit operator Measurement(double figure) => new(figure);
}
