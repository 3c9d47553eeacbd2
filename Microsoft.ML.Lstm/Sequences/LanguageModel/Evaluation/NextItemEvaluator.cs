using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.LanguageModel.Evaluation;

/// <summary>Finds the items that came next among those that a model predicts.</summary>
internal static class NextItemEvaluator
{
    public static NextItemMetrics Evaluate(IHostEnvironment environment, IDataView data, string itemColumn, string predictedColumn)
    {
        DataViewSchema.Column item = ColumnRole.NextItem.Find(environment, data.Schema, itemColumn);
        DataViewSchema.Column predicted = ColumnRole.PredictedItems.Find(environment, data.Schema, predictedColumn);
        var type = (VectorDataViewType)predicted.Type;
        using DataViewRowCursor cursor = data.GetRowCursor([item, predicted]);
        Func<int?> getItem = ItemOf(environment, cursor, item, predicted, (int)((KeyDataViewType)type.ItemType).Count);
        TokenReader keys = TokenReader.Create(cursor, predicted);
        int[] ranking = new int[type.Size];
        long[] hits = new long[type.Size];
        long rows = 0, withoutItem = 0, unscored = 0;
        while (cursor.MoveNext())
        {
            keys.Read();
            keys.CopyTo(ranking);
            if (getItem() is not { } key)
                withoutItem++;
            else if (ranking[0] == 0)
                unscored++;
            else
            {
                rows++;
                int place = key == 0 ? -1 : Array.IndexOf(ranking, key);
                if (place >= 0)
                    hits[place]++;
            }
        }
        return rows > 0 ? new NextItemMetrics(hits, rows, withoutItem, unscored) : throw environment.Process(
            new InvalidOperationException($"There is no row to evaluate: {withoutItem} have no item, and {unscored} could not be scored."));
    }

    /// <summary>Gives the key of a row's item among those of the predictions: 0 for an unknown one, null for none.</summary>
    private static Func<int?> ItemOf(IHostEnvironment environment, DataViewRow row, DataViewSchema.Column item,
        DataViewSchema.Column predicted, int count)
    {
        KeyValues? names = KeyValues.Of(predicted, count);
        Dictionary<string, int> places = names?.Keys() ?? [];
        if (item.Type is not KeyDataViewType type)
        {
            if (names is null)
                throw ColumnRole.NextItem.DimensionMismatch(environment, item, "keys, since the predicted keys have no values");
            ValueGetter<ReadOnlyMemory<char>> getText = row.GetGetter<ReadOnlyMemory<char>>(item);
            ReadOnlyMemory<char> text = default;
            return () =>
            {
                getText(ref text);
                return text.IsEmpty ? null : places.GetValueOrDefault(text.ToString());
            };
        }
        KeyValues? ofItems = KeyValues.Of(item, (int)type.Count);
        // Keys of another mapping are told by what they stand for.
        int[]? keys = names is null || ofItems is null || names.AreSameAs(ofItems)
            ? null
            : [0, .. ofItems.Values.Select(value => places.GetValueOrDefault(value))];
        if (keys is null && type.Count != (ulong)count)
            throw ColumnRole.NextItem.DimensionMismatch(environment, item, $"one of {count} keys");
        TokenReader key = TokenReader.Create(row, item);
        int[] read = new int[1];
        return () =>
        {
            key.Read();
            key.CopyTo(read);
            return read[0] == 0 ? null : keys is null ? read[0] : keys[read[0]];
        };
    }
}
