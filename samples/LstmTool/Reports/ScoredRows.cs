using LstmTool.Tasks;
using Microsoft.ML;

namespace LstmTool.Reports;

/// <summary>Scored rows, read once: what came and what the model said. What a task does not have is null in each row.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Classes">The names of the classes, in the order of the probabilities; empty where there are none.</param>
/// <param name="HasMore">Whether there are more rows than were read.</param>
internal sealed record ScoredRows(IReadOnlyList<ScoredRow> Rows, IReadOnlyList<string> Classes, bool HasMore)
{
    // Enough for any figure, and little enough for any memory.
    private const int MostRows = 100_000;

    public static ScoredRows Read(IDataView data, TaskColumns columns)
    {
        string?[] named = [columns.Label, columns.TrainerLabel, columns.Words, columns.Time, columns.Series, columns.Forecast,
            columns.Lower, columns.Upper, columns.PredictedLabel, columns.Score, columns.Anomaly, columns.Attention];
        DataViewSchema.Column[] used = [.. named.OfType<string>().Distinct().Select(data.Schema.GetColumnOrNull)
            .OfType<DataViewSchema.Column>()];
        using DataViewRowCursor cursor = data.GetRowCursor(used);
        Func<string[]?> labels = CellReader.Texts(cursor, columns.Label ?? columns.TrainerLabel);
        Func<float[]?> numbers = CellReader.Numbers(cursor, columns.Label);
        Func<string[]?> words = CellReader.Texts(cursor, columns.Words), predicted = CellReader.Texts(cursor, columns.PredictedLabel);
        Func<DateTime?> time = CellReader.Time(cursor, columns.Time);
        Func<string[]?> series = CellReader.Texts(cursor, columns.Series);
        Func<float[]?> forecast = CellReader.Numbers(cursor, columns.Forecast), lower = CellReader.Numbers(cursor, columns.Lower),
            upper = CellReader.Numbers(cursor, columns.Upper), score = CellReader.Numbers(cursor, columns.Score),
            anomaly = CellReader.Numbers(cursor, columns.Anomaly), attention = CellReader.Numbers(cursor, columns.Attention);
        var rows = new List<ScoredRow>();
        while (rows.Count < MostRows && cursor.MoveNext())
        {
            rows.Add(new ScoredRow
            {
                Position = rows.Count,
                Labels = labels(),
                Value = numbers() is [float value] ? value : float.NaN,
                Words = words(),
                Predicted = predicted(),
                Time = time(),
                Series = series() is [string name] ? name : "",
                Forecast = forecast(),
                Lower = lower(),
                Upper = upper(),
                Score = score(),
                Anomaly = anomaly(),
                Attention = attention(),
            });
        }
        bool hasMore = rows.Count == MostRows && cursor.MoveNext();
        return new ScoredRows(rows, CellReader.SlotNames(data.Schema, columns.Score), hasMore);
    }
}

/// <summary>A scored row.</summary>
internal sealed class ScoredRow
{
    /// <summary>Where it is among the rows, from 0.</summary>
    public required int Position { get; init; }

    /// <summary>The label as text; several where each step has one.</summary>
    public string[]? Labels { get; init; }

    /// <summary>The label as a number, NaN where it is none.</summary>
    public float Value { get; init; } = float.NaN;

    public string[]? Words { get; init; }

    /// <summary>The predicted label, or the label of each step.</summary>
    public string[]? Predicted { get; init; }

    public DateTime? Time { get; init; }

    public string Series { get; init; } = "";

    public float[]? Forecast { get; init; }

    public float[]? Lower { get; init; }

    public float[]? Upper { get; init; }

    /// <summary>A value, or the probability of each class.</summary>
    public float[]? Score { get; init; }

    /// <summary>Alert, score, p-value, expected value, upper and lower bound.</summary>
    public float[]? Anomaly { get; init; }

    public float[]? Attention { get; init; }
}
