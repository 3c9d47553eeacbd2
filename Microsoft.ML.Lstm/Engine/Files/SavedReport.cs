using System.Text;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The JSON of a <see cref="TrainingReport"/>, <c>Report.json</c>.</summary>
internal static class SavedReport
{
    private const string Beside = "report";

    /// <summary>A network with its report, in the format of model files.</summary>
    public static MemberBytes MemberBytes { get; } = new(Write, Read);

    public static byte[] ToJson(TrainingReport report)
        => SavedJson.Write(report, SavedJsonContext.Default.TrainingReport, indented: false);

    /// <exception cref="InvalidDataException">It is not the JSON of a report.</exception>
    public static TrainingReport FromJson(ReadOnlyMemory<byte> json)
    {
        TrainingReport report = SavedJson.Read(json, report => report.Object(From), "The training report of a saved LSTM model");
        Check(report);
        foreach (TrainingReport member in report.Members)
        {
            Check(member);
            if (member.Members.Count > 0)
                throw Invalid("members without members of their own", "some");
        }
        return report;
    }

    public static TrainingReport From(SavedValue json) => new()
    {
        Seed = json.Find("seed")?.Int32() ?? 0,
        Choices = json.Find("choices")?.Array(choice => choice.Object(ChoiceFrom)) ?? [],
        Epochs = json.Find("epochs")?.Array(epoch => epoch.Object(EpochFrom)) ?? [],
        NumberOfEpochs = json.Find("numberOfEpochs")?.Int32() ?? 0,
        KeptEpoch = json.Find("keptEpoch")?.Int32() ?? 0,
        EndReason = json.Find("endReason")?.Text(),
        Metric = json.Find("metric")?.Text(),
        Error = json.Find("error")?.Double(),
        Baselines = json.Find("baselines")?.Array(baseline => baseline.Object(BaselineFrom)) ?? [],
        Winner = json.Find("winner")?.Text(),
        Members = json.Find("members")?.Array(member => member.Object(From)) ?? [],
    };

    private static OptionChoice ChoiceFrom(SavedValue json)
        => new(json["option"].Text(), json["value"].Text(), json["reason"].Text());

    private static byte[] Write(TrainedMember member)
    {
        using var stream = new MemoryStream();
        ModelFile.Write(stream, member.Model,
            new SafeTensors(new Dictionary<string, string> { [Beside] = Encoding.UTF8.GetString(ToJson(member.Report)) }, []));
        return stream.ToArray();
    }

    private static TrainedMember Read(byte[] bytes)
    {
        SequenceModel model = ModelFile.Read(new MemoryStream(bytes), out SafeTensors beside);
        return new TrainedMember(model, FromJson(Encoding.UTF8.GetBytes(beside.Metadata[Beside])));
    }

    private static ReportedEpoch EpochFrom(SavedValue json) => new(json["epoch"].Int32(), json["trainingLoss"].AnyDouble())
    {
        ValidationLoss = json.Find("validationLoss")?.AnyDouble(),
    };

    private static BaselineError BaselineFrom(SavedValue json) => new(json["name"].Text(), json["error"].AnyDouble())
    {
        Weight = json.Find("weight")?.Double() ?? 0,
    };

    private static void Check(TrainingReport report)
    {
        if (report.NumberOfEpochs < 0 || report.KeptEpoch < 0 || report.KeptEpoch > report.NumberOfEpochs)
            throw Invalid("a kept epoch from 0 to the number of epochs", $"{report.KeptEpoch} of {report.NumberOfEpochs}");
        int last = 0;
        foreach (ReportedEpoch epoch in report.Epochs)
        {
            if (epoch.Epoch <= last || epoch.Epoch > report.NumberOfEpochs)
                throw Invalid($"epochs in order, from 1 to {report.NumberOfEpochs}", $"{epoch.Epoch}");
            last = epoch.Epoch;
        }
        if (report.Choices.Any(choice => choice.Option == ""))
            throw Invalid("names of options", "none");
        if (report.Baselines.Any(baseline => baseline.Name == ""))
            throw Invalid("names of baselines", "none");
    }

    private static InvalidDataException Invalid(string expected, string found)
        => new($"The training report of a saved LSTM model can't be read: expected {expected}, found {found}.");
}
