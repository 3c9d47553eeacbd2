using System.Xml.Linq;
using LstmTool.Tasks;
using Microsoft.ML.Lstm;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>How the training went.</summary>
internal static class TrainingSection
{
    private static readonly TableHead[] EpochHeads = [new("Epoch", true), new("Training loss", true), new("Validation loss", true)];
    private static readonly TableHead[] ErrorHeads = [new("Model"), new("Error", true)];

    public static ReportSection? Of(TrainedTask trained)
    {
        if (trained.Report is not { } report)
            return null;
        // Of several networks, each has its own curve.
        TrainingReport[] members = report.Members.Count > 0 ? [.. report.Members] : [report];
        List<XElement> content = [Html.Paragraph(Course(report, members))];
        if (trained.SavedReport is { } saved && saved != report)
            content.Add(Html.Paragraph($"That is the training that was measured. The saved model's, on {trained.TrainedOn}: "
                + Course(saved, saved.Members.Count > 0 ? [.. saved.Members] : [saved])));
        if (trained.Comparison.Chosen.EndsWith(ForecastingTask.InPlace, StringComparison.Ordinal))
            content.Add(Html.Paragraph($"What forecasts is {trained.Comparison.Chosen}, as it has the least error below."));
        TrainingReport first = members[0];
        if (first.Epochs.Count > 0)
        {
            Chart chart = Curves(first);
            if (chart.HasValues)
                content.Add(Html.Figure("loss", chart, members.Length > 1
                    ? $"The first of {members.Length} networks, whose results are averaged."
                    : "The loss after each epoch; the weights of the epoch that is marked are kept."));
            content.Add(Html.Details("The losses of all epochs", EpochTable(first)));
        }
        if (report is { Metric: { } metric, Baselines.Count: > 0 })
        {
            IEnumerable<(string Name, double Error)> errors = report.Baselines.Select(one => (one.Name, one.Error));
            if (report.Error is { } error)
                errors = errors.Prepend((TrainingReport.Network, error));
            (string Name, double Error)[] all = [.. errors];
            IReadOnlyList<string> shown = Shown.Column([.. all.Select(one => one.Error)]);
            content.Add(Html.Note(report.Error is null
                ? $"No rows were held out of the training to measure the network on; {metric} of each row by the others:"
                : $"{metric} on rows that this training held out of its own:"));
            content.Add(Html.Table(report.Error is null ? "Errors of each row by the others" : "Errors on the rows held out", ErrorHeads,
                all.Zip(shown, (one, number) => Html.Row(ErrorHeads, [one.Name, number]))));
        }
        return new ReportSection("training", "Learning curves", content);
    }

    private static string Course(TrainingReport report, TrainingReport[] members)
    {
        if (members.Length > 1)
            return $"{members.Length} networks were trained one after the other, and their results are averaged.";
        string kept = report.KeptEpoch == 0 ? "" : $" The weights of epoch {report.KeptEpoch} are the model's.";
        string ended = report.EndReason is { } reason ? $" Training ended before its last epoch: {reason.TrimEnd('.')}." : "";
        string most = report.NumberOfEpochs == 1 ? "1 epoch" : $"{report.NumberOfEpochs} epochs";
        return $"{report.Epochs.Count} of at most {most}.{kept}{ended}";
    }

    private static Chart Curves(TrainingReport report)
    {
        Chart chart = new Chart("Loss by epoch") { XLabel = "epoch", YLabel = "loss" }
            .AddLine("training", Ink.Neutral, report.Epochs.Select(epoch => ((double)epoch.Epoch, epoch.TrainingLoss)));
        if (report.Epochs.Any(epoch => epoch.ValidationLoss is not null))
            chart.AddLine("validation", Ink.Accent,
                report.Epochs.Select(epoch => ((double)epoch.Epoch, epoch.ValidationLoss ?? double.NaN)));
        if (report.KeptEpoch >= report.Epochs[0].Epoch && report.KeptEpoch <= report.Epochs[^1].Epoch)
            chart.AddUpright($"kept: epoch {report.KeptEpoch}", report.KeptEpoch);
        return chart;
    }

    private static XElement EpochTable(TrainingReport report)
    {
        // Beyond some hundred rows a table says no more than the curve.
        int every = (report.Epochs.Count + 199) / 200;
        ReportedEpoch[] epochs = [.. report.Epochs.Where((epoch, i) => i % every == 0 || i == report.Epochs.Count - 1)];
        IReadOnlyList<string> training = Shown.Column([.. epochs.Select(epoch => epoch.TrainingLoss)]);
        IReadOnlyList<string> validation = Shown.Column([.. epochs.Select(epoch => epoch.ValidationLoss ?? double.NaN)]);
        return Html.Table("Losses by epoch", EpochHeads, epochs.Index().Select(epoch
            => Html.Row(EpochHeads, [Shown.Count(epoch.Item.Epoch), training[epoch.Index], validation[epoch.Index]])));
    }
}
