// Questions and answers: a model hears all that was said so far and says what comes next. What it learns by heart are the facts; what it
// has to understand is what a question such as "and a large one?" goes on from.
using System.CommandLine;
using Dialogue;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

var chat = new Option<bool>("--chat") { Description = "Talk to it afterwards, a line a question; an empty line begins anew." };
return Sample.Run(args, "Train an LSTM to answer questions.",
    "conversations, a line for each question and each answer in turn, and an empty line between two conversations",
    path => File.WriteAllLines(path, Cafe.MakeUp().SelectMany(one => one.Lines.Append(""))), Go, chat);

void Go(Sample sample)
{
    MLContext ml = sample.ML;
    Conversation[] all = sample.DataFile is { } file ? Conversation.Read(file) : [.. Cafe.MakeUp()];
    sample.Require(all.Length, 20, "conversations with an empty line between");
    int tested = Math.Min(300, all.Length / 5);
    HashSet<string> known = [.. all[tested..].SelectMany(one => one.Turns()).Select(KeyOf)];
    Turn[] train = [.. all[tested..].SelectMany(one => one.Turns())];
    Turn[] test = [.. all[..tested].SelectMany(one => one.Turns()).Where(turn => !known.Contains(KeyOf(turn)))];
    Console.WriteLine($"{train.Length:N0} answers to learn from; {test.Length} to give in conversations that are new.");

    var pipeline = ml.Transforms.Conversion.MapValueToKey("HeardKeys", nameof(Turn.Heard))
        .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Turn.Answer)))
        .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new LstmSequenceToSequenceTrainer.Options
        {
            FeatureColumnName = "HeardKeys",
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Reply.Said), "PredictedLabel"));
    ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(train));
    SequenceToSequenceMetrics metrics =
        ml.MulticlassClassification.EvaluateSequenceToSequence(model.Transform(ml.Data.LoadFromEnumerable(test)));

    using PredictionEngine<Turn, Reply> engine = ml.Model.CreatePredictionEngine<Turn, Reply>(model);
    List<string> said = [];
    foreach (string question in all[..tested].MaxBy(one => one.Lines.Length)!.Lines.Where((_, i) => i % 2 == 0))
        Console.WriteLine($"  {question,-44} {Ask(question)}");
    if (sample.Value(chat))
    {
        said.Clear();
        while (Console.ReadLine() is { } line)
        {
            if (line.Trim().Length > 0)
                Console.WriteLine(Ask(line));
            else
                said.Clear();
        }
    }

    var nearest = new NearestTurn(train);
    Sample.End(new Figure("answers right in every word", metrics.ExactMatch,
        test.Average(turn => nearest.Answer(turn).SequenceEqual(turn.Answer) ? 1.0 : 0), "what was answered to the nearest question"),
        "--chat, to talk to it, and conversations of your own, with --data");

    string Ask(string question)
    {
        said.Add(question);
        string answer = Words.Join(engine.Predict(new Turn { Heard = Conversation.Listen(said) }).Said);
        said.Add(answer);
        return answer;
    }
}

static string KeyOf(Turn turn) => string.Join(' ', turn.Heard);
