using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Engine.Standalone;

/// <summary>Models that score without ML.NET give the scores of their transformers, to the last bit.</summary>
[TestClass]
public sealed class SequencePredictorTests
{
    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    [DataRow(AnyTrainer.Regression, SequencePredictionTask.Regression)]
    [DataRow(AnyTrainer.StepValues, SequencePredictionTask.Regression)]
    [DataRow(AnyTrainer.Binary, SequencePredictionTask.BinaryClassification)]
    [DataRow(AnyTrainer.StepTruths, SequencePredictionTask.BinaryClassification)]
    [DataRow(AnyTrainer.Multiclass, SequencePredictionTask.MulticlassClassification)]
    [DataRow(AnyTrainer.Labeling, SequencePredictionTask.Labeling)]
    [DataRow(AnyTrainer.Autoencoder, SequencePredictionTask.AnomalyDetection)]
    public void ScoresAreTheTransformersToTheLastBit(string trainer, SequencePredictionTask task)
    {
        Example[] examples = Example.Make(50, variable: true);
        IDataView data = AnyTrainer.Data(Ml, examples);
        SequencePredictionTransformer model = AnyTrainer.CreateAny(Ml, trainer).Fit(data);
        IDataView scored = model.Transform(data);
        var file = new MemoryStream();
        Ml.Model.Save(model, data.Schema, file);
        file.Position = 0;

        var predictor = SequencePredictor.Load(file);

        Assert.AreEqual(task, predictor.Task);
        Assert.AreEqual(2, predictor.FeaturesPerStep);
        float[][] expected = scored.Schema["Score"].Type is VectorDataViewType
            ? [.. scored.GetColumn<float[]>("Score")]
            : [.. scored.GetColumn<float>("Score").Select(score => new[] { score })];
        foreach (Example example in examples)
            predictor.Add(example.Features);
        predictor.ScoreAll();
        for (int i = 0; i < examples.Length; i++)
        {
            float[] scores = predictor.Scores(i).ToArray();
            CollectionAssert.AreEqual(expected[i],
                trainer == AnyTrainer.StepTruths ? Part(scores, behind: false)
                : task == SequencePredictionTask.BinaryClassification ? scores[..1] : scores);
        }
        // One by one, and by another predictor on the same weights.
        SequencePredictor other = predictor.Share();
        for (int i = 0; i < examples.Length; i++)
            CollectionAssert.AreEqual(predictor.Scores(i).ToArray(), other.Score(examples[i].Features).ToArray());
        switch (task)
        {
            case SequencePredictionTask.BinaryClassification when trainer == AnyTrainer.StepTruths:
                Assert.AreEqual(4, predictor.ScoreSize);
                float[][] probabilities = [.. scored.GetColumn<float[]>("Probability")];
                bool[][] truths = [.. scored.GetColumn<bool[]>("PredictedLabel")];
                for (int i = 0; i < examples.Length; i++)
                {
                    CollectionAssert.AreEqual(probabilities[i], Part(predictor.Scores(i).ToArray(), behind: true));
                    CollectionAssert.AreEqual(truths[i], Array.ConvertAll(predictor.PredictedLabels(i).ToArray(), label => label == 1));
                }
                Assert.ThrowsExactly<NotSupportedException>(() => predictor.PredictedClass(0));
                // A stream has those of its last step.
                float[] latest = [];
                for (int t = 0; t < examples[0].Features.Length / 2; t++)
                    latest = predictor.Step(examples[0].Features.AsSpan(2 * t, 2)).ToArray();
                CollectionAssert.AreEqual(predictor.Scores(0)[^4..].ToArray(), latest);
                break;
            case SequencePredictionTask.BinaryClassification:
                CollectionAssert.AreEqual(scored.GetColumn<float>("Probability").ToArray(),
                    Enumerable.Range(0, examples.Length).Select(i => predictor.Scores(i)[1]).ToArray());
                CollectionAssert.AreEqual(scored.GetColumn<bool>("PredictedLabel").ToArray(),
                    Enumerable.Range(0, examples.Length).Select(i => predictor.PredictedClass(i) == 1).ToArray());
                break;
            case SequencePredictionTask.AnomalyDetection:
                CollectionAssert.AreEqual(scored.GetColumn<bool>("PredictedLabel").ToArray(),
                    Enumerable.Range(0, examples.Length).Select(i => predictor.PredictedClass(i) == 1).ToArray());
                break;
            case SequencePredictionTask.MulticlassClassification:
                CollectionAssert.AreEqual(scored.GetColumn<uint>("PredictedLabel").ToArray(),
                    Enumerable.Range(0, examples.Length).Select(i => (uint)predictor.PredictedClass(i) + 1).ToArray());
                break;
            case SequencePredictionTask.Labeling:
                uint[][] labels = [.. scored.GetColumn<uint[]>("PredictedLabel")];
                for (int i = 0; i < examples.Length; i++)
                    CollectionAssert.AreEqual(labels[i], predictor.PredictedLabels(i).ToArray().Select(label => (uint)label + 1).ToArray());
                break;
        }
        Assert.IsTrue(float.IsNaN(predictor.Score([1, float.NaN])[0]));
        Assert.ThrowsExactly<ArgumentException>(() => { predictor.Score([1, 2, 3]); });
        Assert.ThrowsExactly<ArgumentException>(() => { predictor.Score([]); });
    }

