#!/bin/sh
# Microsoft.ML 5.0.1: ApplyWordEmbedding gives the smallest, the mean and the largest value of each dimension over the words of a text. Of a
# text without a word that the file knows, an empty one for example, the smallest is 3.4e38 and the largest -3.4e38, not 0 and not missing:
# a trainer behind it takes them as they are, and NormalizeMinMax makes the values of all other texts next to nothing.
. "$(dirname "$0")/expect.sh"

expected='warm cold: 1 -2 2 1 3 4
icy: 3.4028235E+38 3.4028235E+38 0 0 -3.4028235E+38 -3.4028235E+38
(empty): 3.4028235E+38 3.4028235E+38 0 0 -3.4028235E+38 -3.4028235E+38
warm icy: 1 4 1 4 1 4
warm cold and warm icy after NormalizeMinMax, the second value: -5.9E-39 1.2E-38'

run_csharp embedding-of-no-word Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext(seed: 1);
string path = Path.GetTempFileName();
File.WriteAllText(path, "warm 1 4\ncold 3 -2\n");
Row[] rows = [new() { Text = "warm cold" }, new() { Text = "icy" }, new() { Text = "" }, new() { Text = "warm icy" }];
IDataView texts = ml.Data.LoadFromEnumerable(rows);
IDataView embedded = ml.Transforms.Text.TokenizeIntoWords("Words", "Text")
    .Append(ml.Transforms.Text.ApplyWordEmbedding("Values", path, "Words"))
    .Append(ml.Transforms.NormalizeMinMax("Scaled", "Values", fixZero: true)).Fit(texts).Transform(texts);
foreach ((Row row, float[] values) in rows.Zip(embedded.GetColumn<float[]>("Values")))
    Console.WriteLine($"{(row.Text == "" ? "(empty)" : row.Text)}: {string.Join(" ", values)}");
float[][] scaled = embedded.GetColumn<float[]>("Scaled").ToArray();
Console.WriteLine($"warm cold and warm icy after NormalizeMinMax, the second value: {scaled[0][1]:G2} {scaled[3][1]:G2}");
File.Delete(path);

class Row
{
    public string Text { get; set; } = "";
}
PROGRAM
