#!/bin/sh
# Microsoft.ML 5.0.1: in a vector column of variable size ReplaceMissingValues replaces by one mean over all slots of all rows, so that a sequence of several
# features a step gets a mixture of their units; in a column of known size each slot has its own mean.
. "$(dirname "$0")/expect.sh"

expected='Variable size: [1, 200.6]
Known size: [1, 500]'

run_csharp mean-of-variable-vectors Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

var ml = new MLContext();
Row[] rows = [new() { Values = [1, float.NaN] }, new() { Values = [2, 400] }, new() { Values = [0, 600] }];
foreach ((string name, VectorDataViewType type) in new[] { ("Variable size", new VectorDataViewType(NumberDataViewType.Single)), ("Known size", new VectorDataViewType(NumberDataViewType.Single, 2)) })
{
    SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
    schema["Values"].ColumnType = type;
    IDataView view = ml.Data.LoadFromEnumerable(rows, schema);
    IDataView replaced = ml.Transforms.ReplaceMissingValues("Values", replacementMode: MissingValueReplacingEstimator.ReplacementMode.Mean).Fit(view).Transform(view);
    Console.WriteLine($"{name}: [{string.Join(", ", replaced.GetColumn<float[]>("Values").First())}]");
}

class Row
{
    [VectorType]
    public float[] Values { get; set; }
}
PROGRAM