    // Of each step's four scores the first or the last two.
    private static float[] Part(float[] scores, bool behind) => [.. scores.Where((_, i) => i % 4 >= 2 == behind)];

    [TestMethod]
    public void ABatchMayGrowAfterItWasScored()
    {
        // A key that does not occur gives those behind it other numbers in the network.
        Example[] examples = [.. Example.Make(40, variable: true)
            .Select(example =>
            {
                example.Tokens = [.. example.Tokens.Select(token => Math.Max(token, 2))];
                return example;
            })];
        IDataView data = AnyTrainer.Data(Ml, examples);
        SequencePredictor predictor = Reload(AnyTrainer.Create(Ml, AnyTrainer.Regression, options =>
            (options.FeatureColumnNames, options.StaticFeatureColumnName) = (["Features", "Tokens"], "Statics")).Fit(data), data);
        float[][] expected = [.. examples.Select(example => Score(predictor.Share(), example))];

        for (int i = 0; i < 6; i++)
        {
            Add(predictor, examples[i]);
            predictor.ScoreAll();
            for (int before = 0; before <= i; before++)
                CollectionAssert.AreEqual(expected[before], predictor.Scores(before).ToArray(), $"{before} of {i}");
        }
        predictor.ScoreAll();
        CollectionAssert.AreEqual(expected[5], predictor.Scores(5).ToArray());
        CollectionAssert.AreEqual(expected[7], Score(predictor, examples[7]));

        static void Add(SequencePredictor predictor, Example example)
            => predictor.Add(example.Features, Array.ConvertAll(example.Tokens, token => (int)token), example.Statics);

        static float[] Score(SequencePredictor predictor, Example example)
            => predictor.Score(example.Features, Array.ConvertAll(example.Tokens, token => (int)token), example.Statics).ToArray();
    }

