using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Transforms.Onnx;

namespace Benchmarks;

/// <summary>
/// The way of rows through ML.NET: what Transform costs beside the engine alone and beside OnnxTransformer, a PredictionEngine's call
/// beside the steps of a stream, and the memory of Fit.
/// </summary>
internal static class Pipeline
{
    public const string ScoreCommand = "score-rows";
    public const string FitCommand = "fit-rows";

    private const int Turns = 20;
    private const int BatchRows = 256;

    // How many of a turn's rows OnnxTransformer has, which goes row by row: one in this many.
    private const int ShareOfOnnx = 10;
    private const int CallsOfTurn = 2000;

    // Enough for a training that runs all code.
    private const int FewRows = 1000;
    private const double ScoreTolerance = 1e-4;

    /// <summary>Runs everything, each number of threads and each training in a process of its own.</summary>
    public static void Run(int rows, IReadOnlyList<int> threads)
    {
        foreach (int count in threads)
        {
            // What .NET takes for the number of processors is how many threads ML.NET and the library use.
            using Process process = ChildProcess.StartWith(new() { ["DOTNET_PROCESSOR_COUNT"] = Text(count) },
                ScoreCommand, Text(rows));
            Copy(process);
        }
        double empty = PeakOfFit(rows: 0), full = PeakOfFit(rows);
        double data = (double)rows * PipelineRows.BytesOfRow;
        Console.WriteLine();
        Console.WriteLine($"Fit on {rows} rows, {data / 1e6:0} MB: at the most {full / 1e6:0} MB resident, {empty / 1e6:0} MB without "
            + $"rows: {(full - empty) / data:0.00} times the data");
    }

