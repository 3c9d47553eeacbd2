using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Trainings with <see cref="TrainingEffort.Best"/>: several networks in one model.</summary>
[TestClass]
public sealed class BestEffortTests
{
    public static IEnumerable<object[]> Trainers => AnyTrainer.Names.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void TheModelHasSeveralNetworksFromSeedsOfTheirOwn(string trainer)
    {
        SequencePredictionTransformer model = Fit(trainer);

        Assert.IsGreaterThan(2, model.Model.Members.Count);
        Assert.AreEqual(model.Model.Members.Count, model.TrainingReport!.Members.Count);
        Assert.AreEqual(model.Model.Members.Count, model.TrainingReport.Members.Select(member => member.Seed).Distinct().Count());
        Assert.AreEqual(model.TrainingReport.Seed, model.TrainingReport.Members[0].Seed);
        Assert.IsTrue(model.TrainingReport.Members.All(member => member.KeptEpoch > 0 && member.Epochs.Count > 0));
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Binary)]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Labeling)]
    [DataRow(AnyTrainer.StepValues)]
    [DataRow(AnyTrainer.StepTruths)]
    [DataRow(AnyTrainer.Ctc)]
    [DataRow(AnyTrainer.SequenceToSequence)]
    public void AsManyNetworksAreTrainedAsAreAskedFor(string trainer)
    {
        SequencePredictionTransformer single = Fit(trainer, options => options.Effort = TrainingEffort.Default);
        SequencePredictionTransformer two =
            Fit(trainer, options => (options.Effort, options.NumberOfNetworks) = (TrainingEffort.Default, 2));
        Assert.AreEqual(1, single.Model.Members.Count);
        Assert.AreEqual(2, two.Model.Members.Count);
        Assert.AreEqual(2, two.TrainingReport!.Members.Select(member => member.Seed).Distinct().Count());
        // Beside that they are as a single one.
        Assert.AreEqual(single.Model.HiddenSize, two.Model.HiddenSize);
        Assert.AreEqual(2, Fit(trainer, options => options.NumberOfNetworks = 2).Model.Members.Count);
        Assert.AreEqual(1, Fit(trainer, options => options.NumberOfNetworks = 1).Model.Members.Count);
    }

    [TestMethod]
    public void AnAutoencoderIsOneNetwork()
    {
        var ml = new MLContext(1);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => AnyTrainer.CreateAny(ml, AnyTrainer.Autoencoder, options => options.NumberOfNetworks = 2));
        Assert.AreEqual(nameof(TrainingOptions.NumberOfNetworks), error.ParamName);
    }

    [TestMethod]
    public void TheFirstNetworkAndItsHeldOutRowsAreThoseOfASingleTraining()
    {
        // The validation rows and the scaling come from the same seed, so the first network can be compared with one trained alone.
        SequencePredictionTransformer best = Fit(AnyTrainer.Regression, options => options.ValidationFraction = 0);
        SequencePredictionTransformer single =
            Fit(AnyTrainer.Regression, options => (options.Effort, options.ValidationFraction) = (TrainingEffort.Default, 0));

        Assert.AreEqual(best.Model.Network.InputScaler.Offset[0], single.Model.Network.InputScaler.Offset[0]);
        Assert.AreEqual(best.TrainingReport!.Members[0].Epochs[0].TrainingLoss, single.TrainingReport!.Epochs[0].TrainingLoss, 1e-9);
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void TheSameSeedGivesTheSameBitsOnAnyNumberOfThreads(string trainer)
        => AnyTrainer.AssertSameWeights(Fit(trainer, options => options.NumberOfThreads = 1),
            Fit(trainer, options => options.NumberOfThreads = 3));

    [TestMethod]
    public void EachEpochSaysWhichNetworkItBelongsTo()
    {
        var epochs = new List<(int Member, int Epoch)>();
        int members = 0;
        var elapsed = new List<TimeSpan>();
        SequencePredictionTransformer model = Fit(AnyTrainer.Binary, options => options.EpochCompleted = epoch =>
        {
            epochs.Add((epoch.Member, epoch.Epoch));
            members = epoch.NumberOfMembers;
            elapsed.Add(epoch.Elapsed);
        });

        CollectionAssert.AreEqual((
            from member in Enumerable.Range(1, members)
            from epoch in Enumerable.Range(1, 2)
            select (member, epoch)).ToArray(), epochs);
        Assert.IsTrue(elapsed.SequenceEqual(elapsed.Order()), "time goes on from network to network");
        Assert.IsLessThanOrEqualTo(members, model.Model.Members.Count);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AStoppedTrainingGivesTheNetworksSoFar(bool isCancelled)
    {
        using var source = new CancellationTokenSource();
        SequencePredictionTransformer whole = Fit(AnyTrainer.Multiclass);
        SequencePredictionTransformer stopped = Fit(AnyTrainer.Multiclass, options =>
        {
            options.CancellationToken = source.Token;
            options.EpochCompleted = epoch =>
            {
                if (epoch is not { Member: 2, Epoch: 2 })
                    return;
                if (isCancelled)
                    source.Cancel();
                else
                    epoch.Cancel = true;
            };
        });

        Assert.AreEqual(2, stopped.Model.Members.Count);
        foreach (string name in stopped.Model.Weights.Keys)
            Assert.IsTrue(whole.Model.Weights[name].Span.SequenceEqual(stopped.Model.Weights[name].Span), name);
    }

    [TestMethod]
    public void ItsNetworksCanBeTrainedFurther()
    {
        var ml = new MLContext(1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(40, variable: true));
        var trainer = (LstmRegressionTrainer)AnyTrainer.Create(ml, AnyTrainer.Regression, options => options.Effort = TrainingEffort.Best);
        LstmRegressionTransformer model = trainer.Fit(data);
        // A single network goes on as one, whatever the effort.
        LstmRegressionTransformer single = trainer.Fit(data, null, model.Model.Members[1]);
        LstmRegressionTransformer all = trainer.Fit(data, null, model.Model);
        var ofTwo = (LstmRegressionTrainer)AnyTrainer.Create(ml, AnyTrainer.Regression, options => options.NumberOfNetworks = 2);
        Assert.AreEqual(model.Model.Members.Count, ofTwo.Fit(data, null, model.Model).Model.Members.Count);

        Assert.AreEqual(1, single.Model.Members.Count);
        Assert.AreEqual(model.Model.Members.Count, all.Model.Members.Count);
        for (int i = 0; i < all.Model.Members.Count; i++)
            Assert.IsFalse(all.Model.Members[i].Weights["head.bias"].Span.SequenceEqual(model.Model.Members[i].Weights["head.bias"].Span));
        ReadOnlyMemory<float> again = trainer.Fit(data, null, model.Model.Members[1]).Model.Weights["head.bias"];
        Assert.IsTrue(again.Span.SequenceEqual(single.Model.Weights["head.bias"].Span));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void ScoresAreThoseOfTheMean(string trainer)
    {
        SequencePredictionTransformer model = Fit(trainer);
        SequenceModel network = model.Model.Network;
        float[][] each = [.. network.Members.Select((_, i) => Score(network.Member(i)))];
        float[] together = Score(network);
        for (int i = 0; i < together.Length; i++)
            Assert.AreEqual(each.Average(member => (double)member[i]), together[i], 1e-4);
    }

    [TestMethod]
    public void CurvesAreReadByConvolutionsUnlessTheOptionsSayOtherwise()
    {
        var ml = new MLContext(1);
        Example[] rows = Example.Make(40);
        // Each step goes on from the one before: a curve.
        foreach (Example row in rows)
        {
            for (int t = 1; t < row.Features.Length; t++)
                row.Features[t] += row.Features[t - 1];
        }
        IDataView data = AnyTrainer.Data(ml, rows);
        SequencePredictionTransformer model = AnyTrainer.Create(ml, AnyTrainer.Multiclass, options =>
            (options.Effort, options.FeaturesPerStep, options.HiddenSize) = (TrainingEffort.Best, 1, null)).Fit(data);
        SequencePredictionTransformer without = AnyTrainer.Create(ml, AnyTrainer.Multiclass, options =>
            (options.Effort, options.FeaturesPerStep, options.HiddenSize, options.Convolution) = (TrainingEffort.Best, 1, null,
            ConvolutionOptions.Off())).Fit(data);

        Assert.AreEqual(3, model.Model.Network.Shape.Convolutions.Count);
        Assert.AreEqual(8, model.Model.HiddenSize);
        Assert.IsTrue(model.TrainingReport!.Choices.Any(choice => choice.Option == "Convolution" && choice.Value.StartsWith("64 of 8")));
        Assert.AreEqual(0, without.Model.Network.Shape.Convolutions.Count);
        Assert.AreEqual(64, without.Model.HiddenSize);
    }

    [TestMethod]
    public void TextsAreReadWithTwoPoolings()
    {
        SequencePredictionTransformer model = Fit(AnyTrainer.Multiclass, options =>
            (options.FeatureColumnName, options.Convolution) = (nameof(Example.Tokens), ConvolutionOptions.Off()));

        CollectionAssert.AreEqual((Pooling[])[Pooling.Max, Pooling.Attention, Pooling.Max, Pooling.Attention, Pooling.Max],
            model.Model.Members.Select(member => member.Pooling).ToArray());
        Assert.AreEqual("0.5", model.TrainingReport!.Choices.Single(choice => choice.Option == "OutputDropout").Value);
    }

    private static float[] Score(SequenceModel model)
    {
        var scorer = new SequenceScorer(new ScoringNetwork(model));
        Span<float> features = scorer.AddSequence(6);
        for (int i = 0; i < features.Length; i++)
            features[i] = MathF.Cos(i);
        scorer.Score();
        return scorer.Output(0).ToArray();
    }

    private static SequencePredictionTransformer Fit(string trainer, Action<SequenceTrainerOptions>? change = null)
    {
        var ml = new MLContext(1);
        return AnyTrainer.Create(ml, trainer, options =>
        {
            options.Effort = TrainingEffort.Best;
            change?.Invoke(options);
        }).Fit(AnyTrainer.Data(ml, Example.Make(40, variable: true)));
    }
}
