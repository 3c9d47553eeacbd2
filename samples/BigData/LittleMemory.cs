using System.Diagnostics;
using System.Globalization;

namespace BigData;

/// <summary>This program once more, as processes whose heaps can't grow beyond a limit.</summary>
internal static class LittleMemory
{
    private const string Mpirun = "mpirun";

    /// <summary>Whether Open MPI's program is there, which starts several processes that train together.</summary>
    public static bool HasMpirun => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, Mpirun)));

    /// <param name="megabytes">The limit of each process.</param>
    /// <param name="ranks">The processes; more than one are started by mpirun.</param>
    /// <param name="arguments">Their arguments.</param>
    /// <exception cref="InvalidDataException">Something was wrong with the file; the process has said what.</exception>
    public static void Run(int megabytes, int ranks, string[] arguments)
    {
        string[] program = ["dotnet", Environment.GetCommandLineArgs()[0], .. arguments];
        // As many as asked for, also where there are fewer processors; each may use any of them.
        string[] command = ranks == 1 ? program : [Mpirun, "-n", $"{ranks}", "--oversubscribe", "--bind-to", "none", .. program];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true };
        // In a container one is root, which Open MPI takes for a mistake; and it gives each process a terminal.
        foreach (string name in (string[])["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"])
            start.Environment[name] = "1";
        start.Environment["TERM"] = "dumb";
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
