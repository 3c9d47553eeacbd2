using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Benchmarks;

/// <summary>Made-up rows of 24 steps of 7 numbers, as a day's measurements by the hour, and the model that scores them.</summary>
internal static class PipelineRows
{
    public const int Steps = 24;
    public const int Features = 7;
    public const int HiddenSize = 64;

    /// <summary>Bytes of a row's numbers and its label.</summary>
    public const long BytesOfRow = (Steps * Features + 1) * sizeof(float);

    private const int TrainingRows = 1000;

    public static Row[] Create(int count)
    {
        var random = new Random(1);
        Row[] rows = new Row[count];
        for (int i = 0; i < count; i++)
        {
            rows[i] = new Row { Features = new float[Steps * Features] };
            Fill(rows[i], random);
        }
        return rows;
    }

    /// <summary>Rows that are made when they are read, each in the place of the one before: nobody but the reader has them.</summary>
    public static IEnumerable<Row> Generate(int count)
    {
        var random = new Random(1);
        var row = new Row { Features = new float[Steps * Features] };
        for (int i = 0; i < count; i++)
        {
            Fill(row, random);
            yield return row;
        }
    }

    /// <summary>A network of one layer and direction, whose last state gives the score, and which a stream can follow.</summary>
    public static LstmRegressionTransformer TrainPlain(MLContext ml) => ml.Regression.Trainers.Lstm(new()
    {
        HiddenSize = HiddenSize,
        NumberOfLayers = 1,
        Bidirectional = false,
        Pooling = Pooling.Last,
        SkipSteps = 0,
        NumberOfEpochs = 1,
        Seed = 1,
    }).Fit(ml.Data.LoadFromEnumerable(Create(TrainingRows)));

    private static void Fill(Row row, Random random)
    {
        for (int i = 0; i < row.Features.Length; i++)
            row.Features[i] = random.NextSingle();
        row.Label = row.Features[0] + row.Features[^1];
    }

    internal sealed class Row
    {
        [VectorType(Steps, PipelineRows.Features)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    internal sealed class Prediction
    {
        public float Score { get; set; }
    }
}
