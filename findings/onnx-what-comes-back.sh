#!/bin/sh
# Microsoft.ML.OnnxConverter 0.23.1 with Microsoft.ML.OnnxTransformer 5.0.1 and Microsoft.ML.OnnxRuntime 1.31.1: a pipeline that is converted and applied gives
# columns of other types than itself. A number is a vector [1, 1], which Evaluate of regression refuses; a key is a vector of plain numbers without names, which
# MapKeyToValue refuses. Converted with MapKeyToValue at its end, the pipeline gives the names.
. "$(dirname "$0")/expect.sh"

expected='Score: Single, from the file Vector<Single, 1, 1>
Evaluate: expected Single, got Vector<Single, 1, 1>
Key: Key<UInt32, 0-1>, from the file Vector<UInt32, 1, 1>: 1 2
MapKeyToValue: Metadata KeyValues does not exist
Name: String, from the file Vector<String, 1, 1>: a b'

run_csharp what-comes-back Microsoft.ML=5.0.1 Microsoft.ML.OnnxConverter=0.23.1 Microsoft.ML.OnnxTransformer=5.0.1 Microsoft.ML.OnnxRuntime=1.31.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext(seed: 1);
IDataView rows = ml.Data.LoadFromEnumerable(new[] { new Row { Label = 1, Text = "a" }, new Row { Label = 2, Text = "b" } });
ITransformer model = ml.Transforms.CopyColumns("Score", "Label")
    .Append(ml.Transforms.Conversion.MapValueToKey("Key", "Text"))
    .Append(ml.Transforms.Conversion.MapKeyToValue("Name", "Key"))
    .Fit(rows);
IDataView expected = model.Transform(rows);
string path = Path.GetTempFileName();
using (FileStream file = File.Create(path))
    ml.Model.ConvertToOnnx(model, rows, file);
IDataView scored = ml.Transforms.ApplyOnnxModel(["Score.output", "Key.output", "Name.output"], ["Label", "Text"], path).Fit(rows).Transform(rows);

Console.WriteLine($"Score: {Types("Score")}");
Console.WriteLine($"Evaluate: {Refusal(() => ml.Regression.Evaluate(scored))}");
Console.WriteLine($"Key: {Types("Key")}: {string.Join(" ", scored.GetColumn<uint[]>("Key").Select(values => values[0]))}");
Console.WriteLine($"MapKeyToValue: {Refusal(() => ml.Transforms.Conversion.MapKeyToValue("Key").Fit(scored))}");
Console.WriteLine($"Name: {Types("Name")}: {string.Join(" ", scored.GetColumn<string[]>("Name").Select(values => values[0]))}");
File.Delete(path);

string Types(string column) => $"{expected.Schema[column].Type}, from the file {scored.Schema[column].Type}";

static string Refusal(Action action)
{
    try
    {
        action();
        return "done";
    }
    catch (Exception error)
    {
        string message = error.GetBaseException().Message;
        return message.Split(": ")[^1].Split(" (Parameter")[0];
    }
}

class Row
{
    public float Label { get; set; }

    public string Text { get; set; } = "";
}
PROGRAM
