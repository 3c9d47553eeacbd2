#!/bin/sh
# Microsoft.ML 5.0.1: a DateTime that is UTC or local stays so in memory, but a view that was saved by SaveAsBinary gives it back as unspecified, so that
# code which converts it moves it by the machine's offset. A DateTimeOffset keeps its offset.
. "$(dirname "$0")/expect.sh"

expected='In memory: Utc, +02:00
From the file: Unspecified, +02:00'

run_csharp binary-time-kind Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
string path = Path.GetTempFileName();
var row = new Row { When = new DateTime(2025, 3, 30, 1, 0, 0, DateTimeKind.Utc), There = new DateTimeOffset(2025, 3, 30, 1, 0, 0, TimeSpan.FromHours(2)) };
IDataView view = ml.Data.LoadFromEnumerable(new[] { row });
Console.WriteLine($"In memory: {Describe(view)}");
using (FileStream file = File.Create(path))
    ml.Data.SaveAsBinary(view, file);
Console.WriteLine($"From the file: {Describe(ml.Data.LoadFromBinary(path))}");

string Describe(IDataView data) => $"{data.GetColumn<DateTime>("When").First().Kind}, {data.GetColumn<DateTimeOffset>("There").First():zzz}";

class Row
{
    public DateTime When { get; set; }

    public DateTimeOffset There { get; set; }
}
PROGRAM
