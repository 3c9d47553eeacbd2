#!/bin/sh
# Microsoft.ML 5.0.1: where there is more than one processor, the views of ML.NET's row mappers (CopyColumns, NormalizeMinMax, Concatenate, the scorers of its
# trainers) fetch rows ahead in blocks, and no row of a live source comes out before its block is full or the source has ended. StatefulCustomMapping and the
# view of the source itself give each row as it comes.
. "$(dirname "$0")/expect.sh"

if [ "$(getconf _NPROCESSORS_ONLN)" -lt 2 ]; then
    echo "Needs two processors or more."
    exit 0
fi

expected='The source itself: the first row came while the source was waiting for more
CopyColumns: the first row came after the source had ended
NormalizeMinMax: the first row came after the source had ended
StatefulCustomMapping: the first row came while the source was waiting for more'

run_csharp live-rows Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
IDataView rows = ml.Data.LoadFromEnumerable(new[] { new Row { Value = 1 }, new Row { Value = 2 } });
Show("The source itself", null);
Show("CopyColumns", ml.Transforms.CopyColumns("Output", "Value").Fit(rows));
Show("NormalizeMinMax", ml.Transforms.NormalizeMinMax("Output", "Value").Fit(rows));
Show("StatefulCustomMapping", ml.Transforms.StatefulCustomMapping<Row, Result, State>((row, result, _) => result.Output = row.Value, _ => { }, null).Fit(rows));

void Show(string name, ITransformer transformer)
{
    bool ended = false;
    IEnumerable<Row> Source()
    {
        for (int i = 0; i < 50; i++)
        {
            yield return new Row { Value = i };
            Thread.Sleep(10);
        }
        ended = true;
    }
    IDataView view = ml.Data.LoadFromEnumerable(Source());
    if (transformer is not null)
        view = transformer.Transform(view);
    view.GetColumn<float>(transformer is null ? "Value" : "Output").First();
    Console.WriteLine($"{name}: the first row came {(ended ? "after the source had ended" : "while the source was waiting for more")}");
}

class Row
{
    public float Value { get; set; }
}

class Result
{
    public float Output { get; set; }
}

class State;
PROGRAM
