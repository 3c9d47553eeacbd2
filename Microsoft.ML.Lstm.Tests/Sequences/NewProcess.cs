using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Another process that knows nothing but ML.NET, see LoadProbe.</summary>
internal static class NewProcess
{
    private static readonly JsonSerializerOptions Json = new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>What the rows have in each of the columns once a saved model is loaded there.</summary>
    /// <param name="save">Saves the model to a path.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The columns.</param>
    public static string[][][] Score(Action<string> save, Example[] rows, params string[] columns)
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            string model = Path.Combine(folder, "model.zip"), data = Path.Combine(folder, "rows.json");
            save(model);
            File.WriteAllText(data, JsonSerializer.Serialize(rows, Json));
            return Run(model, data, columns);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[][][] Run(string model, string data, string[] columns)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (!Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.FileName = "dotnet";
        foreach (string argument in (string[])["exec", Path.Combine(AppContext.BaseDirectory, "LoadProbe.dll"), model, data, .. columns])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, errors.Result);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<string[][]>(line)!)];
    }
}
