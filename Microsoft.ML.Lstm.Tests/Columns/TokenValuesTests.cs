using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Tests.Columns;

/// <summary>
/// What the keys of tokens stand for: other data with as many keys may have been mapped anew, and then the same keys are other words.
/// </summary>
[TestClass]
public sealed class TokenValuesTests
{
    private const string Warning = "The keys of column 'Keys' stand for other values than in the training data, so they are taken for "
        + "other tokens. Map values to keys by the transformer that was fitted on the training data.";

    private static readonly string[] Words = ["red", "green", "blue", "grey"];
    private static readonly string[] OtherWords = ["green", "red", "blue", "grey"];

    public static IEnumerable<string> Trainers => [AnyTrainer.Binary, AnyTrainer.Labeling, AnyTrainer.LanguageModel];

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void ValidationDataWithOtherWordsIsRefused(string trainer)
    {
        var ml = new MLContext(seed: 1);
        IDataView training = Data(ml, Words), validation = Data(ml, Words), other = Data(ml, OtherWords);
        Fit(ml, trainer, training, validation);
        Fit(ml, trainer, training, Unnamed(ml));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Fit(ml, trainer, training, other));
        StringAssert.StartsWith(error.Message, "Schema mismatch for feature column 'Keys': expected keys of the same 4 values in the same "
            + "order as those of the training data, got Vector<Key<UInt32, 0-3>>");
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void ScoringTokensOfOtherWordsIsWarnedOfOnce(string trainer)
    {
        var ml = new MLContext(seed: 1);
        // The network knows three of the words only; it matters nothing what the other key stands for.
        IDataView data = Data(ml, Words, rows: 3);
        SequencePredictionTransformer trained = Fit(ml, trainer, data, null);
        Assert.AreEqual(3, trained.Model.VocabularySizes[0]);
        using var file = new MemoryStream();
        ml.Model.Save(trained, data.Schema, file);
        foreach (SequencePredictionTransformer model in (SequencePredictionTransformer[])
            [trained, (SequencePredictionTransformer)ml.Model.Load(file, out _)])
        {
            AssertWarns(ml, model, "Score", data);
        }
    }

    [TestMethod]
    public void GeneratingFromTokensOfOtherWordsIsWarnedOfOnce()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Data(ml, Words, rows: 3);
        var model = (LstmLanguageModelTransformer)Fit(ml, AnyTrainer.LanguageModel, data, null);
        LstmGeneratingTransformer trained = model.CreateGenerator("More", new() { MaximumLength = 3 });
        using var file = new MemoryStream();
        ml.Model.Save(trained, data.Schema, file);
        foreach (ITransformer generator in (ITransformer[])[trained, ml.Model.Load(file, out _)])
            AssertWarns(ml, generator, "More", data);

        // Of texts that a mapping of other words makes tokens of, with the first of them.
        ITransformer mapping = ml.Transforms.Text.TokenizeIntoWords("Words", "Text")
            .Append(ml.Transforms.Conversion.MapValueToKey("Keys", "Words"))
            .Fit(ml.Data.LoadFromEnumerable([new { Text = string.Join(' ', OtherWords) }]));
        LstmTextGenerator writer = ml.Model.CreateTextGenerator(new TransformerChain<ITransformer>(mapping, model));
        string[] warnings = Listen(ml, () =>
        {
            writer.Generate("red");
            writer.Generate("blue");
        });
        Assert.AreEqual(Warning, warnings.Single());
    }

    private static void AssertWarns(MLContext ml, ITransformer model, string column, IDataView data)
    {
        Assert.IsEmpty(WarningsOf(data));
        Assert.IsEmpty(WarningsOf(Data(ml, [.. Words[..3], "unknown"], rows: 3)));
        Assert.IsEmpty(WarningsOf(Unnamed(ml)));
        Assert.AreEqual(Warning, WarningsOf(Data(ml, OtherWords, rows: 3)).Single());

        // Of a view that is read twice, and of a mapper of single rows.
        string[] WarningsOf(IDataView rows)
        {
            string[] ofView = Listen(ml, () =>
            {
                IDataView scored = model.Transform(rows);
                ColumnReader.Read(scored, column);
                ColumnReader.Read(scored, column);
            });
            CollectionAssert.AreEqual(ofView, Listen(ml, () => model.GetRowToRowMapper(rows.Schema)));
            Assert.IsEmpty(Listen(ml, () => model.GetOutputSchema(rows.Schema)));
            return ofView;
        }
    }

    private static string[] Listen(MLContext ml, Action act)
    {
        var warnings = new List<string>();
        EventHandler<LoggingEventArgs> listen = (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        ml.Log += listen;
        act();
        ml.Log -= listen;
        return [.. warnings];
    }

    private static SequencePredictionTransformer Fit(MLContext ml, string trainer, IDataView data, IDataView? validation)
    {
        IEstimator<SequencePredictionTransformer> estimator = AnyTrainer.CreateAny(ml, trainer, options =>
        {
            options.FeatureColumnName = "Keys";
            if (options is SequenceTrainerOptions labelled)
                labelled.LabelColumnName = trainer == AnyTrainer.Labeling ? nameof(Row.Tags) : nameof(Row.IsOdd);
        });
        return estimator switch
        {
            LstmBinaryTrainer one => one.Fit(data, validation),
            LstmSequenceLabelingTrainer one => one.Fit(data, validation),
            var one => ((LstmLanguageModelTrainer)one).Fit(data, validation),
        };
    }

    /// <summary>Rows with keys of words, in the order of the words.</summary>
    private static IDataView Data(MLContext ml, string[] words, int rows = 4)
    {
        IDataView known = ml.Data.LoadFromEnumerable([new Row { Words = words }]);
        return ml.Transforms.Conversion.MapValueToKey("Keys", nameof(Row.Words)).Fit(known).Transform(ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 4 * rows).Select(i => new Row { Words = [words[i % rows], words[(i + 1) % rows]], IsOdd = i % 2 > 0 })));
    }

    /// <summary>As many keys, that stand for nothing.</summary>
    private static IDataView Unnamed(MLContext ml)
        => ml.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => new Row { Keys = [1 + (uint)i % 4, 1], IsOdd = i % 2 > 0 }));

    private sealed class Row
    {
        public string[] Words { get; set; } = [];

        [KeyType(4)]
        public uint[] Keys { get; set; } = [];

        [KeyType(2)]
        public uint[] Tags { get; set; } = [1, 2];

        public bool IsOdd { get; set; }
    }
}
