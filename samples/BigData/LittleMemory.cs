using System.Diagnostics;
using System.Globalization;

namespace BigData;

/// <summary>This program once more, as a process whose heap can't grow beyond a limit.</summary>
internal static class LittleMemory
{
    /// <exception cref="InvalidDataException">Something was wrong with the file; the process has said what.</exception>
    public static void Run(int megabytes, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Environment.GetCommandLineArgs()[0], .. arguments]) { RedirectStandardError = true };
        // In hexadecimal; a service would have System.GC.HeapHardLimit in its runtimeconfig.json. Beyond it is an OutOfMemoryException.
        start.Environment["DOTNET_GCHeapHardLimit"] = (megabytes * 1024L * 1024).ToString("X", CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidDataException(errors);
        if (errors.Length > 0)
            Console.Error.WriteLine(errors);
    }
}
