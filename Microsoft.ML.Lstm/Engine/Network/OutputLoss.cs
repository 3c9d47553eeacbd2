using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>The loss of a network's outputs, which starts the backward pass with its gradient.</summary>
internal abstract class OutputLoss
{
    /// <summary>
    /// Replaces a row of outputs by the gradient of the loss with respect to them. Each row of a batch comes once, on any thread: the row
    /// of a sequence or, with a head per step, a packed row.
    /// </summary>
    public abstract void Differentiate(int row, Span<float> outputs);

    /// <summary>
    /// The class of a row of outputs, from 0, which an adaptive softmax asks for before it computes any of them; negative for a row without
    /// one, or of weight 0. To be overridden by losses of classes.
    /// </summary>
    public virtual int ClassOf(int row) => throw new NotSupportedException("This loss is not one of classes.");

    /// <summary>
    /// Adds −ln softmax(<paramref name="outputs"/>)[<paramref name="index"/>] to the loss of a row and replaces the outputs by its
    /// gradient. With an adaptive softmax a row comes for the head and then, if its class is in a tail, for the tail, on the same thread.
    /// What only measures leaves what it likes in the outputs.
    /// </summary>
    public virtual void DifferentiateCluster(int row, Span<float> outputs, int index)
        => throw new NotSupportedException("This loss is not one of classes.");

    /// <summary>
    /// Replaces all rows of outputs of the sequence in row <paramref name="row"/> of the batch by their gradient; to be overridden where
    /// the gradient of a step depends on the outputs of other steps.
    /// </summary>
    public virtual void Differentiate(SequenceBatch batch, int row, OutputRows outputs)
    {
        if (!outputs.AreSteps)
        {
            Differentiate(row, outputs[row]);
            return;
        }
        for (int t = 0; t < batch.Length(row); t++)
        {
            int packedRow = batch.FirstRow(t) + row;
            Differentiate(packedRow, outputs[packedRow]);
        }
    }
}

/// <summary>The outputs of a batch: row i is <paramref name="size"/> floats at <c>first[i·stride]</c>.</summary>
/// <param name="first">The first row.</param>
/// <param name="stride">Floats from one row to the next.</param>
/// <param name="size">O.</param>
/// <param name="areSteps">Whether a row belongs to a packed step rather than to a sequence.</param>
internal readonly unsafe struct OutputRows(float* first, int stride, int size, bool areSteps)
{
    private readonly float* _first = first;
    private readonly int _stride = stride;
    private readonly int _size = size;

    public bool AreSteps { get; } = areSteps;

    public Span<float> this[int row] => new(_first + (long)row * _stride, _size);
}
