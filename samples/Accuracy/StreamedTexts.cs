using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy;

/// <summary>
/// Trains on a text file that is read again in each epoch, through a buffer of bounded size, and reports the peak memory.
/// </summary>
internal static class StreamedTexts
{
    private const int Vocabulary = 20_000;
    private const int TestRows = 5_000;

    public static void Run(int rows, int megabytes, int? threads)
    {
        string train = Path.GetTempFileName(), test = Path.GetTempFileName();
        try
        {
            Write(train, rows, new Random(1));
            Write(test, TestRows, new Random(2));
            Console.WriteLine($"{rows} texts, {new FileInfo(train).Length / 1e6:0} MB; a buffer of {megabytes} MB");
            var clock = Stopwatch.StartNew();
            double accuracy = Measure(train, test, megabytes, threads);
            double seconds = clock.Elapsed.TotalSeconds;
            using var self = Process.GetCurrentProcess();
            Console.WriteLine($"accuracy {100 * accuracy:0.00} in {seconds:0} s; resident memory at the most "
                + $"{self.PeakWorkingSet64 / 1e6:0} MB");
        }
        finally
        {
            File.Delete(train);
            File.Delete(test);
        }
    }

    private static double Measure(string train, string test, int megabytes, int? threads)
    {
        var ml = new MLContext(seed: 1);
        var pipeline = ml.Transforms.Text.NormalizeText(nameof(Line.Text))
            .Append(ml.Transforms.Text.TokenizeIntoWords(nameof(Line.Text)))
            .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Line.Text)))
            .Append(ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
            {
                FeatureColumnName = nameof(Line.Text),
                StreamingBufferMegabytes = megabytes,
                NumberOfEpochs = 2,
                NumberOfThreads = threads,
            }));
        ITransformer model = pipeline.Fit(ml.Data.LoadFromTextFile<Line>(train));
        return ml.BinaryClassification.Evaluate(model.Transform(ml.Data.LoadFromTextFile<Line>(test))).Accuracy;
    }

    /// <summary>
    /// Texts of 5 to 60 words, a few common and most rare, as in a language. One percent of the words praise and as many blame; the label
    /// says which are the more.
    /// </summary>
    private static void Write(string path, int rows, Random random)
    {
        using var file = new StreamWriter(path);
        for (int row = 0; row < rows;)
        {
            int[] words = [.. Enumerable.Range(0, random.Next(5, 61)).Select(_ => (int)Math.Pow(Vocabulary, random.NextDouble()))];
            int praise = words.Sum(word => (word % 100) switch { 7 => 1, 8 => -1, _ => 0 });
            if (praise == 0)
                continue;
            file.WriteLine($"{(praise > 0 ? 1 : 0)}\t{string.Join(' ', words.Select(word => $"word{word}"))}");
            row++;
        }
    }

    private sealed class Line
    {
        [LoadColumn(0)]
        public bool Label { get; set; }

        [LoadColumn(1)]
        public string Text { get; set; } = "";
    }
}
