#!/bin/sh
# Microsoft.ML 5.0.1: behind a StatefulCustomMapping a column that the mapping does not read, such as a label, can be read only together with the mapping's own
# output; asked for alone, the view throws, although its schema has the column.
. "$(dirname "$0")/expect.sh"

expected='Output: 2 rows
Value: 2 rows
Label: requested column not active
Output and Label: 2 rows'

run_csharp stateful-mapping-columns Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
IDataView rows = ml.Data.LoadFromEnumerable(new[] { new Labeled { Value = 1 }, new Labeled { Value = 2 } });
IDataView view = ml.Transforms.StatefulCustomMapping<Row, Result, State>((row, result, _) => result.Output = row.Value, _ => { }, null).Fit(rows).Transform(rows);
Show("Output", () => view.GetColumn<float>("Output").Count());
Show("Value", () => view.GetColumn<float>("Value").Count());
Show("Label", () => view.GetColumn<float>("Label").Count());
Show("Output and Label", () => ml.Data.CreateEnumerable<Scored>(view, reuseRowObject: false).Count());

void Show(string name, Func<int> count)
{
    try
    {
        Console.WriteLine($"{name}: {count()} rows");
    }
    catch (Exception error)
    {
        Console.WriteLine($"{name}: {error.GetBaseException().Message.Split('(')[0].Trim().ToLowerInvariant()}");
    }
}

class Row
{
    public float Value { get; set; }
}

class Result
{
    public float Output { get; set; }
}

class Labeled : Row
{
    public float Label { get; set; }
}

class Scored
{
    public float Output { get; set; }

    public float Label { get; set; }
}

class State;
PROGRAM
