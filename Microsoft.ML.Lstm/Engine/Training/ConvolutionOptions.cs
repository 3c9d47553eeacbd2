using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Convolutions over the steps that stand beside the recurrent layers, one on top of the other, each with batch normalization and a
/// rectifier; the mean of the last one's outputs over the steps becomes a part of the encoding (with a label for each step, the outputs of
/// a step of that step's encoding). Alone they are a fully convolutional network (Wang, Yan and Oates 2017), with the recurrent layers an
/// LSTM-FCN (Karim et al. 2018), which tells curves apart by the shapes that occur in them. Beyond the ends of a sequence they see zeros,
/// so a sequence may be shorter than a filter.
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

    /// <summary>Says that there are no convolutions, whatever the data.</summary>
    public static ConvolutionOptions Off() => new() { Filters = [], KernelSizes = [] };

    /// <summary>The options of these convolutions.</summary>
    internal static ConvolutionOptions Of(ValueList<ConvolutionShape> shapes) => new()
    {
        Filters = [.. shapes.Select(convolution => convolution.Filters)],
        KernelSizes = [.. shapes.Select(convolution => convolution.KernelSize)],
    };

    /// <summary>The filters and their sizes in words.</summary>
    public override string ToString()
        => Filters.Length == 0 ? "none" : string.Join(", ", Filters.Zip(KernelSizes, (filters, size) => $"{filters} of {size} steps"));

    internal ValueList<ConvolutionShape> ToShapes()
        => new([.. Filters.Zip(KernelSizes, (filters, size) => new ConvolutionShape(filters, size))]);

    internal ConvolutionOptions Copy() => new() { Filters = [.. Filters], KernelSizes = [.. KernelSizes] };
}
