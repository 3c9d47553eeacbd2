using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace LstmTool.Reports;

/// <summary>What a run was made with.</summary>
internal static class Versions
{
    public static string OfLibrary { get; } = Of(typeof(TrainingReport).Assembly);

    public static IReadOnlyList<(string Name, string Version)> All { get; } =
    [
        ("Microsoft.ML.Lstm", OfLibrary),
        ("Microsoft.ML", Of(typeof(MLContext).Assembly)),
        (".NET", Environment.Version.ToString()),
        ("System", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"),
    ];

    // Without the commit behind a plus sign.
    private static string Of(Assembly assembly)
        => assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? assembly.GetName().Version?.ToString() ?? "";
}
