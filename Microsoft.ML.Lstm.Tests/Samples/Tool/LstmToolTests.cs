using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Onnx.Import;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>The command lstm-ml, run as users run it.</summary>
[TestClass]
public sealed class LstmToolTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void ForecastsAndWritesAModelWithItsProject()
    {
        string file = WriteSales(rows: 200);
        string output = Run(0, "forecasting", "--dataset", file, "--label-col", "Sold", "--horizon", "3", "--train-time", "60");
        StringAssert.Contains(output, "time: column 'Day'");
        StringAssert.Contains(output, "that nothing was trained on or chosen by");
        StringAssert.Contains(output, "seasonal naive");

        string project = Path.Combine(_folder, "SampleForecasting");
        CollectionAssert.IsSubsetOf(
            new[]
            {
                "Program.cs", "SampleForecasting.consumption.cs", "SampleForecasting.csproj", "SampleForecasting.training.cs", "model.zip",
                "lstm-ml.json",
            },
            Directory.GetFiles(project).Select(path => Path.GetFileName(path)).ToArray());
        var ml = new MLContext(1);
        ITransformer model = ml.Model.Load(Path.Combine(project, "model.zip"), out DataViewSchema schema);
        StringAssert.Contains(output, "Next: ");
        CollectionAssert.AreEquivalent(new[] { "Day", "Sold" }, schema.Select(column => column.Name).ToArray());
        // The model knows all rows: the week goes on.
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(project, "lstm-ml.json")));
        float[] next = [.. ((LstmForecastingTransformer)model).Forecast().GetColumn<float>("Forecast")];
        Assert.HasCount(3, next);
        for (int step = 0; step < 3; step++)
            Assert.AreEqual(SoldOn(200 + step), next[step], 1.5f, json.RootElement.GetProperty("saved").GetString());
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder, ".*"));

        // A second run takes the place of the first.
        Run(expectedExitCode: 0, "forecasting", "--dataset", file, "--label-col", "Sold", "--train-time", "1");
        StringAssert.Contains(Run(expectedExitCode: 0, "info", Path.Combine(project, "model.zip")), "1 steps ahead");
        Run(expectedExitCode: 0, "convert", Path.Combine(project, "model.zip"), "--to", "onnx");
        Assert.IsNotNull(ml.Model.LoadLstmFromOnnx(Path.Combine(project, "model.onnx")));
        Run(expectedExitCode: 0, "convert", Path.Combine(project, "model.zip"), "--output", Path.Combine(_folder, "network.safetensors"));
        Assert.IsNotEmpty(SequenceModelParameters.Load(Path.Combine(_folder, "network.safetensors")).Weights);
    }

    [TestMethod]
    public void ReadsAndWritesFilesOfPyTorch()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "PyTorch", "gru_3_both.pt");
        string output = Run(expectedExitCode: 0, "info", file);
        StringAssert.Contains(output, "Gru, 3 × 3 units in both directions, 2 numbers a step, 2 outputs");
        StringAssert.Contains(output, "bias_l0 = rnn.bias_ih_l0 + rnn.bias_hh_l0");
        string ours = Path.Combine(_folder, "ours.safetensors"), theirs = Path.Combine(_folder, "theirs.safetensors");
        Run(expectedExitCode: 0, "convert", file, "--output", ours);
        Run(expectedExitCode: 0, "convert", ours, "--to", "pytorch", "--output", theirs);
        CollectionAssert.AreEqual(SequenceModelParameters.Load(ours).Weights["bias_l2"].ToArray(),
            SequenceModelParameters.LoadPyTorch(theirs).Weights["bias_l2"].ToArray());
        Assert.AreEqual("head.weight", SequenceModelParameters.LoadPyTorch(theirs).TensorNames["head.weight"]);
        StringAssert.Contains(Run(expectedExitCode: 1, "convert", file, "--to", "onnx"), "ApplyLstmModel");

        var graph = new TestGraph();
        string[] layer = graph.Recurrent("GRU", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
        graph.Output(graph.Node("Sigmoid", [graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)]));
        string onnx = Path.Combine(_folder, "network.onnx");
        File.WriteAllBytes(onnx, graph.Model.ToByteArray());
        StringAssert.Contains(Run(expectedExitCode: 0, "convert", onnx, "--to", "pytorch"), "Sigmoid is behind the last layer");
    }

    [TestMethod]
    [TestCategory("lstm-tool-projects")]
    [Timeout(600_000)]
    public void ProjectsBuildPredictAndTrainAgain()
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("It takes long: build/accept.sh lstm-tool-projects.");
        Build("forecasting", WriteSales(rows: 200), "Sold", "Forecast: ");
        Build("classification", WriteCurves(rows: 120), "shape", "PredictedLabel: ");
        Build("regression", WriteCurves(rows: 120), "size", "Score: ");
        Build("anomaly-detection", WriteSales(rows: 300), null, "Anomaly: ");
        Build("labeling", WriteSentences(), null, "PredictedLabel: ");
    }

    [TestMethod]
    public void ClassifiesNumberedColumnsWithoutFurtherOptions()
    {
        string file = WriteCurves(rows: 150);
        string output = Run(0, "classification", "--dataset", file, "--label-col", "shape", "--train-time", "3", "--ignore-cols", "size",
            "--log-file", Path.Combine(_folder, "log.txt"));
        StringAssert.Contains(output, "sequence: 8 steps of 2 in columns x0, y0 … y7");
        StringAssert.Contains(output, "always '");
        StringAssert.Contains(File.ReadAllText(Path.Combine(_folder, "log.txt")), "untouched");
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "SampleClassification", "lstm-ml.json")));
        JsonElement unseen = json.RootElement.GetProperty("unseen");
        JsonElement saved = unseen.GetProperty(json.RootElement.GetProperty("saved").GetString()!);
        Assert.IsGreaterThan(0.9, saved.GetProperty("accuracy").GetDouble());
    }

    [TestMethod]
    [DataRow("forecasting --dataset som.csv --label-col b", 1, "There is no file som.csv; did you mean 'some.csv'")]
    [DataRow("forecasting --dataset some.csv --label-col sodl", 1, "there is no column 'sodl' in some.csv; did you mean 'sold'")]
    [DataRow("forecasting --dataset some.csv --label-col sold --time-col dya", 1, "did you mean 'day'")]
    [DataRow("forecasting --dataset empty.csv --label-col sold", 1, "empty.csv is empty")]
    [DataRow("forecasting --dataset header.csv --label-col sold", 1, "no rows below")]
    [DataRow("forecasting --dataset ragged.csv --label-col sold", 1, "ragged.csv(3): the line has 3 fields, the header 2")]
    [DataRow("forecasting --dataset word.csv --label-col sold", 1, "word.csv(12), column 'sold': 'many' is no number")]
    [DataRow("forecasting --dataset comma.csv --label-col sold", 1, "comma.csv(2), column 'sold': '1,5' is no number such as 12.5; if the "
        + "file has decimal commas, give --decimal-comma")]
    [DataRow("forecasting --dataset some.csv --label-col sold", 1, "There are 3 rows")]
    [DataRow("classification --dataset one-class.csv --label-col kind", 1, "all 30 rows have the label 'a' in 'kind'")]
    [DataRow("labeling --dataset some.csv", 1, "there is no column of lists of labels")]
    [DataRow("anomaly-detection --dataset words.csv", 1, "no column of numbers to watch")]
    [DataRow("forecasting --dataset word.csv --label-col sold --output taken/here", 1, "can't be written to")]
    [DataRow("info some.csv", 1, "some.csv")]
    [DataRow("convert some.csv --to onnx", 1, "")]
    [DataRow("forecasting --dataset some.csv", 2, "--label-col")]
    [DataRow("forecasting --dataset some.csv --label-col sold --horizon 0", 2, "--horizon must be from 1")]
    [DataRow("forecasting --dataset some.csv --label-col sold --name ../x", 2, "--name must be letters")]
    [DataRow("classification --dataset some.csv --label-col sold --name Classes", 2, "--name must not be 'Classes'")]
    public void SaysInOneLineWhatIsWrongAndWritesNothing(string arguments, int exitCode, string expected)
    {
        foreach ((string name, string content) in new[]
        {
            ("some.csv", "day,sold\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n"),
            ("empty.csv", "\n"),
            ("header.csv", "day,sold\n"),
            ("ragged.csv", "day,sold\n2026-01-01,1\n2026-01-02,2,5\n2026-01-03,3\n"),
            ("word.csv", "day,sold\n" + string.Concat(Enumerable.Range(1, 28).Select(day =>
                FormattableString.Invariant($"2026-01-{day:00},{(day == 11 ? "many" : day)}\n")))),
            ("comma.csv", "day;sold\n2026-01-01;1,5\n2026-01-02;2,5\n"),
            ("one-class.csv", "x0,x1,x2,kind\n" + string.Concat(Enumerable.Repeat("1,2,3,a\n", 30))),
            ("words.csv", "a,b\none,two\nthree,four\n"),
            ("taken", "a file"),
        })
            File.WriteAllText(Path.Combine(_folder, name), content);
        string[] before = Directory.GetFileSystemEntries(_folder);

        string output = Run(exitCode, arguments.Split(' '));
        StringAssert.Contains(output, expected);
        if (exitCode == 1)
            Assert.HasCount(1, output.Split('\n').Where(line => line.StartsWith("Error: ", StringComparison.Ordinal)), output);
        CollectionAssert.AreEquivalent(before, Directory.GetFileSystemEntries(_folder));
    }

    /// <summary>Local times have an hour of autumn twice; whole numbers beside them are no names of series.</summary>
    [TestMethod]
    public void AnHourThatStandsTwiceIsNoSeriesAndNoError()
    {
        var begin = new DateTime(2025, 10, 20);
        string file = Write("hours.csv", ["Hour,Heat", .. Enumerable.Range(0, 300).Select(row =>
            FormattableString.Invariant($"{begin.AddHours(row < 150 ? row : row - 1):yyyy-MM-dd HH:mm:ss},{row % 12}"))]);
        string output = Run(0, "anomaly-detection", "--dataset", file, "--train-time", "2");
        StringAssert.Contains(output, "time: none, as 'Hour' has some times twice, rows follow each other in equal steps");
        StringAssert.Contains(output, "series: one");
        StringAssert.Contains(output, "value: column 'Heat'");
    }

    [TestMethod]
    public void LeavesFoldersOfOthersAlone()
    {
        string taken = Directory.CreateDirectory(Path.Combine(_folder, "Mine")).FullName;
        File.WriteAllText(Path.Combine(taken, "thesis.txt"), "years of work");
        StringAssert.Contains(Run(1, "forecasting", "--dataset", WriteSales(100), "--label-col", "Sold", "--name", "Mine"),
            "has files that are not of this tool");
        Assert.AreEqual("years of work", File.ReadAllText(Path.Combine(taken, "thesis.txt")));
    }

    [TestMethod]
    [UnsupportedOSPlatform("windows")]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void KeepsTheBestModelWhenInterrupted()
    {
        string file = WriteSales(rows: 3000);
        using Process process = Start("forecasting", "--dataset", file, "--label-col", "Sold", "--train-time", "600");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var lines = new List<string>();
        // The first trial has ended, and the next one runs.
        while (process.StandardOutput.ReadLine() is { } line)
        {
            lines.Add(line);
            if (line.Contains("untouched defaults:", StringComparison.Ordinal))
                break;
        }
        using (Process.Start("kill", [IgnoresInterrupts ? "-TERM" : "-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
        }
        lines.Add(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.AreEqual(130, process.ExitCode, string.Join('\n', lines) + errors.Result);
        string model = Path.Combine(_folder, "SampleForecasting", "model.zip");
        StringAssert.Contains(errors.Result, $"Stopped; the best model so far is {model}.");
        Assert.IsNotNull(new MLContext(1).Model.Load(model, out _));
        Assert.IsEmpty(Directory.GetFileSystemEntries(_folder, ".*"));
    }

    /// <summary>
    /// Whether Ctrl-C does nothing to this process and those that it starts, as in the background of a shell; the tool takes SIGTERM alike.
    /// </summary>
    private static bool IgnoresInterrupts => File.Exists("/proc/self/status") && File.ReadLines("/proc/self/status")
        .Where(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))
        .Any(line => (ulong.Parse(line.AsSpan("SigIgn:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0);

    private void Build(string task, string file, string? label, string expected)
    {
        Run(0, [task, "--dataset", file, .. label is null ? (string[])[] : ["--label-col", label], "--train-time", "3", "--name", "Mine"]);
        string project = Path.Combine(_folder, "Mine");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] run = ["run", "--project", project];
        bool isSeries = task is "forecasting" or "anomaly-detection";
        // Rows to predict have what is known of them, and series all values, those since among them.
        string rows = Write("rows.csv", [.. File.ReadLines(file).Select(line => label is null ? WithoutLastField(line)
            : WithoutLabel(line, File.ReadLines(file).First(), label))]);
        if (isSeries)
            File.WriteAllLines(rows, [.. File.ReadLines(file), "2020-12-31,30"]);
        string[][] uses = [run, [.. run, "--", "predict", rows], [.. run, "--", "retrain", file]];
        foreach (string[] arguments in uses)
        {
            var start = new ProcessStartInfo(dotnet, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = project,
            };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, output + errors.Result);
            if (isSeries && arguments.Contains("predict"))
                StringAssert.Contains(errors.Result, "Skipped, as the model knows them already: ");
            StringAssert.Contains(output, arguments.Contains("retrain") ? "trained again" : expected);
        }
    }

    private static string WithoutLastField(string line) => line[..Math.Max(0, line.LastIndexOf(' '))];

    private static string WithoutLabel(string line, string header, string label)
    {
        int place = Array.IndexOf(header.Split(','), label);
        return string.Join(',', line.Split(',').Where((_, i) => i != place));
    }

    private static float SoldOn(int day) => 10 + 5 * (day % 7) + (day % 7 == 6 ? 20 : 0);

    private string WriteSales(int rows) => Write("sales.csv", ["Day,Sold", .. Enumerable.Range(0, rows).Select(day =>
        FormattableString.Invariant($"{new DateTime(2020, 1, 1).AddDays(day):yyyy-MM-dd},{SoldOn(day) + day % 3 * 0.1f}"))]);

    /// <summary>Curves of two numbers a step that go up or down.</summary>
    private string WriteCurves(int rows)
    {
        var random = new Random(1);
        string header = string.Join(',', Enumerable.Range(0, 8).Select(step => $"x{step},y{step}")) + ",shape,size";
        return Write("curves.csv", [header, .. Enumerable.Range(0, rows).Select(row =>
        {
            int slope = row % 2 == 0 ? 1 : -1;
            float size = 1 + random.NextSingle();
            IEnumerable<float> values = Enumerable.Range(0, 8).SelectMany(step =>
                new[] { slope * size * step + random.NextSingle(), random.NextSingle() });
            return string.Join(',', values.Select(value => value.ToString("0.000", CultureInfo.InvariantCulture)))
                + FormattableString.Invariant($",{(slope > 0 ? "up" : "down")},{size:0.000}");
        })]);
    }

    private string WriteSentences() => Write("words.txt", [.. Enumerable.Range(0, 60).SelectMany(i =>
        new[] { "the DT B-NP", $"{(i % 2 == 0 ? "dog" : "Cat")} NN I-NP", $"{(i % 3 == 0 ? "sleeps" : "runs")} VB B-VP", ". . O", "" })]);

    private string Write(string name, string[] lines)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllLines(path, lines);
        return path;
    }

    private Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
        ["exec", Path.Combine(AppContext.BaseDirectory, "LstmTool.dll"), .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = _folder,
    })!;

    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("LstmTool", _folder, expectedExitCode, arguments);
}
