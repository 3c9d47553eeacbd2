using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>
/// The vectors of a graph's tokens as one of our tables, whose row 0 is the unknown token and whose other rows are those of ML.NET's keys.
/// </summary>
internal sealed class EmbeddingRows
{
    private readonly EmbeddingTable _table;

    // The row of the graph's table for each of ours; -1 for the mean of all.
    private readonly int[] _rows;

    private EmbeddingRows(EmbeddingTable table, int[] rows, KeySubset? keys)
    {
        _table = table;
        _rows = rows;
        Shape = new EmbeddingShape(rows.Length - 1, table.Size) { Keys = keys };
    }

    public EmbeddingShape Shape { get; }

    /// <summary>The rows of a table.</summary>
    /// <param name="source">The tokens and their vectors.</param>
    /// <param name="keysAreIds">Whether key k is token k; else it is token k - 1.</param>
    /// <param name="unknownToken">The token of missing keys; null for the mean of all, or for what the graph takes for unknown.</param>
    /// <param name="input">The graph's input.</param>
    /// <param name="budget">Memory.</param>
    public static EmbeddingRows Of(EmbeddingSource source, bool keysAreIds, int? unknownToken, string input, Budget budget)
    {
        (TokenInput token, EmbeddingTable table) = (source.Token, source.Table);
        long count = Math.Min(token.Rows?.Length ?? table.Rows, token.Most >= int.MaxValue ? int.MaxValue : token.Most + 1);
        if (count < (keysAreIds ? 2 : 1))
            throw Damaged($"{(keysAreIds ? 2 : 1)} or more tokens", $"{Math.Max(count, 0)}");
        // A token for missing keys alone would stand for those that are not known, too.
        bool isUnknownFirst = unknownToken is not { } given || RowOf(given) == 0;
        if (keysAreIds && isUnknownFirst && token.Rows is { } numbers && numbers[0] == 0)
        {
            // The keys that are known, each with a vector of its own, in their order.
            int[] known = [.. Enumerable.Range(1, (int)count - 1).Where(key => numbers[key] != 0)];
            if (known.Length == table.Rows - 1 && count - 1 <= KeySubset.MostKeys
                && known.Select((key, i) => numbers[key] == i + 1).All(isNext => isNext))
                return new EmbeddingRows(table, [.. Enumerable.Range(0, table.Rows)], KeySubset.Of((int)count - 1, known));
        }
        int first = keysAreIds ? 1 : 0;
        budget.Take(count * (table.Size + 1L) * sizeof(float));
        int[] rows =
        [
            unknownToken is { } unknown ? RowOf(unknown)
                : keysAreIds ? RowOf(0)
                : token.Most < int.MaxValue ? RowOf(token.Otherwise)
                : -1,
            .. Enumerable.Range(first, (int)count - first).Select(id => RowOf(id)),
        ];
        return new EmbeddingRows(table, rows, keys: null);

        int RowOf(long id)
        {
            long row = token.Rows is null ? id
                : id >= 0 && id < token.Rows.Length ? token.Rows[id]
                : throw Damaged($"tokens below {token.Rows.Length}", $"{id}");
            row = row < 0 ? row + table.Rows : row;
            return row >= 0 && row < table.Rows ? (int)row : throw Damaged($"tokens below {table.Rows}", $"{row}");
        }

        InvalidDataException Damaged(string expected, string found)
            => new($"ONNX: tokens of input {OnnxText.Quote(input)}: expected {expected}, found {found}.");
    }

    public void Fill(Span<float> weights)
    {
        int size = _table.Size;
        for (int row = 0; row < _rows.Length; row++)
        {
            Span<float> target = weights.Slice(row * size, size);
            if (_rows[row] >= 0)
            {
                _table.Values.AsSpan(_rows[row] * size, size).CopyTo(target);
                continue;
            }
            for (int i = 0; i < size; i++)
            {
                double sum = 0;
                for (int each = 0; each < _table.Rows; each++)
                    sum += _table.Values[each * size + i];
                target[i] = (float)(sum / _table.Rows);
            }
        }
    }
}
