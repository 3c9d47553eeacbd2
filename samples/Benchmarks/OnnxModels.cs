using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;

namespace Benchmarks;

/// <summary>The network of a <see cref="Problem"/> in files that ONNX Runtime reads.</summary>
internal static class OnnxModels
{
    /// <summary>What a file of the library's export ends with.</summary>
    public const string Extension = ".onnx";

    /// <summary>What a file of the same network with recurrent weights of 8 bits ends with.</summary>
    public const string QuantizedExtension = ".int8.onnx";

    /// <summary>Writes both files beside <paramref name="path"/>, with its extension replaced.</summary>
    public static void Save(Problem problem, string path)
    {
        using var stream = new MemoryStream();
        TransformerOf(problem).ExportToOnnx(stream);
        File.WriteAllBytes(Path.ChangeExtension(path, Extension), stream.ToArray());
        ModelProto model = ModelProto.Parser.ParseFrom(stream.ToArray());
        Quantize(model);
        File.WriteAllBytes(Path.ChangeExtension(path, QuantizedExtension), model.ToByteArray());
    }

    private static LstmRegressionTransformer TransformerOf(Problem problem)
    {
        NetworkShape network = problem.Shape.Network;
        var model = new SequenceModel(problem.Weights, AffineScaler.Identity(network.NumericSize), AffineScaler.Identity(0),
            AffineScaler.Identity(network.OutputSize));
        return new LstmRegressionTransformer(new MLContext(), new SequenceModelParameters(model), new ScoringColumns
        {
            Features = [new FeatureColumn("Features", [problem.Shape.T, problem.Shape.I], problem.Shape.I, Vocabulary: 0)],
            VectorScore = false,
        });
    }

    /// <summary>
    /// Makes each LSTM one of ONNX Runtime's DynamicQuantizeLSTM: weights of 8 bits with a scale for each row of W and R, and a step's
    /// values rounded to 8 bits when it comes.
    /// </summary>
    private static void Quantize(ModelProto model)
    {
        const string Domain = "com.microsoft";
        const int W = 1, R = 2, Peepholes = 7;
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Domain, Version = 1 });
        foreach (NodeProto node in model.Graph.Node.Where(node => node.OpType == "LSTM"))
        {
            (node.Domain, node.OpType) = (Domain, "DynamicQuantizeLSTM");
            while (node.Input.Count <= Peepholes)
                node.Input.Add("");
            foreach (int operand in (int[])[W, R])
            {
                TensorProto weights = model.Graph.Initializer.Single(constant => constant.Name == node.Input[operand]);
                TensorProto[] quantized = Quantize(weights);
                model.Graph.Initializer.Remove(weights);
                model.Graph.Initializer.AddRange(quantized);
                node.Input[operand] = quantized[0].Name;
                node.Input.Add(quantized[1].Name);
                node.Input.Add(quantized[2].Name);
            }
        }
    }

    /// <summary>From [D, 4H, I] to whole numbers [D, I, 4H], scales [D, 4H] and zero points [D, 4H].</summary>
    private static TensorProto[] Quantize(TensorProto weights)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(weights.RawData.Span);
        int directions = (int)weights.Dims[0], rows = (int)weights.Dims[1], columns = (int)weights.Dims[2];
        sbyte[] numbers = new sbyte[values.Length];
        float[] scales = new float[directions * rows];
        for (int d = 0; d < directions; d++)
        {
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> weightsOfRow = values.Slice((d * rows + row) * columns, columns);
                float scale = TensorPrimitives.MaxMagnitude(weightsOfRow) is var largest && largest != 0
                    ? Math.Abs(largest) / sbyte.MaxValue
                    : 1;
                scales[d * rows + row] = scale;
                for (int column = 0; column < columns; column++)
                    numbers[(d * columns + column) * rows + row] = (sbyte)MathF.Round(weightsOfRow[column] / scale);
            }
        }
        return
        [
            Tensor("", TensorProto.Types.DataType.Int8, MemoryMarshal.AsBytes<sbyte>(numbers), directions, columns, rows),
            Tensor(".scale", TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes<float>(scales), directions, rows),
            Tensor(".zero", TensorProto.Types.DataType.Int8, new byte[directions * rows], directions, rows),
        ];

        TensorProto Tensor(string suffix, TensorProto.Types.DataType type, ReadOnlySpan<byte> data, params long[] dimensions) => new()
        {
            Name = weights.Name + suffix,
            DataType = (int)type,
            Dims = { dimensions },
            RawData = ByteString.CopyFrom(data),
        };
    }
}
