using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>Networks from ONNX files as estimators and transformers of ML.NET, and as beginnings of trainings.</summary>
[TestClass]
public sealed class LstmScoringTests
{
    private readonly MLContext _ml = new(seed: 1);

    public static IEnumerable<object[]> Forms =>
        new[] { "vector", "dimensions", "variable", "steps", "tokens", "encoding", "attention", "one output" }
        .Select(form => new object[] { form });

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void IsAnEstimatorAsMlNetExpects(string form)
    {
        EstimatorHarness harness = Harness(form);
        harness.CheckSchemaPromise();
        harness.CheckRowMapperEqualsCursorEqualsBatch();
        harness.CheckSaveAndLoad();
        harness.CheckViews();
        harness.CheckThreads();
    }

    [TestMethod]
    public void ScoresInANewProcessThatHasNoOnnxFile() => Harness("one output").CheckLoadInNewProcess();

    [TestMethod]
    public void IsWrittenToOnnxAgain()
    {
        foreach (string form in new[] { "variable", "steps" })
        {
            using var run = new OnnxRun((LstmScoringTransformer)Harness(form).Fitted);
            run.AssertSame(OnnxRun.Rows(seed: 2, 3, 1, 7, 2));
        }
    }

    [TestMethod]
    public void AFileIsAppliedColumnInColumnOut()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("lstm-tests-").FullName, "network.onnx");
        File.WriteAllBytes(path, Graph("variable").Model.ToByteArray());
        IDataView data = AnyTrainer.Data(_ml, Example.Make(5, variable: true));
        LstmScoringTransformer model = _ml.Transforms.ApplyLstmModel("Load", nameof(Example.Features), path).Fit(data);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        Assert.AreEqual(("Load", "Vector<Single, 3>"), (model.OutputColumnName, $"{model.Transform(data).Schema["Load"].Type}"));
        Assert.HasCount(3, EstimatorHarness.Values(model.Transform(data), "Load")[0]);
    }

    [TestMethod]
    public void OtherColumnsThanTheNetworkReadsAreRefused()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(5, variable: true));
        foreach ((string form, string input, string message) in new[]
        {
            ("variable", nameof(Example.Tokens), "2 features a step in all, not 0"),
            ("variable", "Missing", "Could not find input column 'Missing'"),
            ("tokens", nameof(Example.Shapes), "vectors of keys from vocabularies of 8 keys"),
            ("tokens", nameof(Example.Features), "vectors of keys from vocabularies of 8 keys"),
        })
        {
            var error = Assert.Throws<Exception>(() => _ml.Transforms.ApplyLstmModel(new LstmScoringEstimator.Options
            {
                Model = Graph(form).Load(),
                InputColumnNames = [input],
            }).Fit(data));
            Assert.IsTrue(error is ArgumentOutOfRangeException && error.Message.Contains(message.Replace("input column", "feature column",
                StringComparison.Ordinal), StringComparison.Ordinal), error.Message);
        }
        Example[] declared = Example.Make(5);
        IDataView wide = _ml.Data.LoadFromEnumerable(declared, Example.Schema(Example.Vector(2, 5)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Estimator("variable").Fit(wide));
    }

    [TestMethod]
    public void OptionsThatContradictEachOtherAreRefused()
    {
        foreach (Action<LstmScoringEstimator.Options> change in new Action<LstmScoringEstimator.Options>[]
        {
            options => options.Model = null,
            options => options.ModelFile = "network.onnx",
            options => options.OutputColumnName = null,
            options => options.EncodingColumnName = "Score",
            options => options.InputColumnNames = [],
            options => options.AttentionColumnName = "Attention",
            options => (options.Model, options.EncodingColumnName) = (Graph("steps").Load(), "Encoding"),
            options => options.Import = new OnnxImportOptions(),
            options => options.PyTorch = new PyTorchImportOptions(),
        })
        {
            var options = new LstmScoringEstimator.Options { Model = Graph("variable").Load() };
            change(options);
            Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.ApplyLstmModel(options));
        }
    }

    [TestMethod]
    public void OptionsOfTheOtherFormatAreRefused()
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        string onnx = Path.Combine(folder, "network.onnx"), pyTorch = Path.Combine(folder, "network.safetensors");
        File.WriteAllBytes(onnx, Graph("variable").Model.ToByteArray());
        Graph("variable").Load().SavePyTorch(pyTorch);
        foreach ((string file, bool isOnnx) in new[] { (onnx, true), (pyTorch, false) })
        {
            LstmScoringEstimator Apply(OnnxImportOptions? import, PyTorchImportOptions? options)
                => _ml.Transforms.ApplyLstmModel(new LstmScoringEstimator.Options { ModelFile = file, Import = import, PyTorch = options });
            Apply(isOnnx ? new OnnxImportOptions() : null, isOnnx ? null : new PyTorchImportOptions());
            ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
                () => Apply(isOnnx ? null : new OnnxImportOptions(), isOnnx ? new PyTorchImportOptions() : null));
            Assert.AreEqual(isOnnx ? "PyTorch" : "Import", error.ParamName);
            StringAssert.Contains(error.Message, Path.GetFileName(file));
        }
        Directory.Delete(folder, recursive: true);
    }

    [TestMethod]
    public void ATrainingGoesOnFromTheNetwork()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(60, variable: true));
        SequenceModelParameters network = Graph("one output").Load();
        LstmRegressionTrainer Trainer(float rate) => _ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
            (options.LearningRate, options.HiddenSize, options.NumberOfEpochs, options.StaticFeatureColumnName) = (rate, 4, 20, null)));
        float[][] before = EstimatorHarness.Values(Estimator("one output").Fit(data).Transform(data), "Score");
        float[][] still = EstimatorHarness.Values(Trainer(1e-12f).Fit(data, null, network).Transform(data), "Score");
        for (int row = 0; row < before.Length; row++)
            Assert.AreEqual(before[row][0], still[row][0], 1e-5f);
        double rmse = Rmse(still), trained = Rmse(EstimatorHarness.Values(Trainer(0.1f).Fit(data, null, network).Transform(data), "Score"));
        Assert.IsLessThan(rmse / 2, trained);

        double Rmse(float[][] scores)
        {
            float[][] labels = EstimatorHarness.Values(data, "Label");
            return Math.Sqrt(scores.Zip(labels, (score, label) => Math.Pow(score[0] - label[0], 2)).Average());
        }
    }

    [TestMethod]
    [DataRow("variable")]
    [DataRow("tokens")]
    public void ASavedNetworkKeepsItsInputsAndItsFunction(string form)
    {
        SequenceModelParameters network = Graph(form).Load();
        var stream = new MemoryStream();
        network.Save(stream);
        stream.Position = 0;
        SequenceModelParameters again = SequenceModelParameters.Load(stream);
        Assert.AreEqual(OutputFunction.Softmax, again.OutputFunction);
        CollectionAssert.AreEqual(network.InputNames.ToArray(), again.InputNames.ToArray());
        IDataView data = AnyTrainer.Data(_ml, Example.Make(10, variable: true));
        IDataView scored = Apply(network, "Score").Fit(data).Transform(data);
        scored = Apply(again, "Again").Fit(scored).Transform(scored);
        CollectionAssert.AreEqual(EstimatorHarness.Values(scored, "Score").SelectMany(row => row).ToArray(),
            EstimatorHarness.Values(scored, "Again").SelectMany(row => row).ToArray());

        LstmScoringEstimator Apply(SequenceModelParameters model, string output)
            => _ml.Transforms.ApplyLstmModel(new LstmScoringEstimator.Options { Model = model, OutputColumnName = output });
    }

    [TestMethod]
    public void ASavedTransformerKnowsWhatTokensAndClassesStandFor()
    {
        Example[] rows = Example.Make(40);
        var words = _ml.Transforms.Conversion.MapValueToKey([new("Keys", "StepClassNames"), new("Label", "ClassName")]);
        IDataView data = AnyTrainer.Data(_ml, rows);
        data = words.Fit(data).Transform(data);
        SequenceModelParameters model = _ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>(
            options => (options.LabelColumnName, options.FeatureColumnName) = ("Label", "Keys"))).Fit(data).Model;
        LstmScoringTransformer scoring = _ml.Transforms
            .ApplyLstmModel(new LstmScoringEstimator.Options { Model = model, InputColumnNames = ["Keys"] }).Fit(data);
        using var zip = new MemoryStream();
        _ml.Model.Save(scoring, data.Schema, zip);
        using var onnx = new MemoryStream();
        scoring.ExportToOnnx(onnx);
        onnx.Position = 0;
        foreach (SequencePredictionTransformer again in (SequencePredictionTransformer[])
            [(SequencePredictionTransformer)_ml.Model.Load(zip, out _), (SequencePredictionTransformer)_ml.Model.LoadLstmFromOnnx(onnx)])
        {
            Assert.IsTrue(again.Model.LabelValues!.AreSameAs(model.LabelValues!));
            Assert.IsTrue(again.Model.TokenValuesOf(0)!.AreSameAs(model.TokenValuesOf(0)!));
        }
        Assert.HasCount(3, model.TokenValuesOf(0)!.Values);
    }

    [TestMethod]
    public void ClassificationsGoOnFromTheNetworksTheyAre()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(60, variable: true));
        var options = SmallOptions.Create<LstmMulticlassTrainer.Options>(options =>
            (options.LearningRate, options.HiddenSize, options.Bidirectional, options.Pooling) = (1e-12f, 4, false, Pooling.Last));
        LstmMulticlassTransformer model = _ml.MulticlassClassification.Trainers.Lstm(options).Fit(data, null, Graph("variable").Load());
        float[][] expected = EstimatorHarness.Values(Estimator("variable").Fit(data).Transform(data), "Score");
        float[][] found = EstimatorHarness.Values(model.Transform(data), "Score");
        for (int row = 0; row < found.Length; row++)
            Assert.AreEqual(expected[row][1], found[row][1], 1e-5f);
        // What goes through tanh is no prediction of numbers without bounds: its output layer is a new one.
        LstmRegressionTransformer unbounded = _ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.HiddenSize = 4))
            .Fit(data, null, Graph("bounded").Load());
        Assert.AreEqual(OutputFunction.Tanh, Graph("bounded").Load().OutputFunction);
        Assert.AreEqual(OutputFunction.None, unbounded.Model.OutputFunction);
    }

    private LstmScoringEstimator Estimator(string form) => _ml.Transforms.ApplyLstmModel(new LstmScoringEstimator.Options
    {
        Model = Graph(form).Load(),
        EncodingColumnName = form == "encoding" ? "Encoding" : null,
        AttentionColumnName = form == "attention" ? "Attention" : null,
        InputColumnNames = form == "tokens" ? [nameof(Example.Tokens)] : null,
    });

    private EstimatorHarness Harness(string form)
    {
        bool isVariable = form is not ("vector" or "dimensions" or "tokens");
        SchemaDefinition schema = Example.Schema(form == "vector" ? Example.Vector(10) : Example.Vector(isVariable ? 0 : 5, 2));
        if (!isVariable)
            schema[nameof(Example.Tokens)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Example.Vocabulary), 5);
        return new EstimatorHarness(_ml, Estimator(form), Example.Make(20, isVariable), schema, form switch
        {
            "encoding" => ["Score", "Encoding"],
            "attention" => ["Score", "Attention"],
            _ => ["Score"],
        });
    }

    private static TestGraph Graph(string form)
    {
        var graph = new TestGraph();
        string x = form == "tokens"
            ? graph.Node("Gather", [graph.Weights(Example.Vocabulary, 2), graph.Tokens(nameof(Example.Tokens), Example.Vocabulary)])
            : graph.Features(nameof(Example.Features), 2);
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 2, 4);
        string steps = graph.Transpose(graph.Squeeze(layer[0], 1), 1, 0, 2), last = graph.Squeeze(layer[1], 0);
        return graph.Output(form switch
        {
            "steps" => graph.Node("Softmax", [graph.Dense(steps, 4, 3)], OnnxAttribute.Of("axis", -1)),
            "one output" => graph.Dense(last, 4, 1),
            "bounded" => graph.Node("Tanh", [graph.Dense(last, 4, 1)]),
            "attention" => graph.Dense(Attention(graph, steps), 4, 3),
            _ => graph.Node("Softmax", [graph.Dense(last, 4, 3)], OnnxAttribute.Of("axis", -1)),
        });
    }

    private static string Attention(TestGraph graph, string steps)
    {
        string scores = graph.Node("MatMul", [graph.Node("Tanh", [graph.Dense(steps, 4, 4)]), graph.Weights(4, 1)]);
        string weighted = graph.Node("Mul", [graph.Node("Softmax", [scores], OnnxAttribute.Of("axis", 1)), steps]);
        return graph.Node("ReduceSum", [weighted, graph.Integers(1)], OnnxAttribute.Of("keepdims", 0));
    }
}
