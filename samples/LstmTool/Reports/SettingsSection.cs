using System.Xml.Linq;
using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>All that is needed to do it again.</summary>
internal static class SettingsSection
{
    private static readonly TableHead[] OptionHeads = [new("Option"), new("Value"), new("Why")];
    private static readonly TableHead[] VersionHeads = [new("Made with"), new("Version")];

    public static ReportSection Of(TrainedTask trained)
    {
        List<XElement> content =
        [
            Html.Paragraph($"The seed is {trained.Seed}: the same rows with the same settings and seed give the same model, bit for bit, "
                + $"on processors with the same vectors. {trained.SavedModel}"),
        ];
        if (trained.Settings.Count > 0)
            content.Add(Html.Table("Options", OptionHeads, trained.Settings.Select(option
                => Html.Row(OptionHeads, [Html.Element("code", option.Option), option.Value, option.Reason]))));
        (string, string)[] versions = [.. Versions.All, ("seed", trained.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        content.Add(Html.Table("Versions and seed", VersionHeads, versions.Select(one => Html.Row(VersionHeads, [one.Item1, one.Item2]))));
        return new ReportSection("settings", "Settings, versions, seed", content);
    }
}
