#!/bin/sh
# Microsoft.ML 5.0.1: SaveAsText puts times in quotes, which LoadFromTextFile by default cannot read. A text without a time becomes the first of January
# of the year 1, without a word, where an empty number at least can be asked to become NaN. A time with an offset is turned into UTC.
. "$(dirname "$0")/expect.sh"

expected='Saved: "2025-03-30T01:00:00.0000000Z"
Loaded by default: Could not parse value "2025-03-30T01:00:00.0000000Z" in line 7, column When
Loaded with allowQuoting: 2025-03-30T01:00:00.0000000Z
Text "": 0001-01-01T00:00:00.0000000
Text "2025-01-02T03:04:05+02:00": 2025-01-02T01:04:05.0000000Z'

run_csharp text-times Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
string path = Path.GetTempFileName();
IDataView view = ml.Data.LoadFromEnumerable(new[] { new Row { When = new DateTime(2025, 3, 30, 1, 0, 0, DateTimeKind.Utc) } });
using (FileStream file = File.Create(path))
    ml.Data.SaveAsText(view, file);
Console.WriteLine($"Saved: {File.ReadLines(path).Last()}");
try
{
    Console.WriteLine(First(ml.Data.LoadFromTextFile<Row>(path, hasHeader: true)));
}
catch (Exception error)
{
    Console.WriteLine($"Loaded by default: {error.GetBaseException().Message}");
}
Console.WriteLine($"Loaded with allowQuoting: {First(ml.Data.LoadFromTextFile<Row>(path, hasHeader: true, allowQuoting: true)):o}");
foreach (string text in new[] { "", "2025-01-02T03:04:05+02:00" })
{
    File.WriteAllText(path, text + "\t1\n");
    Console.WriteLine($"Text \"{text}\": {First(ml.Data.LoadFromTextFile<Row>(path)):o}");
}
File.Delete(path);

DateTime First(IDataView data) => data.GetColumn<DateTime>("When").First();

class Row
{
    [LoadColumn(0)]
    public DateTime When { get; set; }
}
PROGRAM
