using System.Text;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>Writes a network, with its input and output columns, as ONNX.</summary>
/// <param name="transformer">The name of the transformer.</param>
/// <param name="model">The network.</param>
/// <param name="columns">What is saved of its columns.</param>
/// <param name="function">What the score is of the network's outputs.</param>
/// <param name="input">The columns that the network reads.</param>
/// <param name="outputs">The columns that the transformer adds.</param>
internal sealed class SequenceOnnx(string transformer, SequenceModel model, ScoringColumns columns, OutputFunction function,
    SequenceInput input, IReadOnlyList<OutputColumn> outputs)
{
    private const string ColumnsName = "columns", FunctionName = "function";

    /// <summary>Whether a description is that of a transformer of sequences.</summary>
    public static bool Has(ModelDescription description) => description.Has(ColumnsName);

    /// <summary>Reads the network and the columns that the description of a file has.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or the file is that of a forecaster or detector.</exception>
    public static SavedSequenceModel Read(ModelDescription description) => new(description.ReadNetwork(),
        ScoringColumns.FromJson(Encoding.UTF8.GetBytes(description.Text(ColumnsName))));

    /// <summary>Reads what the score is of the network's outputs.</summary>
    /// <exception cref="InvalidDataException">The description has no such function.</exception>
    public static OutputFunction ReadFunction(ModelDescription description)
        => Enum.TryParse(description.Text(FunctionName), out OutputFunction function) && Enum.IsDefined(function)
            ? function
            : throw new InvalidDataException($"ONNX: expected the name of an output function, found '{FunctionName}' with another text.");

    /// <summary>Writes a file: see <see cref="SequencePredictionTransformer.ExportToOnnx"/>.</summary>
    public void WriteFile(Stream stream)
    {
        if (model.Shape.Head == Head.SequenceToSequence)
            throw new NotSupportedException("A network that writes sequences is an encoder, which runs once, and a decoder, which runs for "
                + "each token: ExportToOnnx(encoder, decoderStep) writes two files.");
        WriteDescribed(WriteTo, stream);
    }

    /// <summary>Writes two files: see <see cref="LstmSequenceToSequenceTransformer.ExportToOnnx"/>.</summary>
    public void WriteFiles(Stream encoder, Stream decoderStep)
    {
        WriteDescribed(WriteEncoderTo, encoder);
        var step = new OnnxFile(transformer);
        WriteStepTo(step);
        // Enough to say what the file is of.
        ModelDescription.WriteTransformer(step, transformer);
        step.Write(decoderStep);
    }

    private void WriteDescribed(Action<OnnxFile> write, Stream stream)
    {
        var file = new OnnxFile(transformer);
        write(file);
        ModelDescription.Write(file, transformer, model, (ColumnsName, Encoding.UTF8.GetString(columns.ToJson())),
            (FunctionName, function.ToString()));
        file.Write(stream);
    }

    /// <summary>Writes the encoder of a network that writes sequences.</summary>
    public void WriteEncoderTo(OnnxFile file) => SequenceToSequenceValues.WriteEncoder(file, model, AddInputs(file));

    /// <summary>Writes the step of its decoder.</summary>
    public void WriteStepTo(OnnxFile file) => SequenceToSequenceValues.WriteStep(file, model, columns.LabelValues?.Values);

    /// <summary>Writes the network into a file.</summary>
    public void WriteTo(OnnxFile file)
    {
        if (model.Shape.Head == Head.NextToken)
        {
            LanguageModelValues.Write(file, model, input.Features[0].Name, columns.LabelValues?.Values);
            return;
        }
        var network = new NetworkValues(file, model, AddInputs(file));
        foreach (OutputColumn output in outputs.Where(output => output.IsInOnnx))
            file.AddOutput(output.Name, output.Write(network));
    }

    private NetworkInputs AddInputs(OnnxFile file)
    {
        var names = input.Features.ToDictionary(feature => feature, feature => file.AddInput(feature.IsTokens
            ? new OnnxValue(feature.Name, TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, OnnxAxis.Time)
            : new OnnxValue(feature.Name, TensorProto.Types.DataType.Float, OnnxAxis.Batch, OnnxAxis.Time, feature.FeaturesPerStep)));
        string? statics = input.StaticFeatureColumnName is { } column
            ? file.AddInput(new OnnxValue(column, TensorProto.Types.DataType.Float, OnnxAxis.Batch, input.StaticSize))
            : null;
        string? words = input.CharacterColumnName is { } texts
            ? file.AddInput(new OnnxValue(texts, TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, OnnxAxis.Time, OnnxAxis.Characters))
            : null;
        return new NetworkInputs(
            [.. input.Features.Where(feature => !feature.IsTokens).Select(feature => names[feature])],
            [.. input.Features.Where(feature => feature.IsTokens).Select(feature => names[feature])],
            statics, file.AddLengths(), words);
    }

    /// <summary>Writes the part of a pipeline that ML.NET's converter asks for.</summary>
    /// <param name="graph">The pipeline's graph.</param>
    /// <param name="values">The names in the graph of the columns that the network reads.</param>
    /// <returns>A function for each output column, which writes it.</returns>
    public IEnumerable<Func<OnnxValue>> WriteTo(ConverterGraph graph, string[] values)
    {
        if (model.Shape.Head == Head.NextToken)
            throw new NotSupportedException("a language model goes from token to token with a state; ExportToOnnx writes it with the state "
                + "as an input and an output");
        if (model.Shape.Head == Head.SequenceToSequence)
            throw new NotSupportedException("a decoder writes token by token; ExportToOnnx(encoder, decoderStep) writes a file for the "
                + "source and one for a step");
        if (input.CharacterColumnName is not null)
            throw new NotSupportedException($"it reads the texts of column '{input.CharacterColumnName}' by their characters, and ONNX has "
                + "no operators for those of texts; ExportToOnnx writes a network that reads the characters' codes");
        var features = input.Features.Zip(values).ToArray();
        var network = new NetworkValues(graph, model, new NetworkInputs(
            // ML.NET's vectors have one axis, or the axes of their type.
            [.. features.Where(pair => !pair.First.IsTokens).Select(pair => graph.Reshape(pair.Second, 0, -1, pair.First.FeaturesPerStep))],
            [.. features.Where(pair => pair.First.IsTokens).Select(pair => graph.KeysOf(pair.Second))],
            values.Length > features.Length ? graph.Reshape(values[^1], 0, -1) : null,
            Lengths: null));
        return outputs.Select(output => new Func<OnnxValue>(() => output.Write(network)));
    }
}
