// Which item will a visitor of a shop look at next? A language model of items learns it from visits, and is compared with what sells most,
// and with what mostly follows the last item.
using Microsoft.ML;
using Microsoft.ML.Lstm;
using NextItem;

const int Best = 5;
var ml = new MLContext(seed: 1);
Visit[] visits = MadeUpVisits.Make(2400, seed: 1);
Visit[] past = visits[..2000], later = visits[2000..];

// Each visit is a text whose words are items. Sequences are learned from what a visitor has seen so far to what he sees next.
var pipeline = ml.Transforms.Conversion.MapValueToKey("Keys", nameof(Visit.Items))
    .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
    {
        FeatureColumnName = "Keys",
        HiddenSize = 48,
        NumberOfEpochs = 12,
        NumberOfPredictions = Best,
        ExcludeHistory = true,
    }));
Console.WriteLine($"Learning from {past.Length} visits, {past.Sum(visit => visit.Items.Length):N0} items ...");
var model = pipeline.Fit(ml.Data.LoadFromEnumerable(past));

// The last item of each later visit is to be found, by those before it.
Question[] questions = [.. later.Where(visit => visit.Items.Length > 1)
    .Select(visit => new Question { Items = visit.Items[..^1], Next = visit.Items[^1] })];
IDataView answers = model.Transform(ml.Data.LoadFromEnumerable(questions));
NextItemMetrics metrics = ml.MulticlassClassification.EvaluateNextItem(answers, labelColumnName: nameof(Question.Next));

var counts = new ItemCounts(past);
Console.WriteLine();
Console.WriteLine($"{"",-26} {"hit rate at 1",14} {$"at {Best}",8} {$"MRR at {Best}",10}");
Print("LSTM", metrics.HitRates[0], metrics.HitRates[^1], metrics.MeanReciprocalRank);
PrintSimple("what follows the last item", question => counts.Behind(question.Items[^1]));
PrintSimple("the most popular", _ => counts.Popular);

var names = ml.Transforms.Conversion.MapKeyToValue("Names", "PredictedLabel").Fit(answers).Transform(answers);
Console.WriteLine();
foreach (Answer answer in ml.Data.CreateEnumerable<Answer>(names, reuseRowObject: false).Take(4))
{
    Console.WriteLine(string.Join(" > ", answer.Items));
    var first = answer.Names.Zip(answer.Score).Take(3).Select(pair => $"{pair.First} {pair.Second:0 %}");
    Console.WriteLine($"    next: {string.Join(", ", first)}; it was {answer.Next}");
}
return 0;

void PrintSimple(string name, Func<Question, IEnumerable<string>> ranking)
{
    int[] ranks = [.. questions.Select(question => ranking(question).Except(question.Items).Take(Best).ToList().IndexOf(question.Next))];
    Print(name, ranks.Average(rank => rank == 0 ? 1.0 : 0), ranks.Average(rank => rank >= 0 ? 1.0 : 0),
        ranks.Average(rank => rank < 0 ? 0 : 1.0 / (rank + 1)));
}

void Print(string name, double atOne, double atBest, double reciprocal)
    => Console.WriteLine($"{name,-26} {atOne,14:0.000} {atBest,8:0.000} {reciprocal,10:0.000}");
