using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Another process that knows nothing but ML.NET, see LoadProbe.</summary>
internal static class NewProcess
{
    private const string ModelName = "model.zip";

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
        string output = Run(save, folder => ["LoadProbe.dll", .. SaveRows(rows, folder), .. columns], input: "", out _);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<string[][]>(line)!)];
    }

    /// <summary>The methods that the just-in-time compiler compiles there until rows are scored; those that it compiles anew, better, do
    /// not count.</summary>
    /// <param name="save">Saves the model to a path.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="column">The column to read.</param>
    public static string[] MethodsToScore(Action<string> save, Example[] rows, string column)
    {
        Run(save, folder => ["LoadProbe.dll", .. SaveRows(rows, folder), column], input: "", out string[] methods);
        return methods;
    }

    /// <summary>The same of <see cref="SequencePredictor"/>, in the program of samples/Edge.</summary>
    /// <param name="save">Saves the model to a path.</param>
    /// <param name="row">The numbers of a sequence.</param>
    public static string[] MethodsOfPredictor(Action<string> save, float[] row)
    {
        string numbers = string.Join(',', row.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        Run(save, folder => ["Edge.dll", Path.Combine(folder, ModelName)], numbers + "\n", out string[] methods);
        return methods;
    }

    private static string[] SaveRows(Example[] rows, string folder)
    {
        string data = Path.Combine(folder, "rows.json");
        File.WriteAllText(data, JsonSerializer.Serialize(rows, Json));
        return [Path.Combine(folder, ModelName), data];
    }

    private static string Run(Action<string> save, Func<string, string[]> arguments, string input, out string[] methods)
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            save(Path.Combine(folder, ModelName));
            var start = new ProcessStartInfo(Environment.ProcessPath!)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            if (!Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
                start.FileName = "dotnet";
            string[] all = arguments(folder);
            foreach (string argument in (string[])["exec", Path.Combine(AppContext.BaseDirectory, all[0]), .. all[1..]])
                start.ArgumentList.Add(argument);
            string summary = Path.Combine(folder, "methods.txt");
            start.Environment["DOTNET_JitStdOutFile"] = summary;
            start.Environment["DOTNET_JitDisasmSummary"] = "1";
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, errors.Result);
            methods = [.. File.ReadLines(summary).Where(line => !line.Contains("[Tier1", StringComparison.Ordinal))];
            return output;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