    /// <summary>In the new process: scores the rows, contender by contender in turns, and single rows.</summary>
    public static void Score(int rows)
    {
        int threads = Environment.ProcessorCount;
        var ml = new MLContext(seed: 1);
        LstmRegressionTransformer model = PipelineRows.TrainPlain(ml);
        PipelineRows.Row[] data = PipelineRows.Create(rows);
        string folder = Directory.CreateTempSubdirectory("lstm-pipeline-").FullName;
        try
        {
            Console.WriteLine();
            Console.WriteLine($"{rows} rows of {PipelineRows.Steps} x {PipelineRows.Features}, H {PipelineRows.HiddenSize}, "
                + $"{threads} thread{(threads == 1 ? "" : "s")}. Ratios are times as long as the engine, medians of {Turns} turns.");
            Console.WriteLine($"{"",-24}{"us a row",10}{"processor us",14}{"ratio",8}");
            MeasureBatches(Contenders(ml, model, folder, threads), data);
            if (threads == 1)
                MeasureCalls(ml, model, data, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>In the new process: trains on rows that are nowhere but in the trainer, and prints the peak of resident memory.</summary>
    public static void Fit(int rows)
    {
        var ml = new MLContext(seed: 1);
        var trainer = ml.Regression.Trainers.Lstm(new()
        {
            HiddenSize = PipelineRows.HiddenSize,
            NumberOfEpochs = 1,
            Seed = 1,
        });
        trainer.Fit(ml.Data.LoadFromEnumerable(PipelineRows.Create(FewRows)));
        if (rows > 0)
            trainer.Fit(ml.Data.LoadFromEnumerable(PipelineRows.Generate(rows)));
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(self.PeakWorkingSet64);
    }

    private static IReadOnlyList<Contender> Contenders(MLContext ml, LstmRegressionTransformer model, string folder, int threads)
    {
        string file = Path.Combine(folder, "model.onnx");
        using (FileStream stream = File.Create(file))
            model.ExportToOnnx(stream);
        var options = new OnnxOptions
        {
            InputColumns = [nameof(PipelineRows.Row.Features)],
            OutputColumns = [nameof(PipelineRows.Prediction.Score)],
            ModelFile = file,
            ShapeDictionary = new Dictionary<string, int[]>
            {
                [nameof(PipelineRows.Row.Features)] = [1, PipelineRows.Steps, PipelineRows.Features],
            },
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
        };
        ITransformer onnx = ml.Transforms.ApplyOnnxModel(options).Fit(ml.Data.LoadFromEnumerable(PipelineRows.Create(1)));
        var scorer = new SequenceScorer(new ScoringNetwork(model.Model.Network), threads);
        return
        [
            new Contender("engine", rows => ScoreByEngine(scorer, rows)),
            new Contender("Transform", rows => ScoresOf(model.Transform(ml.Data.LoadFromEnumerable(rows)))),
            new Contender("Transform, shuffled", rows => ScoresOf(model.Transform(ml.Data.LoadFromEnumerable(rows)), new Random(1)))
            {
                IsShuffled = true,
            },
            new Contender($"a set of {threads} cursors", rows => ScoresOfSet(model.Transform(ml.Data.LoadFromEnumerable(rows)), threads))
            {
                IsShuffled = true,
            },
            new Contender("OnnxTransformer", rows => ScoresOfVectors(onnx.Transform(ml.Data.LoadFromEnumerable(rows))))
            {
                Share = ShareOfOnnx,
            },
        ];
    }

    private static void MeasureBatches(IReadOnlyList<Contender> contenders, PipelineRows.Row[] data)
    {
        int size = Math.Max(data.Length / Turns, 1);
        var warm = new ArraySegment<PipelineRows.Row>(data, 0, size);
        float[] expected = contenders[0].Score(warm);
        foreach (Contender contender in contenders)
            contender.Check(warm, expected);
        for (int begin = 0; begin < data.Length; begin += size)
        {
            var rows = new ArraySegment<PipelineRows.Row>(data, begin, Math.Min(size, data.Length - begin));
            foreach (Contender contender in contenders)
                contender.Run(rows);
        }
        foreach (Contender contender in contenders)
        {
            double ratio = Statistics.Median([.. contender.Times.Zip(contenders[0].Times, (one, engine) => one / engine)]);
            Console.WriteLine($"{contender.Name,-24}{Statistics.Median(contender.Times) * 1e6,10:0.00}"
                + $"{Statistics.Median(contender.ProcessorTimes) * 1e6,14:0.00}{ratio,8:0.00}");
        }
    }

    /// <summary>One row a call: a stream that takes its steps, and a PredictionEngine.</summary>
    private static void MeasureCalls(MLContext ml, LstmRegressionTransformer model, PipelineRows.Row[] data, string folder)
    {
        string file = Path.Combine(folder, "model.zip");
        ml.Model.Save(model, ml.Data.LoadFromEnumerable(data[..1]).Schema, file);
        SequencePredictor stream = SequencePredictor.Load(file);
        var engine = ml.Model.CreatePredictionEngine<PipelineRows.Row, PipelineRows.Prediction>(model);
        var prediction = new PipelineRows.Prediction();
        var rows = new ArraySegment<PipelineRows.Row>(data, 0, Math.Min(CallsOfTurn, data.Length));
        Contender[] contenders =
        [
            new("a stream's steps", rows => [.. rows.Select(Follow)]),
            new("PredictionEngine", rows => [.. rows.Select(Predict)]),
        ];
        float[] expected = contenders[0].Score(rows);
        foreach (Contender contender in contenders)
            contender.Check(rows, expected);
        for (int turn = 0; turn < Turns; turn++)
        {
            foreach (Contender contender in contenders)
                contender.Run(rows);
        }
        Console.WriteLine();
        foreach (Contender contender in contenders)
        {
            double ratio = Statistics.Median([.. contender.Times.Zip(contenders[0].Times, (one, other) => one / other)]);
            Console.WriteLine($"{contender.Name,-24}{Statistics.Median(contender.Times) * 1e6,10:0.00}"
                + $"{Statistics.Median(contender.ProcessorTimes) * 1e6,14:0.00}{ratio,8:0.00}");
        }

        float Follow(PipelineRows.Row row)
        {
            stream.ResetStream();
            ReadOnlySpan<float> scores = [];
            for (int t = 0; t < PipelineRows.Steps; t++)
                scores = stream.Step(row.Features.AsSpan(t * PipelineRows.Features, PipelineRows.Features));
            return scores[0];
        }

        float Predict(PipelineRows.Row row)
        {
            engine.Predict(row, ref prediction);
            return prediction.Score;
        }
    }

    private static float[] ScoreByEngine(SequenceScorer scorer, ArraySegment<PipelineRows.Row> rows)
    {
        float[] scores = new float[rows.Count];
        for (int begin = 0; begin < rows.Count; begin += BatchRows)
        {
            scorer.Clear();
            foreach (PipelineRows.Row row in rows.Slice(begin, Math.Min(BatchRows, rows.Count - begin)))
                row.Features.CopyTo(scorer.AddSequence(PipelineRows.Steps));
            scorer.Score();
            for (int i = 0; i < scorer.Count; i++)
                scores[begin + i] = scorer.Output(i)[0];
        }
        return scores;
    }

    private static float[] ScoresOf(IDataView scored, Random? random = null)
    {
        DataViewSchema.Column column = scored.Schema[nameof(PipelineRows.Prediction.Score)];
        using DataViewRowCursor cursor = scored.GetRowCursor([column], random);
        return ScoresOf(cursor, column);
    }

    private static float[] ScoresOfSet(IDataView scored, int cursors)
    {
        DataViewSchema.Column column = scored.Schema[nameof(PipelineRows.Prediction.Score)];
        Task<float[]>[] tasks = [.. scored.GetRowCursorSet([column], cursors).Select(cursor => Task.Factory.StartNew(() =>
        {
            using (cursor)
                return ScoresOf(cursor, column);
        }, TaskCreationOptions.LongRunning))];
        return [.. tasks.SelectMany(task => task.Result)];
    }

    private static float[] ScoresOf(DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        ValueGetter<float> get = cursor.GetGetter<float>(column);
        var scores = new List<float>();
        float score = 0;
        while (cursor.MoveNext())
        {
            get(ref score);
            scores.Add(score);
        }
        return [.. scores];
    }

    private static float[] ScoresOfVectors(IDataView scored)
        => [.. scored.GetColumn<VBuffer<float>>(nameof(PipelineRows.Prediction.Score)).Select(score => score.GetItemOrDefault(0))];

    private static double PeakOfFit(int rows)
    {
        using Process process = ChildProcess.Start(FitCommand, Text(rows));
        string peak = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.Parse(peak, CultureInfo.InvariantCulture);
    }

    private static void Copy(Process process)
    {
        while (process.StandardOutput.ReadLine() is { } line)
            Console.WriteLine(line);
        process.WaitForExit();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A way to score rows, with the seconds a row of each of its turns.</summary>
    private sealed record Contender(string Name, Func<ArraySegment<PipelineRows.Row>, float[]> Score)
    {
        /// <summary>Whether the scores come in an order of their own.</summary>
        public bool IsShuffled { get; init; }

        /// <summary>Of how many rows it scores one.</summary>
        public int Share { get; init; } = 1;

        public List<double> Times { get; } = [];

        public List<double> ProcessorTimes { get; } = [];

        public void Run(ArraySegment<PipelineRows.Row> rows)
        {
            rows = PartOf(rows);
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            Score(rows);
            Times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds / rows.Count);
            ProcessorTimes.Add((Environment.CpuUsage.TotalTime - processor).TotalSeconds / rows.Count);
        }

        /// <summary>Warms up, and compares the scores.</summary>
        public void Check(ArraySegment<PipelineRows.Row> rows, float[] expected)
        {
            rows = PartOf(rows);
            float[] scores = Score(rows);
            if (IsShuffled)
            {
                Array.Sort(scores);
                expected = [.. expected.Order()];
            }
            double difference = scores.Length == rows.Count
                ? scores.Zip(expected, (score, other) => Math.Abs((double)score - other)).Max()
                : double.NaN;
            if (!(difference <= ScoreTolerance))
                throw new InvalidOperationException($"{Name} scores otherwise than the engine: the largest difference is {difference}.");
        }

        private ArraySegment<PipelineRows.Row> PartOf(ArraySegment<PipelineRows.Row> rows)
            => rows.Slice(0, Math.Max(rows.Count / Share, 1));
    }
}
