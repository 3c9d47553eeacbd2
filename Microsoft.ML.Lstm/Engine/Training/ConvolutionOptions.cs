using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Convolutions over the steps that stand beside the recurrent layers, one on top of the other, each with batch normalization and a
/// rectifier; the mean of the last one's outputs over the steps, or the largest of each filter, becomes a part of the encoding (with a
/// label for each step, the outputs of a step of that step's encoding). Alone they are a fully convolutional network (Wang, Yan and Oates
/// 2017), with the recurrent layers an LSTM-FCN (Karim et al. 2018), which tells curves apart by the shapes that occur in them. Beyond the
/// ends of a sequence they see zeros, so a sequence may be shorter than a filter.
/// </summary>
/// <remarks>
/// While training, the normalization goes by the mean and variance of all steps of the batch; in scoring by the running means of these, so
/// a row's score does not depend on the rows beside it.
/// </remarks>
public sealed class ConvolutionOptions
{
    /// <summary>
    /// The filters of each convolution, 1 to 65536 each; at most 64 convolutions, and none for no convolutions. Default: 128, 256, 128.
    /// </summary>
    public int[] Filters = [128, 256, 128];

    /// <summary>The steps that the filters of each convolution read, 1 to 1024 each; as many as <see cref="Filters"/>. Default: 8, 5, 3.
    /// </summary>
    public int[] KernelSizes = [8, 5, 3];

    /// <summary>
    /// What of the outputs of the last convolution over the steps becomes a part of the encoding: <see cref="Pooling.Mean"/> or
    /// <see cref="Pooling.Max"/>, the largest of each filter, which says of a text whether there is a phrase anywhere in it (Kim 2014).
    /// Without effect where each step has outputs. Default: <see cref="Pooling.Mean"/>.
    /// </summary>
    public Pooling Pooling = Pooling.Mean;

    /// <summary>Says that there are no convolutions, whatever the data.</summary>
    public static ConvolutionOptions Off() => new() { Filters = [], KernelSizes = [] };

    /// <summary>The options of a network's convolutions.</summary>
    internal static ConvolutionOptions Of(NetworkShape shape) => new()
    {
        Filters = [.. shape.Convolutions.Select(convolution => convolution.Filters)],
        KernelSizes = [.. shape.Convolutions.Select(convolution => convolution.KernelSize)],
        Pooling = shape.PoolsConvolutionsByMax ? Pooling.Max : Pooling.Mean,
    };

    /// <summary>The filters and their sizes in words.</summary>
    public override string ToString()
        => Filters.Length == 0 ? "none" : string.Join(", ", Filters.Zip(KernelSizes, (filters, size) => $"{filters} of {size} steps"))
            + (Pooling == Pooling.Max ? ", the largest output of each" : "");

    internal ValueList<ConvolutionShape> ToShapes()
        => new([.. Filters.Zip(KernelSizes, (filters, size) => new ConvolutionShape(filters, size))]);

    internal ConvolutionOptions Copy() => new() { Filters = [.. Filters], KernelSizes = [.. KernelSizes], Pooling = Pooling };
}

/// <summary>
/// Convolutions in front of the recurrent layers, one on top of the other, each with a bias and a rectifier, max(0, W·x + b): what the
/// recurrent layers read. With a stride S they have an output for one of every S steps, ⌈T/S⌉ of T in all, so that the recurrent layers
/// take that many times fewer steps, each of which knows its surroundings (Amodei et al. 2016, Deep Speech 2).
/// </summary>
/// <remarks>
/// Output f of a convolution reads K steps from f·S − (K − 1)/2 on; beyond the ends of a sequence they are zero, so a sequence may be
/// shorter than a filter. With an odd K that is PyTorch's <c>Conv1d</c> with <c>padding=(K-1)//2</c>. Filters are drawn as He et al. (2015)
/// say. There is no batch normalization; features are scaled as without convolutions.
/// </remarks>
public sealed class InputConvolutionOptions
{
    /// <summary>
    /// The filters of each convolution, 1 to 65536 each; at most 8 convolutions, and none for no convolutions. Default: 64.
    /// </summary>
    public int[] Filters = [64];

    /// <summary>The steps that the filters of each convolution read, 1 to 1024 each; as many as <see cref="Filters"/>. Default: 5.
    /// </summary>
    public int[] KernelSizes = [5];

    /// <summary>
    /// Steps from one output of a convolution to the next, 1 to 1024 each and at most 1024 multiplied; as many as <see cref="Filters"/>.
    /// Default: 2.
    /// </summary>
    public int[] Strides = [2];

    /// <summary>Says that there are no convolutions, whatever the data.</summary>
    public static InputConvolutionOptions Off() => new() { Filters = [], KernelSizes = [], Strides = [] };

    /// <summary>The options of a network's convolutions in front.</summary>
    internal static InputConvolutionOptions Of(ValueList<InputConvolutionShape> shapes) => new()
    {
        Filters = [.. shapes.Select(convolution => convolution.Filters)],
        KernelSizes = [.. shapes.Select(convolution => convolution.KernelSize)],
        Strides = [.. shapes.Select(convolution => convolution.Stride)],
    };

    /// <summary>The filters, their sizes and strides in words.</summary>
    public override string ToString() => Filters.Length == 0 ? "none" : string.Join(", ", ToShapes());

    internal ValueList<InputConvolutionShape> ToShapes()
        => new([.. Filters.Select((filters, i) => new InputConvolutionShape(filters, KernelSizes[i], Strides[i]))]);

    internal InputConvolutionOptions Copy() => new() { Filters = [.. Filters], KernelSizes = [.. KernelSizes], Strides = [.. Strides] };
}
