using System.CommandLine;
using System.IO.Compression;
using LstmTool.Keras;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace LstmTool.Commands;

/// <summary>A model's networks as ONNX or safetensors.</summary>
internal static class ConvertCommand
{
    private const string Onnx = "onnx", Safetensors = "safetensors", PyTorch = "pytorch";

    private const string NoOnnx
        = "ONNX is written of a model.zip; one with the network of such a file is made by ml.Transforms.ApplyLstmModel.";

    public static Command Create()
    {
        var file = new Argument<FileInfo>("FILE")
        {
            Description = "A model.zip; or an ONNX file, a .pt, .pth or .safetensors of PyTorch, or a .keras, .weights.h5 or .h5 of Keras, "
                + "to make safetensors of.",
        };
        var to = new Option<string?>("--to")
        {
            Description = "onnx, safetensors, or pytorch for safetensors with PyTorch's names and two biases; by the ending of --output if "
                + "not given.",
            HelpName = "FORMAT",
        };
        to.AcceptOnlyFromAmong(Onnx, Safetensors, PyTorch);
        var output = new Option<FileInfo?>("--output", "-o")
        {
            Description = "The file to write; beside FILE with the format's ending if not given.",
            HelpName = "FILE",
        };
        var config = new Option<FileInfo?>("--config")
        {
            Description = "For weights of Keras alone, the model's configuration: what model.to_json() writes.",
            HelpName = "FILE",
        };
        var command = new Command("convert", "Writes the network of a model as ONNX or safetensors, also for PyTorch.")
        {
            file, to, output, config,
        };
        command.SetAction(parsed => Cli.Guard(() => Convert(parsed.GetValue(file)!, parsed.GetValue(to), parsed.GetValue(output),
            parsed.GetValue(config))));
        return command;
    }

    private static void Convert(FileInfo file, string? format, FileInfo? output, FileInfo? config)
    {
        if (!file.Exists)
            throw new FileNotFoundException($"There is no file {file.FullName}.");
        if (config is not null && !KerasFile.Is(file.FullName))
            throw new InvalidDataException("--config is for files of Keras.");
        format ??= output?.Extension.ToLowerInvariant() switch
        {
            ".onnx" => Onnx,
            ".safetensors" => Safetensors,
            _ => throw new InvalidDataException("Say what to convert to, with --to onnx, --to safetensors or --to pytorch."),
        };
        string path = output?.FullName ?? Path.ChangeExtension(file.FullName, format == Onnx ? Onnx : Safetensors);
        if (path == file.FullName)
            throw new InvalidDataException($"{path} would be overwritten; give --output.");
        string ending = file.Extension.ToLowerInvariant();
        if (KerasFile.Is(file.FullName))
        {
            if (format == Onnx)
                throw new InvalidDataException(NoOnnx);
            KerasNetwork keras = KerasFile.Load(file.FullName, config?.FullName);
            Print(keras.Names);
            foreach (string note in keras.Notes)
                Console.WriteLine(note);
            Save(keras.Network, format, path);
        }
        else if (ending is ".onnx" or ".pt" or ".pth" or ".safetensors")
        {
            if (format == Onnx)
                throw new InvalidDataException(ending == ".onnx" ? $"{file.FullName} is that format already." : NoOnnx);
            SequenceModelParameters network = ending == ".onnx"
                ? SequenceModelParameters.LoadOnnx(file.FullName)
                : SequenceModelParameters.LoadPyTorch(file.FullName);
            Print(network.TensorNames);
            Save(network, format, path);
        }
        else if (format == PyTorch)
        {
            SequencePredictionTransformer model = InfoCommand.StepsOf(new MLContext(1).Model.Load(file.FullName, out _))
                .OfType<SequencePredictionTransformer>().FirstOrDefault()
                ?? throw new InvalidDataException($"{file.FullName} has no network on sequences in it, which PyTorch can be given.");
            Save(model.Model, format, path);
        }
        else if (format == Onnx)
        {
            ITransformer model = new MLContext(1).Model.Load(file.FullName, out _);
            ITransformer network = InfoCommand.StepsOf(model)
                .FirstOrDefault(step => step is SequencePredictionTransformer or SeriesTransformer)
                ?? throw new InvalidDataException($"{file.FullName} has no network of this package in it.");
            if (network is LstmSequenceToSequenceTransformer writer)
            {
                var step = new MemoryStream();
                Write(Path.ChangeExtension(path, $"encoder.{Onnx}"), stream => writer.ExportToOnnx(stream, step));
                Write(Path.ChangeExtension(path, $"decoder.{Onnx}"), step.WriteTo);
            }
            else
            {
                Write(path, stream => Export(network, stream));
            }
            if (InfoCommand.StepsOf(model).Skip(1).Any())
                Console.WriteLine("The file has the network alone: what the pipeline does before and behind it is not in it.");
        }
        else
        {
            Extract(file, path);
        }
    }

    private static void Print(IReadOnlyDictionary<string, string> names)
    {
        foreach ((string weight, string tensors) in names)
            Console.WriteLine($"{weight} = {(tensors == "" ? "none" : tensors)}");
    }

    private static void Save(SequenceModelParameters network, string format, string path)
    {
        if (format != PyTorch)
        {
            Write(path, stream => network.Save(stream));
            return;
        }
        Write(path, stream => network.SavePyTorch(stream));
        if (network.OutputFunction is not OutputFunction.None and var function)
            Console.WriteLine($"The file has no function in it; {function} is behind the last layer.");
    }

    private static void Export(ITransformer network, Stream stream)
    {
        switch (network)
        {
            case SequencePredictionTransformer sequences:
                sequences.ExportToOnnx(stream);
                break;
            case LstmForecastingTransformer forecaster:
                forecaster.ExportToOnnx(stream);
                break;
            case LstmAnomalyTransformer detector:
                detector.ExportToOnnx(stream);
                break;
            default:
                throw new NotSupportedException($"{network.GetType().Name} can't be written as ONNX.");
        }
    }

    /// <summary>Takes the safetensors files out of a model.zip, as docs/model-file.md describes them.</summary>
    private static void Extract(FileInfo file, string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(file.FullName);
        ZipArchiveEntry[] networks = [.. archive.Entries
            .Where(entry => entry.Name.StartsWith("Model", StringComparison.Ordinal)
                && entry.Name.EndsWith($".{Safetensors}", StringComparison.Ordinal))
            .OrderBy(entry => entry.FullName, StringComparer.Ordinal)];
        if (networks.Length == 0)
            throw new InvalidDataException($"{file.FullName} has no network of this package in it.");
        foreach ((int i, ZipArchiveEntry entry) in networks.Index())
        {
            // Each of several networks has a file.
            Write(i == 0 ? path : Path.ChangeExtension(path, $"{i + 1}.{Safetensors}"), stream =>
            {
                using Stream content = entry.Open();
                content.CopyTo(stream);
            });
        }
    }

    private static void Write(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (FileStream stream = File.Create(temporary))
                write(stream);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        Console.WriteLine($"Written: {path}");
    }
}
