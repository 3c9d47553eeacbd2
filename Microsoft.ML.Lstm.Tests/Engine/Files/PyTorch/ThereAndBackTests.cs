using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>A network that is trained here, trained on in PyTorch by docs/there_and_back.py, brought back, and trained on here.</summary>
[TestClass]
public sealed class ThereAndBackTests
{
    private const int Steps = 10;
    private const int FeaturesPerStep = 2;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("pytorch")]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Gru)]
    public void TrainingGoesOnOnBothSides(CellType cell)
    {
        string? python = Acceptance.IsFull ? PythonProgram.Find() : null;
        if (python is null)
            Assert.Inconclusive("build/accept.sh pytorch trains on in PyTorch, where there is a python3 with torch.");
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            var ml = new MLContext(seed: 1);
            Row[] rows = MakeRows(400);
            IDataView data = ml.Data.LoadFromEnumerable(rows);
            var options = new LstmRegressionTrainer.Options
            {
                CellType = cell,
                FeaturesPerStep = FeaturesPerStep,
                HiddenSize = 12,
                NumberOfEpochs = 3,
                SkipSteps = 0,
                Seed = 1,
            };
            LstmRegressionTransformer first = ml.Regression.Trainers.Lstm(options).Fit(data);
            double here = Error(first.Transform(data));
            string there = Path.Combine(folder, "net.safetensors"), table = Path.Combine(folder, "rows.csv"),
                back = Path.Combine(folder, "back.pt");
            first.Model.SavePyTorch(there);
            File.WriteAllLines(table, rows.Select(row => string.Join(',',
                row.Features.Prepend(row.Label).Select(value => value.ToString("R", CultureInfo.InvariantCulture)))));

            (int code, string output) = PythonProgram.Run(python, Path.Combine(SourceTests.Root, "docs", "there_and_back.py"), there, table,
                back);
            Assert.AreEqual(0, code, output);
            double before = Printed("before"), after = Printed("after");
            TestContext.WriteLine($"{cell}: {here} here, {before} to {after} there");
            Assert.AreEqual(1, before / here, 1e-3);
            Assert.IsLessThan(0.8 * before, after);

            SequenceModelParameters brought = SequenceModelParameters.LoadPyTorch(back);
            double arrived = Error(ml.Transforms.ApplyLstmModel(new() { Model = brought }).Fit(data).Transform(data));
            Assert.AreEqual(1, arrived / after, 1e-3);
            options.NumberOfEpochs = 10;
            LstmRegressionTransformer last = ml.Regression.Trainers.Lstm(options).Fit(data, validationData: null, brought);
            double end = Error(last.Transform(data));
            TestContext.WriteLine($"{arrived} back here, {end} in the end");
            // Adam begins anew with steps of its own size, and rows are held out: the error may rise above PyTorch's, not to where it left.
            Assert.IsLessThan(here, end);

            double Printed(string name) => double.Parse(
                output.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ')[1],
                CultureInfo.InvariantCulture);

            double Error(IDataView scored) => rows
                .Zip(scored.Schema["Score"].Type is VectorDataViewType
                    ? scored.GetColumn<float[]>("Score").Select(values => values[0])
                    : scored.GetColumn<float>("Score"))
                .Average(pair => Math.Pow((double)pair.First.Label - pair.Second, 2));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // What is to be predicted takes some training: the last steps count more.
    private static Row[] MakeRows(int count)
    {
        var random = new Random(1);
        var rows = new Row[count];
        for (int i = 0; i < count; i++)
        {
            float[] features = [.. Enumerable.Range(0, Steps * FeaturesPerStep).Select(_ => 50 + 10 * random.NextSingle())];
            double sum = 0;
            for (int step = 0; step < Steps; step++)
                sum += step * (features[step * FeaturesPerStep] - 55) * (features[step * FeaturesPerStep + 1] - 55);
            rows[i] = new Row { Features = features, Label = (float)(100 + sum / 20) };
        }
        return rows;
    }

    private sealed class Row
    {
        public float Label { get; set; }

        [VectorType(Steps * FeaturesPerStep)]
        public float[] Features { get; set; } = [];
    }
}
