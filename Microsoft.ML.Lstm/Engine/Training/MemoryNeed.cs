using System.Globalization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// Estimates the memory that a training takes, so that a network which this machine can't train is refused before anything is computed.
/// </summary>
internal static class MemoryNeed
{
    // The weights, the best weights and the gradient; of all but embeddings also what is packed for the kernels, weights and gradients.
    private const int CopiesOfWeights = 3;
    private const int PackedCopies = 3;

    private const double Gigabyte = 1e9;

    /// <summary>Throws when a network can't be trained on this machine.</summary>
    /// <param name="shape">The network.</param>
    /// <param name="settings">Its training.</param>
    /// <param name="lengths">The lengths of the sequences; empty where they are not known.</param>
    /// <param name="available">The bytes of memory that are available.</param>
    /// <exception cref="InvalidOperationException">It needs more memory than there is, or an array longer than arrays can be.</exception>
    public static void Check(NetworkShape shape, TrainingSettings settings, IEnumerable<int> lengths, long available)
    {
        long count = shape.ParameterCount;
        IEnumerable<string> tables = shape.Embeddings.Select(table => $"{table.Vocabulary} tokens of EmbeddingSize {table.Size}");
        string sizes = $"HiddenSize {settings.HiddenSize}, NumberOfLayers {settings.NumberOfLayers}"
            + (shape.Embeddings.Count > 0 ? $", {string.Join(" and ", tables)}" : "")
            + $", {shape.NumericSize} features a step, {shape.OutputSize} outputs";
        if (count > NetworkShape.MaxParameters)
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"it would have {count:N0} parameters, and at most {NetworkShape.MaxParameters:N0} are possible ({sizes})"));

        long embeddings = shape.TiesHead ? 0 : shape.Embeddings.Sum(table => table.Length);
        double weights = sizeof(float)
            * ((double)count * (CopiesOfWeights + settings.Optimizer.Moments) + (double)(count - embeddings) * PackedCopies);
        int batchSize = settings.BatchSize;
        string remedy = $"(BatchSize {batchSize}, HiddenSize {settings.HiddenSize}; "
            + "MaximumSequenceLength or WindowSize make sequences shorter)";
        // The longest sequences, all in one batch: a batch holds sequences of about the same length.
        long steps = lengths.OrderDescending().Take(batchSize).Sum(length => (long)length);
        long largest = Math.Max(Math.Max(shape.InputSize, (long)shape.CellDescription.Gates * shape.HiddenSize),
            Math.Max(shape.LayerSize, shape.Head.IsPerStep ? shape.HeadOutputSize : 0));
        for (int i = 0; i < shape.InputConvolutions.Count; i++)
            largest = Math.Max(largest, Math.Max(shape.InputConvolutions[i].Filters,
                (long)shape.InputConvolutions[i].KernelSize * shape.InputConvolutionInputSize(i)));
        largest = shape.Convolutions.Aggregate(largest, (most, convolution) => Math.Max(most, convolution.Filters));
        if (steps * largest > Array.MaxLength)
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"a batch of the longest sequences has {steps:N0} steps of {largest:N0} numbers each, and at most {Array.MaxLength:N0} are "
                + $"possible {remedy}"));
        double activations = sizeof(float) * (double)steps * FloatsOfStep(shape);
        if (weights + activations <= available)
            return;
        string share = string.Create(CultureInfo.InvariantCulture,
            $"it takes about {(weights + activations) / Gigabyte:0.#} GB, and {available / Gigabyte:0.#} GB are there");
        if (weights > activations)
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"{share}; {weights / Gigabyte:0.#} GB are for its {count:N0} parameters ({sizes})"));
        throw Refuse(string.Create(CultureInfo.InvariantCulture,
            $"{share}; {activations / Gigabyte:0.#} GB are for a batch of the longest sequences, which has {steps:N0} steps {remedy}"));
    }

    /// <summary>Floats that a step of a training batch takes.</summary>
    private static long FloatsOfStep(NetworkShape shape)
    {
        // Gates, h, c and the gradient of h of each direction; the input as it is staged, packed and differentiated.
        // Of a convolution its output before and behind the normalization, and its gradient.
        long floats = (long)shape.Layers * shape.LayerSize * (shape.CellDescription.Gates + 3) + 3L * shape.InputSize
            + 3L * shape.Convolutions.Sum(convolution => (long)convolution.Filters)
            + 2L * shape.InputConvolutions.Select((convolution, i)
                => convolution.Filters + (long)convolution.KernelSize * shape.InputConvolutionInputSize(i)).Sum()
            + (shape.Head.IsPerStep ? 2L * shape.HeadInputSize + shape.HeadOutputSize : 0);
        return floats + (shape.Decoder is { } decoder ? FloatsOfStep(decoder) : 0);
    }

    private static InvalidOperationException Refuse(string why) => new($"The network can't be trained on this machine: {why}.");
}
