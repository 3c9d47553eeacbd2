using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;

namespace AirlinePassengers;

/// <summary>
/// A program that only consumes the model: ML.NET's own calls, without any mention of the LSTM or its assembly.
/// </summary>
internal static class SecondProcess
{
    /// <summary>Loads a model and prints its forecast of the month after the series.</summary>
    public static void PrintNextForecast(string modelPath)
    {
        var ml = new MLContext();
        ITransformer model = ml.Model.Load(modelPath, out _);
        IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(Growth.Rows()));
        GrowthForecast last = ml.Data.CreateEnumerable<GrowthForecast>(scored, reuseRowObject: false).Last();
        Console.WriteLine($"{last.NextPassengers():R} thousand passengers in {Series.Name(last.Month + 1)}");
    }

    /// <summary>Starts this program again to print that forecast.</summary>
    /// <returns>The passengers that the second process printed.</returns>
    public static double AskForNextForecast(string modelPath)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        // Under "dotnet run" and "dotnet program.dll" the process is dotnet, and the program is its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        start.ArgumentList.Add(Arguments.LoadCommand);
        start.ArgumentList.Add(modelPath);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The second process could not load {modelPath}: exit code {process.ExitCode}.");
        return double.Parse(output.Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
