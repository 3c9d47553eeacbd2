using System.Globalization;
using LstmTool.Data;
using LstmTool.Tasks;

namespace LstmTool.Projects;

/// <summary>The C# files of a consumption project but for the reader of its data.</summary>
internal sealed class ModelClasses
{
    private const int MostSampleValues = 4000;
    private const int MostShownClasses = 5;

    private readonly TrainedTask _trained;
    private readonly List<(TableColumn Column, string Member)> _inputs = [];
    private readonly List<(OutputMember Output, string Member)> _outputs = [];

    public ModelClasses(TrainedTask trained)
    {
        _trained = trained;
        foreach (TableColumn column in trained.Code.Inputs)
            _inputs.Add((column, CSharp.Member(column.Name, [.. _inputs.Select(one => one.Member), "ModelInput"])));
        foreach (OutputMember output in trained.Code.Outputs)
            _outputs.Add((output, CSharp.Member(output.Column, [.. _outputs.Select(one => one.Member), "ModelOutput"])));
    }

    /// <summary>The columns of ModelInput, with their members.</summary>
    public IReadOnlyList<(TableColumn Column, string Member)> Inputs => _inputs;

    /// <summary>The column that a row to predict need not have; null where each row's value is read, as in series.</summary>
    public TableColumn? Label => IsSeries ? null
        : _inputs.FirstOrDefault(one => one.Column.Name == _trained.Columns.Label).Column;

    /// <summary>ModelInput, ModelOutput and Predict.</summary>
    public string Consumption() => $$"""
        // Written by lstm-ml. A model's input and output, and predictions with it.
        using Microsoft.ML;
        using Microsoft.ML.Data;
        using Microsoft.ML.Lstm;

        public static partial class {{_trained.Name}}
        {
            /// <summary>The model, which lies beside the program.</summary>
            public static string ModelPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "model.zip");

            /// <summary>What the model reads: a row of the data.</summary>
            public class ModelInput
            {
        {{string.Join("\n\n", _inputs.Select(InputMember))}}
            }

            /// <summary>What the model says.</summary>
            public class ModelOutput
            {
        {{string.Join("\n\n", _outputs.Select(OutputMemberCode))}}
            }

        {{Indent(IsSeries ? SeriesPredictions : RowPredictions, 4)}}
        }

        """;

    /// <summary>The pipeline, and training it again.</summary>
    public string Training() => $$"""
        // Written by lstm-ml. The pipeline with the settings that were chosen, and training it again on a file.
        using Microsoft.ML;
        using Microsoft.ML.Data;
        using Microsoft.ML.Lstm;

        public static partial class {{_trained.Name}}
        {
            /// <summary>Trains the pipeline on all rows of a file like the one that it was made from, and saves the model.</summary>
            public static void Retrain(string dataPath, string modelPath)
            {
                var mlContext = new MLContext(seed: {{_trained.Seed}});
                IDataView data = Load(mlContext, dataPath);
                ITransformer model = BuildPipeline(mlContext).Fit(data);
                // The old model stays until the new one is there as a whole.
                mlContext.Model.Save(model, data.Schema, modelPath + ".tmp");
                File.Move(modelPath + ".tmp", modelPath, overwrite: true);
            }

            /// <summary>The rows of a file as the pipeline reads them{{(InOrder == "" ? "" : ", in the order of time")}}.</summary>
            public static IDataView Load(MLContext mlContext, string dataPath)
                => mlContext.Data.LoadFromEnumerable(ReadRows(dataPath){{InOrder}}.ToArray());

            /// <summary>The pipeline.</summary>
            public static IEstimator<ITransformer> BuildPipeline(MLContext mlContext)
            {
        {{Indent($"return {_trained.Code.Pipeline};", 8)}}
            }
        }

        """;

    /// <summary>A program to begin with.</summary>
    public string Program() => $$"""
        // Written by lstm-ml.
        //   dotnet run                          a prediction
        //   dotnet run -- predict FILE          a prediction for each row of a file{{(IsSeries ? " of what came since" : "")}}
        //   dotnet run -- retrain FILE          trains again on a file and replaces model.zip
        using System.Globalization;

        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            switch (args)
            {
                case ["retrain", var data]:
                    {{_trained.Name}}.Retrain(data, "model.zip");
                    Console.WriteLine("model.zip was trained again.");
                    return 0;
                case ["predict", var data]:
        {{Indent(TimeMember == "" ? PredictAll : PredictSince, 12)}}
                    return 0;
                case []:
        {{Indent(IsSeries ? SeriesSample : RowSample, 12)}}
                    return 0;
                default:
                    Console.Error.WriteLine("Expected nothing, predict FILE or retrain FILE.");
                    return 2;
            }
        }
        // The message says what is wrong with the file.
        catch (Exception error) when (error is IOException or FormatException or InvalidOperationException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        static void Print({{_trained.Name}}.ModelOutput output)
        {
        {{string.Join("\n", _outputs.Select(Print))}}
        }

        """;

