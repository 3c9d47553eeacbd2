using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <content>The convolutions, in particular those in front of the recurrent layers.</content>
internal sealed partial record SavedNetwork
{
    private const string MaxOfSteps = nameof(Lstm.Pooling.Max);

    [JsonPropertyOrder(22)]
    public string? ConvolutionPooling { get; set; }

    [JsonPropertyOrder(21)]
    public SavedInputConvolution[]? InputConvolutions { get; set; }

    private static SavedInputConvolution[]? SaveInputConvolutions(NetworkShape shape) => shape.InputConvolutions.Count == 0 ? null
        : [.. shape.InputConvolutions.Select(each => new SavedInputConvolution(each.Filters, each.KernelSize, each.Stride))];

    private static bool ReadConvolutionPooling(SavedNetwork saved)
        => saved.ConvolutionPooling is null ? false
            : saved is { ConvolutionPooling: MaxOfSteps, Convolutions.Length: > 0 } ? true
            : throw Invalid($"convolutionPooling {MaxOfSteps}, where there are convolutions", saved.ConvolutionPooling);

    private static ValueList<InputConvolutionShape> ReadInputConvolutions(SavedNetwork saved)
    {
        if (saved.InputConvolutions is not { } all)
            return default;
        if (all.Length > NetworkShape.MaxInputConvolutions)
            throw Invalid($"at most {NetworkShape.MaxInputConvolutions} inputConvolutions", $"{all.Length}");
        long steps = 1;
        foreach (SavedInputConvolution convolution in all)
        {
            CheckSize(convolution.Filters, "filters");
            CheckSize(convolution.KernelSize, "kernelSize");
            CheckSize(convolution.Stride, "stride");
            if (Math.Max(convolution.Stride, convolution.KernelSize) > NetworkShape.MaxStepsPerFrame
                || (steps *= convolution.Stride) > NetworkShape.MaxStepsPerFrame)
                throw Invalid($"kernels and strides of at most {NetworkShape.MaxStepsPerFrame} steps in all", "more");
        }
        return new ValueList<InputConvolutionShape>([.. all.Select(each => new InputConvolutionShape(each.Filters, each.KernelSize,
            each.Stride))]);
    }
}

/// <summary>The JSON of a <see cref="ConvolutionShape"/>.</summary>
internal sealed record SavedConvolution(int Filters, int KernelSize)
{
    public static SavedConvolution From(SavedValue json) => new(json["filters"].Int32(), json["kernelSize"].Int32());
}

/// <summary>The JSON of an <see cref="InputConvolutionShape"/>.</summary>
internal sealed record SavedInputConvolution(int Filters, int KernelSize, int Stride)
{
    public static SavedInputConvolution From(SavedValue json)
        => new(json["filters"].Int32(), json["kernelSize"].Int32(), json["stride"].Int32());
}
