using LstmTool.Data;
using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Samples.Reports;

/// <summary>Runs of the tool whose scores are made up, so that what a report has to say of them is known and nothing is trained.</summary>
internal static class MadeUpTask
{
    public const int Horizon = 6;

    private static readonly MLContext Context = new(seed: 1);

    /// <summary>A series with a season of 12 rows, forecast by a sine with an error that grows with the steps.</summary>
    /// <param name="seen">Rows that were trained on.</param>
    /// <param name="unseen">Rows that were not.</param>
    /// <param name="name">The name of the column.</param>
    /// <param name="series">The name of the series.</param>
    public static TrainedTask Forecast(int seen = 120, int unseen = 60, string name = "Sales", string series = "")
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, seen + unseen).Select(t => Sine(t) + 8 * random.NextSingle() - 4)];
        ForecastRow[] rows = [.. values.Select((value, t) => new ForecastRow
        {
            Time = new DateTime(2025, 1, 1).AddDays(t),
            Series = series,
            Sales = value,
            Forecast = [.. Enumerable.Range(1, Horizon).Select(step => Sine(t + step) + step * (random.NextSingle() - 0.5f))],
        })];
        foreach (ForecastRow row in rows)
        {
            row.Lower = [.. row.Forecast.Select((value, i) => value - 4 - i / 3f)];
            row.Upper = [.. row.Forecast.Select((value, i) => value + 4 + i / 3f)];
        }
        IDataView scored = Load(rows[seen..]);
        if (name != "Sales")
            scored = Context.Transforms.CopyColumns(name, "Sales").Fit(scored).Transform(scored);
        IDataView before = Load(rows[..seen]);
        if (name != "Sales")
            before = Context.Transforms.CopyColumns(name, "Sales").Fit(before).Transform(before);
        return Of("forecasting", before, scored, rows.Length, unseen, new TaskColumns
        {
            Label = name,
            Time = "Time",
            Series = "Series",
            Features = [name],
            Forecast = "Forecast",
            Lower = "Lower",
            Upper = "Upper",
            Horizon = Horizon,
            ConfidenceLevel = 0.95,
        }, [new Metric("MAE", false), new Metric("coverage", true)],
        [
            new Contender("network", [2.31, 0.94]), new Contender("seasonal naive", [3.02, double.NaN]),
            new Contender("naive", [21.4, double.NaN]),
        ]);

        static float Sine(int t) => 100 + 30 * MathF.Sin(t * MathF.Tau / 12);
    }

    /// <summary>Texts of two or more classes, whose probabilities are right as often as they say.</summary>
    public static TrainedTask Classification(int rows = 400, string[]? classes = null)
    {
        classes ??= ["ham", "spam"];
        var random = new Random(1);
        string[] usual = "see you later at the station then , call me when free to win a prize now".Split(' ');
        IDataView scored = Load(Enumerable.Range(0, rows).Select(_ =>
        {
            float[] scores = [.. classes.Select(_ => 0.02f + MathF.Pow(random.NextSingle(), 6))];
            float sum = scores.Sum(), drawn = random.NextSingle();
            scores = [.. scores.Select(score => score / sum)];
            int label = 0;
            for (float least = scores[0]; least < drawn && label < classes.Length - 1;)
                least += scores[++label];
            string[] words = [.. Enumerable.Range(0, random.Next(4, 15)).Select(_ => usual[random.Next(usual.Length)])];
            return new TextRow
            {
                Kind = classes[label],
                Said = classes[Array.IndexOf(scores, scores.Max())],
                Score = scores,
                Words = words,
                Attention = [.. words.Select(word => word is "win" or "prize" or "free" ? 0.5f : 0.05f * random.NextSingle())],
            };
        }), definition =>
        {
            var names = new VBuffer<ReadOnlyMemory<char>>(classes.Length, Array.ConvertAll(classes, one => one.AsMemory()));
            definition[nameof(TextRow.Score)].AddAnnotation("SlotNames", names,
                new VectorDataViewType(TextDataViewType.Instance, classes.Length));
            definition[nameof(TextRow.Score)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, classes.Length);
        });
        return Of("classification", scored, scored, rows, rows, new TaskColumns
        {
            Label = "Kind",
            Words = "Words",
            PredictedLabel = "Said",
            Score = "Score",
            Attention = "Attention",
        }, [new Metric("accuracy", true), new Metric("log-loss", false)],
        [
            new Contender("network", [0.95, 0.12]), new Contender("bag of words", [0.93, 0.2]),
            new Contender("most frequent class", [0.6, double.NaN]),
        ]);
    }

    /// <summary>Sentences with a label for each word.</summary>
    public static TrainedTask Labeling(int rows = 60)
    {
        var random = new Random(1);
        string[] usual = ["from", "Oslo", "to", "Rome", "on", "Monday"], labels = ["O", "B-CITY", "O", "B-CITY", "O", "B-TIME"];
        IDataView scored = Load(Enumerable.Range(0, rows).Select(row =>
        {
            int[] drawn = [.. Enumerable.Range(0, 3 + row % 9).Select(_ => random.Next(usual.Length))];
            return new LabelledRow
            {
                Words = [.. drawn.Select(word => usual[word])],
                Labels = [.. drawn.Select(word => labels[word])],
                Said = [.. drawn.Select(word => random.Next(8) == 0 ? "O" : labels[word])],
                Score = [.. drawn.SelectMany(_ => new[] { 0.9f, 0.06f, 0.04f })],
            };
        }));
        return Of("labeling", scored, scored, rows, rows,
            new TaskColumns { Label = "Labels", Words = "Words", PredictedLabel = "Said", Score = "Score" },
            [new Metric("accuracy", true)], [new Contender("network", [0.91])]);
    }

    /// <summary>Values with predictions that miss them by half a unit at the most.</summary>
    public static TrainedTask Regression(int rows = 300)
    {
        var random = new Random(1);
        IDataView scored = Load(Enumerable.Range(0, rows).Select(_ =>
        {
            float value = 10 * random.NextSingle();
            return new ValueRow { Value = value, Score = value + random.NextSingle() - 0.5f };
        }));
        return Of("regression", scored, scored, rows, rows, new TaskColumns { Label = "Value", Score = "Score" },
            [new Metric("RMSE", false), new Metric("R²", true)],
            [new Contender("ridge", [0.27, 0.99]), new Contender("network", [0.29, 0.98])]);
    }

    /// <summary>A series with an alert in a row of fifty.</summary>
    public static TrainedTask Anomalies(int rows = 600)
    {
        var random = new Random(1);
        WatchedRow[] all = [.. Enumerable.Range(0, rows).Select(t =>
        {
            bool isOdd = t % 50 == 30;
            float expected = 20 + 5 * MathF.Sin(t * MathF.Tau / 24), value = expected + random.NextSingle() - 0.5f + (isOdd ? 4 : 0);
            return new WatchedRow
            {
                Time = new DateTime(2026, 3, 1).AddHours(t),
                Heat = value,
                Anomaly =
                [
                    isOdd ? 1 : 0, value - expected, isOdd ? 1e-4 : random.NextDouble(), expected, expected + 1, expected - 1,
                ],
            };
        })];
        return Of("anomaly-detection", Load(all[..(rows / 3)]), Load(all[(rows / 3)..]), rows, rows - rows / 3,
            new TaskColumns { Label = "Heat", Time = "Time", Anomaly = "Anomaly" }, [new Metric("RMSE of the expected value", false)],
            [new Contender("network", [0.29]), new Contender("last value", [1.1])]);
    }

    private static TrainedTask Of(string task, IDataView seen, IDataView scored, int rows, int unseen, TaskColumns columns,
        Metric[] metrics, Contender[] contenders)
    {
        ITransformer model = Context.Transforms.CopyColumns("Copy", scored.Schema[0].Name).Fit(scored);
        var dataset = new DatasetFacts($"/data/{task}.csv", "CSV, comma", rows,
            [.. seen.Schema.Take(3).Select(column => new ColumnFacts(column.Name, ColumnKind.Number, "sequence", 2, "17.5"))])
        {
            Inferred = [new Inference("separator: comma", "--separator"), new Inference("header: the first line", "--has-header")],
            TimeStep = columns.Time is null ? null : "1 day",
            Season = columns.Forecast is null ? 1 : 12,
            Parts = new PartFacts(rows - unseen, unseen / 2, unseen, "the last rows are never seen"),
        };
        return new TrainedTask(Context, task, "MadeUp", dataset, columns)
        {
            Seed = 17,
            Trials =
            [
                new Trial(Settings.Untouched, TrainingEffort.Quick, 0.52, Seconds: 4) { Shown = "2.11" },
                new Trial(new Settings("hidden size 128", []), TrainingEffort.Quick, double.NaN, Seconds: 9) { WasStopped = true },
                new Trial(Settings.Untouched, TrainingEffort.Default, 0.49, Seconds: 8) { Shown = "2.03" },
            ],
            Chosen = Settings.Untouched,
            Model = model,
            Saved = "network",
            MeasuredModel = model,
            TrainedOn = "all rows",
            Seen = seen,
            Unseen = scored,
            Scored = scored,
            Comparison = new Comparison(metrics, contenders, "network"),
            Table = columns.Time is null ? new Table([]) : TableOf(seen, scored, columns),
            // The report has nothing of them.
            Layout = null!,
            Code = null!,
            Settings = [new OptionChoice("WindowSize", "24", "two seasons"), new OptionChoice("HiddenSize", "64", "the default")],
            Elapsed = TimeSpan.FromSeconds(61.3),
        };
    }

    private static Table TableOf(IDataView seen, IDataView scored, TaskColumns columns)
    {
        string[] names = columns.Series is null ? [] : [.. All<string>(columns.Series)];
        Table table = new([TableColumn.OfNumbers(columns.Label!, [.. All<float>(columns.Label!)]),
            TableColumn.OfTimes(columns.Time!, [.. All<DateTime>(columns.Time!)])]);
        return columns.Series is null ? table : new Table([.. table.Columns, TableColumn.OfTexts(columns.Series, names)]);

        IEnumerable<T> All<T>(string name) => seen.GetColumn<T>(name).Concat(scored.GetColumn<T>(name));
    }

    private static IDataView Load<TRow>(IEnumerable<TRow> rows, Action<SchemaDefinition>? change = null)
        where TRow : class
    {
        var definition = SchemaDefinition.Create(typeof(TRow));
        change?.Invoke(definition);
        return Context.Data.LoadFromEnumerable([.. rows], definition);
    }

    private sealed class ForecastRow
    {
        public DateTime Time { get; set; }

        public string Series { get; set; } = "";

        public float Sales { get; set; }

        [VectorType(Horizon)]
        public float[] Forecast { get; set; } = [];

        [VectorType(Horizon)]
        public float[] Lower { get; set; } = [];

        [VectorType(Horizon)]
        public float[] Upper { get; set; } = [];
    }

    private sealed class TextRow
    {
        public string Kind { get; set; } = "";

        public string Said { get; set; } = "";

        public float[] Score { get; set; } = [];

        public string[] Words { get; set; } = [];

        public float[] Attention { get; set; } = [];
    }

    private sealed class LabelledRow
    {
        public string[] Words { get; set; } = [];

        public string[] Labels { get; set; } = [];

        public string[] Said { get; set; } = [];

        public float[] Score { get; set; } = [];
    }

    private sealed class ValueRow
    {
        public float Value { get; set; }

        public float Score { get; set; }
    }

    private sealed class WatchedRow
    {
        public DateTime Time { get; set; }

        public float Heat { get; set; }

        [VectorType(6)]
        public double[] Anomaly { get; set; } = [];
    }
}