    private string Print((OutputMember Output, string Member) one)
    {
        string value = one.Output.IsOfClasses
            ? $"string.Join(\", \", {_trained.Name}.GetSortedScoresWithLabels(output).Take({MostShownClasses})"
                + ".Select(one => $\"{one.Key} {one.Value:0.000}\"))"
            : one.Output.Type.EndsWith("[]", StringComparison.Ordinal)
            ? $"string.Join(\", \", output.{one.Member})"
            : $"output.{one.Member}";
        return $"    Console.WriteLine({CSharp.Text(one.Output.Column + ": ")} + {value});";
    }

    private bool IsSeries => _trained.Columns.Forecast is not null || _trained.Columns.Anomaly is not null;

    /// <summary>The member with the times of series; empty where there is none, and rows are taken as they come.</summary>
    private string TimeMember => _inputs.FirstOrDefault(one => IsSeries && one.Column.Name == _trained.Columns.Time).Member ?? "";

    private string InOrder => TimeMember == "" ? "" : $".OrderBy(row => row.{TimeMember})";

    private string PredictAll => $$"""
        foreach ({{_trained.Name}}.ModelInput row in {{_trained.Name}}.ReadRows({{RowsToPredict}}))
            Print({{_trained.Name}}.Predict(row));
        """;

    private string PredictSince => $$"""
        int skipped = 0;
        foreach ({{_trained.Name}}.ModelOutput? output in {{_trained.Name}}.PredictSince({{_trained.Name}}.ReadRows(data)))
        {
            if (output is null)
                skipped++;
            else
                Print(output);
        }
        if (skipped > 0)
            Console.Error.WriteLine($"Skipped, as the model knows them already: {skipped} {(skipped == 1 ? "row" : "rows")}.");
        """;

    // A table that is exported again begins with rows that the model knows.
    private string PredictionsSince
    {
        get
        {
            string series = SeriesMember == "" ? "\"\"" : $"row.{SeriesMember}";
            return $$"""

                /// <summary>
                /// What the model says of the rows of a table, in the order of time; null for those at its beginning that the engine knows.
                /// </summary>
                public static IEnumerable<ModelOutput?> PredictSince(IEnumerable<ModelInput> rows)
                {
                    // The series of which there has been nothing new yet.
                    var unchanged = Engine.Value.SeriesNames.ToHashSet();
                    foreach (ModelInput row in rows{{InOrder}})
                    {
                        ModelOutput? output = null;
                        try
                        {
                            output = Predict(row);
                            unchanged.Remove({{series}});
                        }
                        catch (InvalidOperationException) when (unchanged.Contains({{series}}))
                        {
                            // The engine refuses times that it knows, and stays as it is.
                        }
                        yield return output;
                    }
                }
                """;
        }
    }

    private string RowsToPredict => Label is null ? "data" : "data, needsLabel: false";

    private string SeriesMember => _inputs.FirstOrDefault(one => one.Column.Name == _trained.Columns.Series).Member ?? "";

    private string RowPredictions => RowEngine
        + string.Concat(_outputs.Where(one => one.Output.IsOfClasses).Select(one => ClassesOf(one.Output.Column, one.Member)));

    private const string RowEngine = """
        private static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> Engine = new(() =>
        {
            var mlContext = new MLContext();
            return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(mlContext.Model.Load(ModelPath, out _));
        });

        /// <summary>A prediction for a row. One thread at a time.</summary>
        public static ModelOutput Predict(ModelInput input) => Engine.Value.Predict(input);
        """;

    // The names are those that Model Builder gives.
    private static string ClassesOf(string column, string member) => $$"""


        private static readonly Lazy<string[]> Names = new(() =>
        {
            var names = default(VBuffer<ReadOnlyMemory<char>>);
            Engine.Value.OutputSchema[{{CSharp.Text(column)}}].GetSlotNames(ref names);
            return [.. names.DenseValues().Select(name => name.ToString())];
        });

        /// <summary>The classes, in the order of {{member}}.</summary>
        public static IReadOnlyList<string> Classes => Names.Value;

        /// <summary>The classes with their probabilities, the likeliest first. One thread at a time.</summary>
        public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input)
            => GetSortedScoresWithLabels(Predict(input));

        /// <summary>The classes with the probabilities of a prediction, the likeliest first.</summary>
        public static IOrderedEnumerable<KeyValuePair<string, float>> GetSortedScoresWithLabels(ModelOutput result)
            => Classes.Zip(result.{{member}}, KeyValuePair.Create).OrderByDescending(one => one.Value);
        """;

