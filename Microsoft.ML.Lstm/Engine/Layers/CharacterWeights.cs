using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The weights of the convolution over the characters of words, packed: W [F x E x K] for F filters, embeddings of E features and a kernel
/// of K characters.
/// </summary>
/// <remarks>
/// What character c adds to a window whose k-th character it is, W_k·e_c, is the same in all words. So all K·F of these products are
/// computed once for each character of a batch, by a dense layer, and a window is a sum of K rows of F numbers. Each k begins at a whole
/// vector.
/// </remarks>
internal sealed class CharacterWeights
{
    private readonly int[]? _rowOfKey;

    /// <param name="parameters">The network's parameters.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run.</param>
    public CharacterWeights(ParameterSet parameters, CpuKernels kernels, bool backward)
    {
        Shape = parameters.Shape.Characters!.Value;
        int size = Shape.Table.Size, width = Shape.KernelSize;
        FilterStride = kernels.RoundUp(Shape.Filters);
        int[] inputs = [.. Enumerable.Range(0, size).Select(element => element * width)];
        int[] outputs =
        [
            .. from k in Enumerable.Range(0, width)
               from filter in Enumerable.Range(0, FilterStride)
               select filter < Shape.Filters ? filter * size * width + k : -1,
        ];
        Products = new DenseLayer(parameters.Find(ParameterSet.CharacterWeight), bias: null, kernels, backward, inputs, outputs);
        if (Shape.Table.Keys is not { } keys)
            return;
        _rowOfKey = new int[keys.KeyCount + 1];
        int row = 0;
        foreach (int key in keys.Keys)
            _rowOfKey[key] = ++row;
    }

    public CharacterShape Shape { get; }

    /// <summary>Floats from the products of one k to those of the next, and of a row of features.</summary>
    public int FilterStride { get; }

    /// <summary>From the embedding of a character to its K·F products.</summary>
    public DenseLayer Products { get; }

    /// <summary>The row of the table for the boundary.</summary>
    public int Boundary => Shape.Table.Vocabulary;

    /// <summary>The row of the table for a character, by its key.</summary>
    public int RowOf(int key) => _rowOfKey is null ? key : _rowOfKey[key];
}
