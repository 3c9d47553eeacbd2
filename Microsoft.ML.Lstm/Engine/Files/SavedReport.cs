namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The JSON of a <see cref="TrainingReport"/>, <c>Report.json</c>.</summary>
internal static class SavedReport
{
    public static byte[] ToJson(TrainingReport report)
        => SavedJson.Write(report, SavedJsonContext.Default.TrainingReport, indented: false);

    /// <exception cref="InvalidDataException">It is not the JSON of a report.</exception>
    public static TrainingReport FromJson(ReadOnlySpan<byte> json)
    {
        TrainingReport report = SavedJson.Read(json, SavedJsonContext.Default.TrainingReport, "The training report of a saved LSTM model");
        Check(report);
        foreach (TrainingReport? member in report.Members)
        {
            Check(member);
            if (member.Members.Count > 0)
                throw Invalid("members without members of their own", "some");
        }
        return report;
    }

    private static void Check(TrainingReport? report)
    {
        if (report is null)
            throw Invalid("reports as members", "null");
        if (report.NumberOfEpochs < 0 || report.KeptEpoch < 0 || report.KeptEpoch > report.NumberOfEpochs)
            throw Invalid("a kept epoch from 0 to the number of epochs", $"{report.KeptEpoch} of {report.NumberOfEpochs}");
        int last = 0;
        foreach (ReportedEpoch? epoch in report.Epochs)
        {
            if (epoch is null || epoch.Epoch <= last || epoch.Epoch > report.NumberOfEpochs)
                throw Invalid($"epochs in order, from 1 to {report.NumberOfEpochs}", epoch is null ? "null" : $"{epoch.Epoch}");
            last = epoch.Epoch;
        }
        if (report.Choices.Any(choice => choice is null or { Option: "" }))
            throw Invalid("names of options", "none");
        if (report.Baselines.Any(baseline => baseline is null or { Name: "" }))
            throw Invalid("names of baselines", "none");
    }

    private static InvalidDataException Invalid(string expected, string found)
        => new($"The training report of a saved LSTM model can't be read: expected {expected}, found {found}.");
}
