// What to show a visitor? A shop's log, a row for each look, becomes a history for each visitor; a language model whose words are items
// learns what comes next, and recommends the five that are the likeliest among those not seen yet.
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Recommendation;
using Shared;

return Sample.Run(args, "Train an LSTM to recommend the next item of a visit.", Shop.Make, Go);

static void Go(Sample sample, Look[] looks)
{
    const int shown = 5;
    MLContext ml = sample.ML;
    // Whole visits, in the order of time; the last fifth of the visitors is kept to test with.
    string[][] visits = [.. looks.Where(look => look.Visitor.Length > 0 && look.Item.Length > 0).GroupBy(look => look.Visitor)
        .OrderBy(visitor => visitor.Min(look => look.Time))
        .Select(visitor => visitor.OrderBy(look => look.Time).Select(look => look.Item).ToArray())
        .Where(items => items.Length >= 2)];
    sample.Require(visits.Length, 50, "visitors who looked at two items or more");
    string[][] past = visits[..^(visits.Length / 5)], later = visits[^(visits.Length / 5)..];
    Console.WriteLine($"Learning from {past.Length:N0} visitors, {past.Sum(items => items.Length):N0} looks ...");

    var pipeline = ml.Transforms.Conversion.MapValueToKey("Features", nameof(History.Items))
        .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new LstmLanguageModelTrainer.Options
        {
            NumberOfPredictions = shown,
            ExcludeHistory = true,
        }));
    ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(past.Select(items => new History { Items = items })));

    // Each look but the first is to be foreseen by those before it.
    History[] histories = [.. later.SelectMany(items => Enumerable.Range(1, items.Length - 1).Select(i =>
        new History { Items = items[..i], Next = items[i] }))];
    IDataView answers = model.Transform(ml.Data.LoadFromEnumerable(histories));
    NextItemMetrics metrics = ml.MulticlassClassification.EvaluateNextItem(answers, labelColumnName: nameof(History.Next));
    IDataView named = ml.Transforms.Conversion.MapKeyToValue(nameof(Shown.Recommended), "PredictedLabel").Fit(answers).Transform(answers);
    foreach (Shown one in ml.Data.CreateEnumerable<Shown>(named, reuseRowObject: false).Where(one => one.Items.Length == 3).Take(3))
        Console.WriteLine($"  {string.Join(" > ", one.Items)}\n      show {string.Join(", ", one.Recommended)}; it was {one.Next}");
    Console.WriteLine($"The next look is the first of those shown in {metrics.HitRates[0]:P1} of the cases.");

    var counts = new LookCounts(past);
    Console.WriteLine($"Among the {shown} most popular that were not seen it is in {HitRate(_ => counts.Popular):P1}.");
    Sample.End(new Figure($"hit rate at {shown}", metrics.HitRate, HitRate(history => counts.Behind(history.Items[^1])),
        "what mostly follows the last item"),
        "a log of your own, with --data; what else the language model can do: docs/tasks/generation.md");

    double HitRate(Func<History, IEnumerable<string>> ranking) => histories.Average(history =>
        ranking(history).Except(history.Items).Take(shown).Contains(history.Next) ? 1.0 : 0);
}
