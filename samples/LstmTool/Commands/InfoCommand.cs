using System.CommandLine;
using System.Globalization;
using LstmTool.Keras;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Commands;

/// <summary>What is in a model file.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("FILE")
        {
            Description = "A model.zip, an ONNX file, a .safetensors file or checkpoint, a .pt or .pth of PyTorch, or a file of Keras.",
        };
        var command = new Command("info", "Says what is in a file: columns, networks, and how they were trained.") { file };
        command.SetAction(parsed => Cli.Guard(() => Print(parsed.GetValue(file)!, Console.Out)));
        return command;
    }

    private static void Print(FileInfo file, TextWriter output)
    {
        if (!file.Exists)
            throw new FileNotFoundException($"There is no file {file.FullName}.");
        output.WriteLine($"{file.FullName}, {Size(file.Length)}");
        switch (file.Extension.ToLowerInvariant())
        {
            case ".zip":
                PrintPipeline(file, output);
                break;
            case ".onnx":
                PrintNetwork(SequenceModelParameters.LoadOnnx(file.FullName), "", output);
                break;
            case var _ when KerasFile.Is(file.FullName):
                KerasNetwork keras = KerasFile.Load(file.FullName);
                PrintNetwork(keras.Network, "", output);
                PrintNames(keras.Names, output);
                foreach (string note in keras.Notes)
                    output.WriteLine($"  {note}");
                break;
            default:
                SequenceModelParameters network = SequenceModelParameters.LoadPyTorch(file.FullName);
                PrintNetwork(network, "", output);
                PrintNames(network.TensorNames, output);
                break;
        }
    }

    private static void PrintNames(IReadOnlyDictionary<string, string> names, TextWriter output)
    {
        foreach ((string weight, string tensors) in names)
            output.WriteLine($"  {weight} = {(tensors == "" ? "none" : tensors)}");
    }

    private static void PrintPipeline(FileInfo file, TextWriter output)
    {
        ITransformer model = new MLContext(1).Model.Load(file.FullName, out DataViewSchema inputs);
        output.WriteLine("Reads");
        foreach (DataViewSchema.Column column in inputs.Where(column => !column.IsHidden))
            output.WriteLine($"  {column.Name}: {column.Type}");
        output.WriteLine("Steps");
        foreach (ITransformer step in StepsOf(model))
        {
            output.WriteLine($"  {step.GetType().Name}");
            switch (step)
            {
                case SequencePredictionTransformer sequences:
                    PrintNetwork(sequences.Model, "    ", output);
                    PrintReport(sequences.TrainingReport, output);
                    break;
                case SeriesTransformer series:
                    if (series is LstmForecastingTransformer forecaster)
                        output.WriteLine($"    {forecaster.Horizon} steps ahead, {forecaster.SeriesNames.Count} series");
                    PrintReport(series.TrainingReport, output);
                    break;
                default:
                    break;
            }
        }
        output.WriteLine("Adds");
        foreach (DataViewSchema.Column column in model.GetOutputSchema(inputs).Where(column => !column.IsHidden).Skip(inputs.Count))
            output.WriteLine($"  {column.Name}: {column.Type}");
    }

    /// <summary>The transformers of a chain, and of chains in it.</summary>
    public static IEnumerable<ITransformer> StepsOf(ITransformer model)
        => model is IEnumerable<ITransformer> chain ? chain.SelectMany(StepsOf) : [model];

    private static void PrintNetwork(SequenceModelParameters network, string indent, TextWriter output)
    {
        long weights = network.Weights.Values.Sum(values => (long)values.Length);
        string direction = network.Bidirectional ? " in both directions" : "";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{indent}{network.CellType}, {network.NumberOfLayers} × "
            + $"{network.HiddenSize} units{direction}, {network.FeaturesPerStep} numbers a step, {network.OutputCount} outputs, "
            + $"{weights:N0} weights"));
        if (network.VocabularySizes.Count > 0)
            output.WriteLine($"{indent}tokens: {string.Join(", ", network.VocabularySizes)} keys");
        if (network.Members.Count > 1)
            output.WriteLine($"{indent}the mean of {network.Members.Count} networks");
    }

    private static void PrintReport(TrainingReport? report, TextWriter output)
    {
        if (report is null)
            return;
        output.WriteLine($"    seed {report.Seed}, epoch {report.KeptEpoch} kept of {report.NumberOfEpochs}"
            + (report.EndReason is { } reason ? $" ({reason})" : ""));
        if (report.Metric is not null && report.Error is { } error)
        {
            IEnumerable<BaselineError> all = report.Baselines.Prepend(new BaselineError(TrainingReport.Network, error));
            output.WriteLine($"    {report.Metric} on rows held out: "
                + string.Join(", ", all.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Name} {one.Error:G4}")))
                + $"; the best is {report.Winner}");
        }
        foreach (OptionChoice choice in report.Choices)
            output.WriteLine($"    {choice.Option} = {choice.Value}: {choice.Reason}");
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture,
        $"{(bytes < 1 << 20 ? bytes / 1024.0 : bytes / 1048576.0):0.#} {(bytes < 1 << 20 ? "KB" : "MB")}");
}
