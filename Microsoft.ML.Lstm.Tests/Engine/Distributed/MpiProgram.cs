using System.Diagnostics;

namespace Microsoft.ML.Lstm.Tests.Engine.Distributed;

/// <summary>A program of several ranks; the test is left out where there is no <c>mpirun</c>.</summary>
internal static class MpiProgram
{
    // For mpirun to end all ranks, and more than a training takes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Starts the ranks.</summary>
    /// <param name="size">How many there are.</param>
    /// <param name="program">The name of the program's file.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Process Start(int size, string program, params string[] arguments)
    {
        ProcessStartInfo start = new("mpirun") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["--oversubscribe", "--bind-to", "none", "-n", $"{size}", "dotnet", "exec",
            Path.Combine(AppContext.BaseDirectory, program), .. arguments])
            start.ArgumentList.Add(argument);
        // Open MPI refuses root otherwise, whom containers run as.
        (start.Environment["OMPI_ALLOW_RUN_AS_ROOT"], start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]) = ("1", "1");
        // mpirun gives each rank a terminal of its own, which would get control characters.
        start.Environment["TERM"] = "dumb";
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Inconclusive("There is no mpirun on the PATH (Debian's packages openmpi-bin and libopenmpi3).");
            throw;
        }
    }

    /// <summary>The lines that the ranks print, to either stream.</summary>
    /// <param name="mpirun">What has started them.</param>
    /// <param name="exitCode">What it ends with.</param>
    public static string[] LinesOf(Process mpirun, out int exitCode)
    {
        Task<string> errors = mpirun.StandardError.ReadToEndAsync(), output = mpirun.StandardOutput.ReadToEndAsync();
        bool hasEnded = mpirun.WaitForExit(Patience);
        if (!hasEnded)
            mpirun.Kill(entireProcessTree: true);
        Assert.IsTrue(hasEnded, $"The ranks have not ended: {errors.Result}");
        exitCode = mpirun.ExitCode;
        return [.. (output.Result + errors.Result).Split('\n', StringSplitOptions.TrimEntries)];
    }
}
