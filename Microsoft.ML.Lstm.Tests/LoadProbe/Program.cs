// LoadProbe <model.zip> <rows.json> <column>...: loads the model with ML.NET's own call and no other, scores the rows, and prints
// what each row has in these columns, a line of JSON for each column. What consumption code in another process does.
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;

var ml = new MLContext();
ITransformer model = ml.Model.Load(args[0], out DataViewSchema schema);
Example[] rows = JsonSerializer.Deserialize<Example[]>(File.ReadAllText(args[1]), new JsonSerializerOptions
{
    IncludeFields = true,
    NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
})!;

SchemaDefinition definition = SchemaDefinition.Create(typeof(Example));
foreach (SchemaDefinition.Column column in definition)
    column.ColumnType = schema[column.ColumnName].Type;
IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(rows, definition));
foreach (string column in args[2..])
    Console.WriteLine(JsonSerializer.Serialize(ColumnReader.Read(scored, column)));
