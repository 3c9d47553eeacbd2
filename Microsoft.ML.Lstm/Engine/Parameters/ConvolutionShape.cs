namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The shape of a convolution over the steps of a sequence, with batch normalization and a rectifier behind it. Each step of the input has
/// one of the output, which reads <paramref name="KernelSize"/> steps around it; beyond the ends of a sequence they are zero.
/// </summary>
/// <param name="Filters">The channels of the output.</param>
/// <param name="KernelSize">K: the steps that an output reads.</param>
internal readonly record struct ConvolutionShape(int Filters, int KernelSize)
{
    /// <summary>The parameters beside the filters, a vector each: γ, β, the running mean and the running variance.</summary>
    public const int Vectors = 4;

    /// <summary>Steps before the output's own that it reads, as PyTorch's padding 'same' has it: one more follow where K is even.</summary>
    public int StepsBefore => (KernelSize - 1) / 2;

    /// <summary>Steps behind the output's own that it reads.</summary>
    public int StepsBehind => KernelSize - 1 - StepsBefore;

    public override string ToString() => $"{Filters} of {KernelSize} steps";
}

/// <summary>
/// The shape of a convolution in front of the recurrent layers, with a rectifier behind it: of T steps it makes ⌈T/S⌉, each of which
/// reads <paramref name="KernelSize"/> steps around one of every S; beyond the ends of a sequence they are zero.
/// </summary>
/// <param name="Filters">The channels of the output.</param>
/// <param name="KernelSize">K: the steps that an output reads.</param>
/// <param name="Stride">S: steps from one output to the next.</param>
internal readonly record struct InputConvolutionShape(int Filters, int KernelSize, int Stride)
{
    /// <summary>
    /// Steps before the output's own, f·S, that it reads, so that with an odd K it is PyTorch's Conv1d with the padding (K − 1)/2.
    /// </summary>
    public int StepsBefore => (KernelSize - 1) / 2;

    /// <summary>Outputs of a sequence.</summary>
    public int StepsOf(int steps) => (steps + Stride - 1) / Stride;

    public override string ToString() => $"{Filters} of {KernelSize} steps, each {Stride}";
}