    private string SeriesPredictions => $$"""
        private static readonly Lazy<ForecastEngine<ModelInput, ModelOutput>> Engine = new(() =>
        {
            var mlContext = new MLContext();
            return mlContext.Model.Load(ModelPath, out _).CreateForecastEngine<ModelInput, ModelOutput>(mlContext);
        });

        /// <summary>The engine: it knows each series up to the end of the data set, and goes on row by row.</summary>
        public static ForecastEngine<ModelInput, ModelOutput> LiveEngine => Engine.Value;

        /// <summary>Takes the next row of a series and says what it makes of it. One thread at a time.</summary>
        public static ModelOutput Predict(ModelInput input) => Engine.Value.Predict(input);
        {{(_trained.Columns.Forecast is null ? "" : $$"""

        /// <summary>What comes next after the data set, and the rows since.</summary>
        {{(SeriesMember == "" ? "public static ModelOutput Predict() => Engine.Value.Predict();"
            : "public static ModelOutput Predict(string series) => Engine.Value.Predict(series);")}}
        """)}}{{(TimeMember == "" ? "" : "\n" + PredictionsSince)}}
        """;

    private string RowSample => $$"""
        Print({{_trained.Name}}.Predict(new {{_trained.Name}}.ModelInput
        {
        {{string.Join("\n", _inputs.Where(one => one.Column.Name != _trained.Columns.Label).Select(one =>
            $"    {one.Member} = {SampleOf(one.Column)},"))}}
        }));
        """;

    private string SeriesSample => _trained.Columns.Forecast is not null
        ? SeriesMember == "" ? $"Print({_trained.Name}.Predict());"
            : $"foreach (string series in {_trained.Name}.LiveEngine.SeriesNames.Order().Take(5))\n{{\n    Console.WriteLine(series);\n"
                + $"    Print({_trained.Name}.Predict(series));\n}}"
        : $$"""
            // The row after the data that the model was trained on, as the last one there was.
            Print({{_trained.Name}}.Predict(new {{_trained.Name}}.ModelInput
            {
            {{string.Join("\n", _inputs.Select(one => $"    {one.Member} = {SampleOf(one.Column)},"))}}
            }));
            """;

    private string InputMember((TableColumn Column, string Member) input)
    {
        TableColumn column = input.Column;
        string type = column.Kind switch
        {
            ColumnKind.Number => "float",
            ColumnKind.Time => "DateTime",
            ColumnKind.Text => "string",
            ColumnKind.Texts => "string[]",
            _ => "float[]",
        };
        string vector = column switch
        {
            { Kind: ColumnKind.Numbers, Steps: { } steps } => column.FeaturesPerStep == 1
                ? $"        [VectorType({steps})]\n" : $"        [VectorType({steps}, {column.FeaturesPerStep})]\n",
            { Kind: ColumnKind.Numbers or ColumnKind.Texts } => "        [VectorType]\n",
            _ => "",
        };
        string start = type.EndsWith("[]", StringComparison.Ordinal) ? " = [];" : type == "string" ? " = \"\";" : "";
        return $"        [ColumnName({CSharp.Text(column.Name)})]\n{vector}        public {type} {input.Member} {{ get; set; }}{start}";
    }

    private string OutputMemberCode((OutputMember Output, string Member) one)
    {
        string start = one.Output.Type.EndsWith("[]", StringComparison.Ordinal) ? " = [];" : one.Output.Type == "string" ? " = \"\";" : "";
        return $"        /// <summary>{one.Output.Meaning}</summary>\n        [ColumnName({CSharp.Text(one.Output.Column)})]\n"
            + $"        public {one.Output.Type} {one.Member} {{ get; set; }}{start}";
    }

    /// <summary>The value of the first row, or of the last one of series, as code.</summary>
    private string SampleOf(TableColumn column)
    {
        object value = column.Values.GetValue(IsSeries ? column.Values.Length - 1 : 0)!;
        return value switch
        {
            float number => Number(number),
            string text => CSharp.Text(text),
            DateTime time => $"new DateTime({NextTime(column, time).Ticks}, DateTimeKind.Utc)",
            float[] numbers => $"[{string.Join(", ", numbers.Take(MostSampleValues).Select(Number))}]",
            _ => $"[{string.Join(", ", ((string[])value).Select(CSharp.Text))}]",
        };
    }

    private static DateTime NextTime(TableColumn column, DateTime last)
    {
        var times = (DateTime[])column.Values;
        DateTime before = times.Where(time => time < last).DefaultIfEmpty(last.AddDays(-1)).Max();
        return last + (last - before);
    }

    private static string Number(float number) => float.IsNaN(number) ? "float.NaN"
        : number.ToString("R", CultureInfo.InvariantCulture) + "f";

    private static string Indent(string code, int spaces)
        => string.Join('\n', code.Split('\n').Select(line => line == "" ? "" : new string(' ', spaces) + line));
}
