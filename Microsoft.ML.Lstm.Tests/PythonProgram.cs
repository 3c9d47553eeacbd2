using System.Diagnostics;

namespace Microsoft.ML.Lstm.Tests;

/// <summary>A Python with PyTorch, where there is one.</summary>
internal static class PythonProgram
{
    /// <summary>The interpreter; null where none has torch.</summary>
    public static string? Find()
    {
        foreach (string python in new[] { "python3", "/usr/bin/python3" })
        {
            try
            {
                if (Run(python, "-c", "import torch").Code == 0)
                    return python;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // There is none of that name.
            }
        }
        return null;
    }

    public static (int Code, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
