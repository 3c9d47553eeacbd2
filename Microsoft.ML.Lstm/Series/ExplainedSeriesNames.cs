using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Explanations;

namespace Microsoft.ML.Lstm.Series;

/// <summary>The names of what a forecasting network reads at a step, for annotations of what explains it.</summary>
/// <param name="model">The model.</param>
/// <param name="bound">Its columns in the data.</param>
/// <param name="columns">The names of its columns.</param>
/// <param name="interval">The time between rows; null where there are no times.</param>
internal sealed class ExplainedSeriesNames(ForecastModel model, BoundSeriesColumns bound, SeriesColumns columns, RowInterval? interval)
{
    /// <summary>The names of the numbers of a step, as <see cref="ForecastExplainer"/> orders them.</summary>
    public string[] OfStep
    {
        get
        {
            ForecastLayout layout = model.Layout;
            string[] numbers = [.. bound.Numbers.SelectMany(NamesOf)];
            string[] known = numbers[(layout.Targets + layout.PastCovariates)..];
            string[] names =
            [
                .. numbers[..layout.Targets].SelectMany(target
                    => Enumerable.Range(0, ForecastExplainer.LagsOf(model)).Select(lag => lag == 0 ? target : $"{target} t-{lag}")),
                .. numbers[layout.Targets..],
                .. Enumerable.Range(1, layout.Horizon).SelectMany(ahead => known.Select(name => $"{name} t+{ahead}")),
                .. interval?.FeatureNames.Select((cycle, i) => $"calendar {cycle} {i % 4}") ?? [],
                .. Enumerable.Range(1, layout.ThetaSeason is null ? 0 : layout.Horizon).SelectMany(ahead
                    => numbers[..layout.Targets].Select(target => $"theta forecast of {target} t+{ahead}")),
                .. numbers[..(layout.Targets + layout.PastCovariates)].Select(name => $"{name} missing"),
            ];
            int embeddings = model.Network.Shape.Embeddings.Count;
            return [.. names[..(ForecastExplainer.StepSizeOf(model) - embeddings)], .. embeddings > 0 ? new[] { columns.Series! } : []];
        }
    }

    /// <summary>The names of the static features.</summary>
    public string[] OfStatics => bound.Statics is { } statics ? [.. NamesOf(statics)] : [];

    private static IEnumerable<string> NamesOf(DataViewSchema.Column column)
    {
        int size = NumberReader.SizeOf(column.Type);
        string[]? slots = SlotNames.Of(column);
        return Enumerable.Range(0, size).Select(i
            => slots is not null && slots[i] != "" ? slots[i] : size == 1 ? column.Name : $"{column.Name}[{i}]");
    }
}
