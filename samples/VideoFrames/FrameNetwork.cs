using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace VideoFrames;

/// <summary>An ONNX network that makes features of a frame, such as the body of a network that was trained on pictures.</summary>
internal sealed class FrameNetwork : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _input;
    private readonly int[] _shape;

    /// <exception cref="InvalidDataException">It does not read as many numbers as a frame has.</exception>
    public FrameNetwork(string path, int pixels)
    {
        _session = new InferenceSession(path);
        (_input, NodeMetadata input) = _session.InputMetadata.First();
        // Free dimensions, such as the batch, are 1 here: a frame at a time.
        _shape = [.. input.Dimensions.Select(size => Math.Max(1, size))];
        int expected = _shape.Aggregate(1, (product, size) => product * size);
        if (expected != pixels || input.ElementType != typeof(float))
            throw new InvalidDataException($"{path} reads {expected} values of type {input.ElementType} ({string.Join(" x ", _shape)}); "
                + $"a frame has {pixels} numbers.");
    }

    public float[] Features(float[] pixels)
    {
        using var outputs = _session.Run([NamedOnnxValue.CreateFromTensor(_input, new DenseTensor<float>(pixels, _shape))]);
        return [.. outputs[0].AsEnumerable<float>()];
    }

    /// <summary>Makes such a network of the frames themselves: their principal components.</summary>
    public static void Write(MLContext ml, IEnumerable<float[]> frames, int pixels, int components, string path)
    {
        // A file of ML.NET's has an input for each column, so there is one column.
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Still));
        schema[nameof(Still.Pixels)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, pixels);
        IDataView rows = ml.Data.LoadFromEnumerable(frames.Select(frame => new Still { Pixels = frame }), schema);
        ITransformer model = ml.Transforms.ProjectToPrincipalComponents("Features", nameof(Still.Pixels), rank: components, seed: 1)
            .Fit(rows);
        using FileStream file = File.Create(path);
        ml.Model.ConvertToOnnx(model, rows, file, "Features");
    }

    public void Dispose() => _session.Dispose();

    private sealed class Still
    {
        public float[] Pixels { get; set; } = [];
    }
}
