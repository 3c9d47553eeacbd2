#!/bin/sh
# Microsoft.ML 5.0.1: LoadFromEnumerable takes the integer of a property with [KeyType(n)] as counted from 0, and n or more for the missing key. CreateEnumerable
# and a PredictionEngine give the same property back as counted from 1, the missing key as 0: the first two values of a class go in as 0, 1 and come out as 1, 2.
. "$(dirname "$0")/expect.sh"

expected='Given 0 1 2 3 4: Key<UInt32, 0-2>, keys 1 2 3 0 0, given back 1 2 3 0 0'

run_csharp key-type-counts Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
uint[] given = [0, 1, 2, 3, 4];
IDataView rows = ml.Data.LoadFromEnumerable(given.Select(key => new Row { Key = key }));
IEnumerable<uint> back = ml.Data.CreateEnumerable<Row>(rows, reuseRowObject: false).Select(row => row.Key);
Console.WriteLine($"Given {string.Join(" ", given)}: {rows.Schema["Key"].Type}, keys {string.Join(" ", rows.GetColumn<uint>("Key"))}, given back {string.Join(" ", back)}");

class Row
{
    [KeyType(3)]
    public uint Key { get; set; }
}
PROGRAM
