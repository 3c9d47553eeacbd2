#!/bin/sh
# Microsoft.ML 5.0.1: a vocabulary with a limit (maximumNumberOfKeys of MapValueToKey and OneHotEncoding, maximumNgramsCount of
# ProduceNgrams) keeps the values that come first in the data, not the most frequent ones.
# KeyOrdinality changes nothing in that: it orders what was kept.
# Here b and c are the frequent words.
. "$(dirname "$0")/expect.sh"

expected='MapValueToKey ByOccurrence: a b, keys 1 2 2 2 0 0 0
MapValueToKey ByValue: a b, keys 1 2 2 2 0 0 0
OneHotEncoding: 10 01 01 01 00 00 00
ProduceNgrams: a b'

run_csharp most-keys Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

var ml = new MLContext(seed: 1);
IDataView words = ml.Data.LoadFromEnumerable("a b b b c c c".Split().Select(word => new Row { Word = word }));
foreach (ValueToKeyMappingEstimator.KeyOrdinality order in Enum.GetValues<ValueToKeyMappingEstimator.KeyOrdinality>())
{
    IDataView mapped = ml.Transforms.Conversion.MapValueToKey("Key", "Word", maximumNumberOfKeys: 2, keyOrdinality: order)
        .Fit(words).Transform(words);
    VBuffer<ReadOnlyMemory<char>> kept = default;
    mapped.Schema["Key"].GetKeyValues(ref kept);
    Console.WriteLine($"MapValueToKey {order}: {string.Join(" ", kept.DenseValues())}, "
        + $"keys {string.Join(" ", mapped.GetColumn<uint>("Key"))}");
}

IDataView encoded = ml.Transforms.Categorical.OneHotEncoding("Word", maximumNumberOfKeys: 2).Fit(words).Transform(words);
Console.WriteLine($"OneHotEncoding: {string.Join(" ", encoded.GetColumn<float[]>("Word").Select(values => string.Concat(values)))}");

IDataView text = ml.Data.LoadFromEnumerable(new[] { new Row { Word = "a b b b c c c" } });
IDataView counted = ml.Transforms.Text.TokenizeIntoWords("Words", "Word").Append(ml.Transforms.Conversion.MapValueToKey("Words"))
    .Append(ml.Transforms.Text.ProduceNgrams("Counts", "Words", ngramLength: 1, maximumNgramsCount: 2)).Fit(text).Transform(text);
VBuffer<ReadOnlyMemory<char>> names = default;
counted.Schema["Counts"].GetSlotNames(ref names);
Console.WriteLine($"ProduceNgrams: {string.Join(" ", names.DenseValues())}");

class Row
{
    public string Word { get; set; } = "";
}
PROGRAM