    [TestMethod]
    [DataRow(AnyTrainer.Multiclass, true)]
    [DataRow(AnyTrainer.Multiclass, false)]
    [DataRow(AnyTrainer.Labeling, true)]
    [DataRow(AnyTrainer.Labeling, false)]
    public void AClassThatTrainingDidNotHaveHasTheScoreOfTheTransformer(string trainer, bool hasProbabilities)
    {
        // Of three classes the second does not occur.
        Example[] examples = Example.Make(60, variable: true);
        foreach (Example example in examples)
            (example.Class, example.StepClasses) = (example.Class & 2, [.. example.StepClasses.Select(label => label | 1)]);
        IDataView data = AnyTrainer.Data(Ml, examples);
        SequencePredictionTransformer trained = AnyTrainer.Create(Ml, trainer, options =>
        {
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
        }).Fit(data);
        var file = new MemoryStream();
        trained.ExportToOnnx(file);
        file.Position = 0;
        SequenceModelParameters model = hasProbabilities ? SequenceModelParameters.LoadOnnx(file) : trained.Model;
        LstmScoringTransformer scoring = Ml.Transforms
            .ApplyLstmModel(new LstmScoringEstimator.Options { Model = model, InputColumnNames = ["Features"] }).Fit(data);
        float[][] expected = [.. scoring.Transform(data).GetColumn<float[]>("Score")];

        SequencePredictor predictor = Reload(scoring, data);

        Assert.AreEqual(SequencePredictionTask.Outputs, predictor.Task);
        Assert.AreEqual(hasProbabilities ? 3 : 2, predictor.ScoreSize);
        for (int i = 0; i < examples.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i], predictor.Score(examples[i].Features).ToArray());
            if (hasProbabilities)
                Assert.AreEqual(0, expected[i][1]);
        }
        if (trained.Model.Bidirectional)
            return;
        float[] latest = [];
        for (int t = 0; t < examples[0].Features.Length / 2; t++)
            latest = predictor.Step(examples[0].Features.AsSpan(2 * t, 2)).ToArray();
        CollectionAssert.AreEqual(expected[0][^predictor.ScoreSize..], latest);
    }

    private static SequencePredictor Reload(ITransformer model, IDataView data)
    {
        var file = new MemoryStream();
        Ml.Model.Save(model, data.Schema, file);
        file.Position = 0;
        return SequencePredictor.Load(file);
    }

    [TestMethod]
    public void WeightsOfPyTorchScoreAsRowsAndAsAStream()
    {
        PyTorchCase one = PyTorchCase.All.Single(one => one.File == "lstm_3.pt");
        var predictor = SequencePredictor.Load(one.FilePath);
        foreach (PyTorchRow row in one.Rows)
        {
            float[] scores = predictor.Score(row.X).ToArray();
            for (int i = 0; i < scores.Length; i++)
                Assert.AreEqual(row.Y[i], scores[i], 1e-5f);
            predictor.ResetStream();
            ReadOnlySpan<float> latest = [];
            for (int t = 0; t < row.Steps; t++)
                latest = predictor.Step(row.X.AsSpan(2 * t, 2));
            CollectionAssert.AreEqual(scores, latest.ToArray());
        }
        PyTorchCase tokens = PyTorchCase.All.Single(one => one.File == "tokens.pt");
        var words = SequencePredictor.Load(tokens.FilePath);
        PyTorchRow text = tokens.Rows[0];
        Assert.AreEqual(text.Y[0], words.Score([], Array.ConvertAll(text.Tokens!, token => token + 1))[0], 1e-5f);
        Assert.AreEqual(7, words.VocabularySizes[0]);
        // A key that there is not is the unknown one.
        Assert.AreEqual(words.Score([], [0])[0], words.Share().Score([], [8])[0]);
    }

    [TestMethod]
    public void WhatIsDamagedOrNoNetworkIsRefused()
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(40));
        ITransformer model = AnyTrainer.CreateAny(Ml, AnyTrainer.Regression).Fit(data);
        var file = new MemoryStream();
        Ml.Model.Save(model, data.Schema, file);
        byte[] bytes = file.ToArray();
        Assert.IsTrue(float.IsFinite(SequencePredictor.Load(new MemoryStream(bytes)).Score([1, 2])[0]));
        int refused = 0;
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = Microsoft.ML.Lstm.Tests.Files.Mutator.Mutate(bytes, ".zip", random);
            try
            {
                SequencePredictor.Load(new MemoryStream(damaged)).Score([1, 2]);
            }
            catch (Exception error) when (error is InvalidDataException or NotSupportedException)
            {
                refused++;
            }
        }
        Assert.IsGreaterThan(100, refused);
    }

    [TestMethod]
    public void AStepOfAStreamHasItsNumbersAndTokens()
    {
        var predictor = SequencePredictor.Load(PyTorchCase.All.Single(one => one.File == "lstm_3.pt").FilePath);
        float[] first = predictor.Step([1, 2]).ToArray();
        Assert.ThrowsExactly<ArgumentException>(() => { predictor.Step([1]); });
        Assert.ThrowsExactly<ArgumentException>(() => { predictor.Step([1, 2, 3]); });
        Assert.ThrowsExactly<ArgumentException>(() => { predictor.Step([1, 2], [1]); });
        Assert.ThrowsExactly<ArgumentException>(() => { predictor.Step([1, float.NaN]); });
        // The stream is where it was.
        float[] second = predictor.Step([3, 4]).ToArray();
        predictor.ResetStream();
        CollectionAssert.AreEqual(first, predictor.Step([1, 2]).ToArray());
        CollectionAssert.AreEqual(second, predictor.Step([3, 4]).ToArray());
    }

    [TestMethod]
    [DataRow("lstm_1.pt")]
    [DataRow("lstm_1.safetensors")]
    public void AFileMayBeginWithinAStream(string file)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(PyTorchCase.Folder, file));
        var stream = new MemoryStream([1, 2, 3, .. bytes]) { Position = 3 };
        CollectionAssert.AreEqual(SequencePredictor.Load(new MemoryStream(bytes)).Score([1, 2]).ToArray(),
            SequencePredictor.Load(stream).Score([1, 2]).ToArray());
    }

    [TestMethod]
    public void ScoringAllocatesNothing()
    {
        var predictor = SequencePredictor.Load(Path.Combine(PyTorchCase.Folder, "gru_1.pt"));
        float[] features = [1, 2, 3, 4];
        for (int i = 0; i < 3; i++)
            Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            Run();
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            predictor.Score(features);
            predictor.Step(features.AsSpan(0, 2));
        }
    }
}
