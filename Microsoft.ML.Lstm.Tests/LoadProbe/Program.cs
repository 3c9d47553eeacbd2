// LoadProbe <model.zip> <rows.json> <column>: loads the model with ML.NET's own call and no other, scores the rows, and prints
// the bits of each row's value or values in that column, one row a line. What consumption code in another process does.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Trainers;

var ml = new MLContext();
ITransformer model = ml.Model.Load(args[0], out DataViewSchema schema);
Example[] rows = JsonSerializer.Deserialize<Example[]>(File.ReadAllText(args[1]), new JsonSerializerOptions { IncludeFields = true })!;

SchemaDefinition definition = SchemaDefinition.Create(typeof(Example));
foreach (SchemaDefinition.Column column in definition)
    column.ColumnType = schema[column.ColumnName].Type;
IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(rows, definition));

DataViewSchema.Column wanted = scored.Schema[args[2]];
using DataViewRowCursor cursor = scored.GetRowCursor([wanted]);
ValueGetter<float>? getScalar = wanted.Type is VectorDataViewType ? null : cursor.GetGetter<float>(wanted);
ValueGetter<VBuffer<float>>? getVector = getScalar is null ? cursor.GetGetter<VBuffer<float>>(wanted) : null;
float scalar = 0;
VBuffer<float> vector = default;
while (cursor.MoveNext())
{
    getScalar?.Invoke(ref scalar);
    getVector?.Invoke(ref vector);
    float[] values = getScalar is null ? [.. vector.DenseValues()] : [scalar];
    Console.WriteLine(string.Join(' ', values.Select(value => BitConverter.SingleToUInt32Bits(value).ToString("x8"))));
}
