#!/bin/sh
# Microsoft.ML 5.0.1: MapValueToKey takes two DateTimeOffset values of one instant for one value, whatever their offsets, and shows the one that came first. The
# first of January of the year 1, which stands for no time elsewhere, is a value; an empty text is the missing key.
. "$(dirname "$0")/expect.sh"

expected='Offsets: keys 1 1 2; values 2025-01-01T10:00+02:00 0001-01-01T00:00+00:00
Texts: keys 1 1 0'

run_csharp time-keys Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
IDataView rows = ml.Data.LoadFromEnumerable(new[]
{
    new Row { When = new DateTimeOffset(2025, 1, 1, 10, 0, 0, TimeSpan.FromHours(2)), Name = "a" },
    new Row { When = new DateTimeOffset(2025, 1, 1, 8, 0, 0, TimeSpan.Zero), Name = "a" },
    new Row { Name = "" },
});
IDataView keys = ml.Transforms.Conversion.MapValueToKey("WhenKey", "When").Append(ml.Transforms.Conversion.MapValueToKey("NameKey", "Name")).Fit(rows).Transform(rows);
VBuffer<DateTimeOffset> values = default;
keys.Schema["WhenKey"].GetKeyValues(ref values);
Console.WriteLine($"Offsets: keys {string.Join(" ", keys.GetColumn<uint>("WhenKey"))}; values {string.Join(" ", values.DenseValues().Select(value => value.ToString("yyyy-MM-ddTHH:mmzzz")))}");
Console.WriteLine($"Texts: keys {string.Join(" ", keys.GetColumn<uint>("NameKey"))}");

class Row
{
    public DateTimeOffset When { get; set; }

    public string Name { get; set; } = "";
}
PROGRAM
