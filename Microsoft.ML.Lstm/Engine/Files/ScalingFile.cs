using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The scalers of a <see cref="SequenceModel"/> as one safetensors stream, for files that have its weights elsewhere.</summary>
/// <remarks>The tensors are those of <see cref="ModelFile"/>.</remarks>
internal static class ScalingFile
{
    private const string Format = "Microsoft.ML.Lstm.Scaling";
    private const string What = "LSTM scaling";

    public static void Write(Stream stream, SequenceModel model)
    {
        var metadata = new Dictionary<string, string> { [FileVersion.FormatKey] = Format, [FileVersion.Key] = FileVersion.Current };
        new SafeTensors(metadata, [.. NamedTensors.Of(model)]).Write(stream);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="stream">The stream, to its end.</param>
    /// <param name="shape">The shape of the network.</param>
    /// <exception cref="InvalidDataException">The stream is damaged, or does not belong to such a network.</exception>
    public static ModelScalers Read(Stream stream, NetworkShape shape)
    {
        var content = SafeTensors.Read(stream, header => FileVersion.Check(header, Format, FileVersion.Key));
        var tensors = new NamedTensors(content.Tensors, What);
        ModelScalers scalers = tensors.TakeScalers(shape);
        tensors.RequireNone("the network");
        return scalers;
    }
}
