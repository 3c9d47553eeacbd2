// What is my mother's brother's daughter to me? Paths of relations through a graph of facts, and the relation that leads from the beginning
// of a path to its end. The network is asked about paths that it has never seen, of relations that it has; beside it stands what mostly
// closes paths with the same end.
using KnowledgePaths;
using Microsoft.ML;
using Shared;

return Sample.Run(args, "Train an LSTM to find the next relation on paths of a graph.", Families.Make, Go);

static void Go(Sample sample, Fact[] facts)
{
    MLContext ml = sample.ML;
    Fact[] whole = Sample.Whole(facts, fact => fact.Head.Length > 0 && fact.Relation.Length > 0 && fact.Tail.Length > 0,
        "facts with something missing");
    sample.Require(whole.Length, 50, "whole facts");
    Walk[] walks = Walk.Draw(whole, count: 6000, new Random(1));
    // No path to test with has the same relations as one to learn from.
    string[] paths = [.. walks.Select(walk => walk.Path).Distinct().Order(StringComparer.Ordinal)];
    new Random(1).Shuffle(paths);
    HashSet<string> held = [.. paths.Take(paths.Length / 5)];
    Walk[] train = [.. walks.Where(walk => !held.Contains(walk.Path))], test = [.. walks.Where(walk => held.Contains(walk.Path))];
    sample.Require(test.Length, 20, "paths to test with, of 2 to 4 facts whose ends have a fact of their own");
    Console.WriteLine($"{whole.Length:N0} facts; {train.Length:N0} paths to learn from, {test.Length:N0} of other relations to test with.");

    var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Walk.Closing))
        .Append(ml.Transforms.Conversion.MapValueToKey("Features", nameof(Walk.Relations)))
        .Append(ml.MulticlassClassification.Trainers.Lstm())
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Closed.Guess), "PredictedLabel"));
    IDataView scored = pipeline.Fit(ml.Data.LoadFromEnumerable(train)).Transform(ml.Data.LoadFromEnumerable(test));
    foreach (Closed one in ml.Data.CreateEnumerable<Closed>(scored, reuseRowObject: false).Where(one => one.Relations.Length > 2).Take(5))
        Console.WriteLine($"  {string.Join(" > ", one.Relations),-48} {one.Guess} ({one.Score.Max():0 %}); it was {one.Closing}");

    // What mostly closes paths that end on the same two relations, or else on the last one.
    var usual = new Usual<string>(train.SelectMany(walk => new[] { (End(walk, 2), walk.Closing), (End(walk, 1), walk.Closing) }));
    double simple = test.Average(walk => usual.Of(End(walk, usual.Knows(End(walk, 2)) ? 2 : 1)) == walk.Closing ? 1.0 : 0);
    Sample.End(new Figure("next relations right", ml.MulticlassClassification.Evaluate(scored).MicroAccuracy, simple,
        "what mostly closes paths with the same last two relations"),
        "a graph of your own, with --data; EncodingColumnName gives a vector for each path, as features of another trainer");
}

static string End(Walk walk, int count) => string.Join(' ', walk.Relations.TakeLast(count));
