#!/bin/sh
# Microsoft.ML.OnnxConverter 0.23.1 with Microsoft.ML.OnnxTransformer 5.0.1 and Microsoft.ML.OnnxRuntime 1.31.1: every column of the data that ConvertToOnnx is
# given becomes an input that scoring needs, also a label that nothing reads; without it Fit passes and the first row fails, for an Identity node. Converted
# with data that has only the columns that are read, there is no such input. A column of DateTime can't be converted at all, though nothing reads it. The file calls an output Score.output, and ApplyOnnxModel its column Score.
. "$(dirname "$0")/expect.sh"

expected='With the label, given features and label: Score 2 3
With the label, given features: OnnxRuntimeException while running Identity
Without the label, given features: Score 2 3
With a time: InvalidOperationException Unsupported type: System.DateTime'

run_csharp converted-columns Microsoft.ML=5.0.1 Microsoft.ML.OnnxConverter=0.23.1 Microsoft.ML.OnnxTransformer=5.0.1 Microsoft.ML.OnnxRuntime=1.31.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext(seed: 1);
IDataView labelled = ml.Data.LoadFromEnumerable(new[] { new Row { Features = [2, 4] }, new Row { Features = [3, 5] } });
ITransformer model = ml.Transforms.CopyColumns("Score", "Features").Fit(labelled);
Show("With the label, given features and label", labelled, "Features", "Label");
Show("With the label, given features", labelled, "Features");
Show("Without the label, given features", ml.Data.LoadFromEnumerable(new FeatureRow[0]), "Features");
Show("With a time", ml.Data.LoadFromEnumerable(new TimedRow[0]), "Features");

void Show(string what, IDataView converted, params string[] inputs)
{
    string path = Path.GetTempFileName();
    try
    {
        using (FileStream file = File.Create(path))
            ml.Model.ConvertToOnnx(model, converted, file);
        IDataView scored = ml.Transforms.ApplyOnnxModel(["Score.output"], inputs, path).Fit(labelled).Transform(labelled);
        Console.WriteLine($"{what}: {scored.Schema.Last().Name} {string.Join(" ", scored.GetColumn<float[]>("Score").Select(values => values[0]))}");
    }
    catch (Exception error)
    {
        error = error.GetBaseException();
        Console.WriteLine($"{what}: {error.GetType().Name} {(error.Message.Contains("while running Identity") ? "while running Identity" : error.Message)}");
    }
    File.Delete(path);
}

class FeatureRow
{
    [VectorType(2)]
    public float[] Features { get; set; } = [];
}

class TimedRow : FeatureRow
{
    public DateTime Time { get; set; }
}

class Row : FeatureRow
{
    public bool Label { get; set; }
}
PROGRAM
