// Which page will a visitor of a web site open next? A language model whose words are pages says so after each click, and how sure it is:
// where it is sure enough, the page can be loaded while the visitor still reads.
using Microsoft.ML;
using Microsoft.ML.Lstm;
using NextItem;
using Shared;

return Sample.Run(args, "Train an LSTM to foresee the next page of a visit.", Site.Make, Go);

static void Go(Sample sample, Click[] clicks)
{
    const double sureEnough = 0.6;
    MLContext ml = sample.ML;
    // The clicks of a visit are in the order of the file; the last fifth of the visits is kept to test with.
    string[][] visits = [.. clicks.Where(click => click.Visit.Length > 0 && click.Page.Length > 0).GroupBy(click => click.Visit)
        .Select(visit => visit.Select(click => click.Page).ToArray()).Where(pages => pages.Length >= 2)];
    sample.Require(visits.Length, 50, "visits of two pages or more");
    string[][] past = visits[..^(visits.Length / 5)], later = visits[^(visits.Length / 5)..];
    Console.WriteLine($"Learning from {past.Length:N0} visits, {past.Sum(pages => pages.Length):N0} pages ...");

    var pipeline = ml.Transforms.Conversion.MapValueToKey("Features", nameof(Visit.Pages))
        .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new LstmLanguageModelTrainer.Options { NumberOfPredictions = 1 }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Foreseen.Next), "PredictedLabel"));
    ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(past.Select(pages => new Visit { Pages = pages })));

    // One visit as a web server sees it: a prediction after each click.
    using PredictionEngine<Visit, Foreseen> engine = ml.Model.CreatePredictionEngine<Visit, Foreseen>(model);
    string[] shown = later.MaxBy(pages => pages.Length)!;
    for (int clicked = 1; clicked < shown.Length; clicked++)
    {
        Foreseen next = engine.Predict(new Visit { Pages = shown[..clicked] });
        string load = next.Score[0] >= sureEnough ? "load " : "";
        Console.WriteLine($"  {shown[clicked - 1],-12} then {shown[clicked],-12} foreseen: {load}{next.Next[0]} {next.Score[0]:0 %}");
    }

    // All of them at once, beside the pages that mostly followed the last two.
    (string[] Pages, string Next)[] cases = [.. later.SelectMany(pages => Enumerable.Range(1, pages.Length - 1)
        .Select(i => (pages[..i], pages[i])))];
    IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(cases.Select(one => new Visit { Pages = one.Pages })));
    var counts = new NGrams(3, past);
    Guess[] learned = [.. ml.Data.CreateEnumerable<Foreseen>(scored, reuseRowObject: false)
        .Zip(cases, (foreseen, one) => new Guess(foreseen.Score[0], foreseen.Next[0] == one.Next))];
    Guess[] counted = [.. cases.Select(one => (counts.Next(one.Pages), one.Next))
        .Select(pair => new Guess(pair.Item1.Probability, pair.Item1.Token == pair.Next))];
    int loaded = Math.Max(1, learned.Count(guess => guess.Probability >= sureEnough));
    Console.WriteLine($"Of {cases.Length:N0} pages {learned.Count(guess => guess.IsRight):N0} were foreseen, "
        + $"{loaded:N0} loaded ahead of time.");
    Sample.End(new Figure("pages loaded ahead that were opened", RightOfSurest(learned), RightOfSurest(counted),
        "as many that mostly followed the last two"), "a log of your own, with --data; Recommendation shows what was not seen yet");

    double RightOfSurest(Guess[] guesses)
        => guesses.OrderByDescending(guess => guess.Probability).Take(loaded).Average(guess => guess.IsRight ? 1.0 : 0);
}
