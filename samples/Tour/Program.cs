// The whole life of a model, for who is new to all of this: train, evaluate, save, load, export, explain, serve. A pump tells its flow and
// its current; will it be blocked within the hour?
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;
using Tour;

return Sample.Run(args, "Walk through the life of a model: from data to a service.", PumpHour.Make, Go);

static void Go(Sample sample, PumpHour[] hours)
{
    MLContext ml = sample.ML;
    sample.Require(hours.Length, 100, "hours");
    PumpReadings[] rows = [.. hours.Select(PumpReadings.Of)];
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(rows), testFraction: 0.25);

    Say("1. Train", "A trainer reads a sequence a row. What is not said is chosen by the data; the report tells what, and why.");
    var model = ml.BinaryClassification.Trainers.Lstm().Fit(split.TrainSet);
    TrainingReport report = model.TrainingReport!;
    Console.WriteLine($"   {report.NumberOfEpochs} epochs. The first choices:");
    foreach (OptionChoice choice in report.Choices.Take(3))
        Console.WriteLine($"   {choice.Option} = {choice.Value}: {choice.Reason}");

    Say("2. Evaluate", "On rows that it has not seen, by ML.NET's own evaluator.");
    CalibratedBinaryClassificationMetrics metrics = ml.BinaryClassification.Evaluate(model.Transform(split.TestSet));
    Console.WriteLine($"   accuracy {metrics.Accuracy:0.000}, area under the ROC curve {metrics.AreaUnderRocCurve:0.000}");

    Say("3. Save, and 4. load", "A model.zip as any of ML.NET's: the program that loads it need not name this library.");
    string zip = Path.Combine(sample.Folder, "pump.zip"), onnx = Path.Combine(sample.Folder, "pump.onnx");
    ml.Model.Save(model, split.TrainSet.Schema, zip);
    ITransformer loaded = ml.Model.Load(zip, out _);
    Console.WriteLine($"   {zip}: {new FileInfo(zip).Length / 1024} KB, {Agreement(loaded)}");

    Say("5. Export", "The network with its scaling, for ONNX Runtime in any language; it comes back, too.");
    using (FileStream file = File.Create(onnx))
        model.ExportToOnnx(file);
    Console.WriteLine($"   {onnx}: {new FileInfo(onnx).Length / 1024} KB, {Agreement(ml.Model.LoadLstmFromOnnx(onnx))}");

    Say("6. Explain", "Which moments of an hour speak for a blocked pump? The likeliest hour of the test rows:");
    PumpReadings[] tests = [.. ml.Data.CreateEnumerable<PumpReadings>(split.TestSet, reuseRowObject: false)];
    float[] probabilities = Probabilities(model);
    PumpReadings likeliest = tests[Array.IndexOf(probabilities, probabilities.Max())];
    IDataView explained = model.Explain(ml, ml.Data.LoadFromEnumerable([likeliest]));
    float[] moments = explained.GetColumn<float[]>("StepAttribution").Single();
    Draw("flow   ", [.. likeliest.Features.Where((_, i) => i % 2 == 0)]);
    Draw("current", [.. likeliest.Features.Where((_, i) => i % 2 == 1)]);
    Draw("speaks ", [.. moments.Select(moment => Math.Max(0, moment))]);

    Say("7. Serve", "The loaded model answers over HTTP.");
    using (var service = new Service(ml, loaded))
    {
        float answer = service.AskAsync(likeliest).GetAwaiter().GetResult();
        Console.WriteLine($"   POST {service.Address} -> {answer:0.000}, {(answer == probabilities.Max() ? "as above" : "NOT AS ABOVE")}");
    }

    // Means, deviations and last values by ML.NET's trees would not see what comes at the same time; give a linear trainer all readings.
    var linear = ml.BinaryClassification.Trainers.LbfgsLogisticRegression().Fit(split.TrainSet);
    Sample.End(new Figure("accuracy", metrics.Accuracy, ml.BinaryClassification.Evaluate(linear.Transform(split.TestSet)).Accuracy,
        "a logistic regression on all readings"), "a sample that is nearer to your task: samples/README.md");

    string Agreement(ITransformer other) =>
        Probabilities(other).SequenceEqual(Probabilities(model)) ? "the same probabilities to the last bit" : "OTHER PROBABILITIES";

    float[] Probabilities(ITransformer of) => [.. of.Transform(split.TestSet).GetColumn<float>("Probability")];
}

static void Say(string step, string what)
{
    Console.WriteLine();
    Console.WriteLine($"{step}. {what}");
}

// A line of text as a chart.
static void Draw(string name, float[] values)
{
    const string heights = " .:-=+*#%@";
    float least = values.Min(), range = Math.Max(values.Max() - least, 1e-6f);
    Console.WriteLine($"   {name} {string.Concat(values.Select(value => heights[(int)((value - least) / range * (heights.Length - 1))]))}");
}
