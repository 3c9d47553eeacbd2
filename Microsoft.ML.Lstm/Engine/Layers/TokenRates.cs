using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The rates at which tokens are dropped, larger for rare ones (Kiperwasser and Goldberg 2016): a token that occurs n times becomes the
/// unknown one with the probability a / (a + n), beside a rate that all tokens have. So the unknown token is learned from tokens such as it
/// stands for in scoring, and of a rare token less is learned by heart.
/// </summary>
internal sealed class TokenRates
{
    // So that a token keeps some rows to be learned from.
    private const double Largest = 0.95;

    private readonly float[][] _rates;

    private TokenRates(float[][] rates) => _rates = rates;

    /// <summary>Counts the tokens of sequences.</summary>
    /// <param name="sequences">The tokens of each sequence, step by step.</param>
    /// <param name="columns">Whole numbers of a step, those of the tables first.</param>
    /// <param name="tables">The tables of embeddings, one a column.</param>
    /// <param name="ofAll">The rate of all tokens.</param>
    /// <param name="rarity">a.</param>
    public static TokenRates Of(IEnumerable<int[]> sequences, int columns, IReadOnlyList<EmbeddingShape> tables, float ofAll, float rarity)
    {
        long[][] counts = [.. tables.Select(table => new long[table.Rows])];
        foreach (int[] tokens in sequences)
        {
            for (int i = 0; i < tokens.Length; i++)
            {
                if (i % columns < counts.Length)
                    counts[i % columns][tokens[i]]++;
            }
        }
        return new TokenRates([.. counts.Select(ofColumn => Array.ConvertAll(ofColumn, count =>
            (float)Math.Min(Largest, 1 - (1 - ofAll) * Math.Max(count, 1) / (rarity + Math.Max(count, 1)))))]);
    }

    /// <summary>The rate of a token; 0 for what is in no table.</summary>
    public float this[int column, int token] => column < _rates.Length ? _rates[column][token] : 0;
}
