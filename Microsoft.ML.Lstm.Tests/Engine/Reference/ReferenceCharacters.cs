using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// The features of words by their characters in plain double arithmetic, one word, one window and one filter at a time:
/// y = tanh(b + maxₚ Σₖ W_k·e(p + k)).
/// </summary>
/// <param name="shape">The dimensions.</param>
/// <param name="parameters">Row-major values by name: for each filter its weights of each embedding's element, one for each k.</param>
/// <param name="gradients">The gradients that <see cref="Backward"/> adds to, likewise.</param>
internal sealed class ReferenceCharacters(CharacterShape shape, IReadOnlyDictionary<string, double[]> parameters,
    IReadOnlyDictionary<string, double[]> gradients)
{
    private int Size => shape.Table.Size;

    /// <summary>The features of a word, by the rows of its characters; 0 for a word without.</summary>
    public double[] Forward(int[] word)
        => [.. Enumerable.Range(0, shape.Filters)
            .Select(filter => word.Length == 0 ? 0 : Math.Tanh(Sum(word, filter, Best(word, filter))))];

    /// <summary>Adds the gradients of a loss from its gradient with respect to the features of a word.</summary>
    public void Backward(int[] word, double[] dFeatures)
    {
        for (int filter = 0; filter < shape.Filters && word.Length > 0; filter++)
        {
            int window = Best(word, filter);
            double y = Math.Tanh(Sum(word, filter, window)), d = dFeatures[filter] * (1 - y * y);
            gradients["characters.bias"][filter] += d;
            for (int k = 0; k < shape.KernelSize; k++)
            {
                int row = RowAt(word, window + k);
                for (int element = 0; element < Size; element++)
                {
                    int weight = WeightAt(filter, element, k);
                    gradients["characters.weight"][weight] += d * Embedding(row, element);
                    gradients["characters.embedding.weight"][row * Size + element] += d * parameters["characters.weight"][weight];
                }
            }
        }
    }

    private int Best(int[] word, int filter)
        => Enumerable.Range(0, word.Length).MaxBy(window => Sum(word, filter, window));

    private double Sum(int[] word, int filter, int window)
    {
        double sum = parameters["characters.bias"][filter];
        for (int k = 0; k < shape.KernelSize; k++)
        {
            for (int element = 0; element < Size; element++)
                sum += parameters["characters.weight"][WeightAt(filter, element, k)] * Embedding(RowAt(word, window + k), element);
        }
        return sum;
    }

    /// <summary>The row of the character at a place, counted from the first boundary before the word.</summary>
    private int RowAt(int[] word, int place)
    {
        int character = place - (shape.KernelSize - 1) / 2;
        return character >= 0 && character < word.Length ? word[character] : shape.Table.Vocabulary;
    }

    private int WeightAt(int filter, int element, int k) => (filter * Size + element) * shape.KernelSize + k;

    private double Embedding(int row, int element) => parameters["characters.embedding.weight"][row * Size + element];
}
