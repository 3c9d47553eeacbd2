namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Training data that is read again in each epoch.</summary>
[TestClass]
public sealed class StreamedTrainingTests
{
    [TestMethod]
    public void StreamedDataThatIsEmptyWhenReadAgainIsTheUsualError()
    {
        var ml = new MLContext(seed: 1);
        IDataView consumed = ml.Data.LoadFromEnumerable(new Consumed(Example.Make(20)), Example.Schema(Example.Vector(10)));
        string expected = Assert.ThrowsExactly<InvalidOperationException>(() =>
            Trainer(ml).Fit(ml.Data.LoadFromEnumerable(Array.Empty<Example>(), Example.Schema(Example.Vector(10))))).Message;
        var error = Assert.ThrowsExactly<InvalidOperationException>(() =>
            Trainer(ml, options => options.StreamingBufferMegabytes = 1).Fit(consumed));
        Assert.AreEqual(expected, error.Message);
    }

    [TestMethod]
    public void StreamedDataThatChangesBetweenReadingsIsWarnedOf()
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        var source = new Consumed(Example.Make(20), Example.Make(15));
        Trainer(ml, options => options.StreamingBufferMegabytes = 1)
            .Fit(ml.Data.LoadFromEnumerable(source, Example.Schema(Example.Vector(10))));
        StringAssert.StartsWith(warnings.Single(),
            "The training data had 20 usable rows when it was read first, and 15 when it was read again.");
    }

    /// <summary>Rows at the first reading, and others, or none, at each later one.</summary>
    private sealed class Consumed(Example[] first, params Example[] later) : IEnumerable<Example>
    {
        private bool _isRead;

        public IEnumerator<Example> GetEnumerator()
        {
            Example[] rows = _isRead ? later : first;
            _isRead = true;
            return rows.AsEnumerable().GetEnumerator();
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private static LstmRegressionTrainer Trainer(MLContext ml, Action<LstmRegressionTrainer.Options>? change = null)
        => ml.Regression.Trainers.Lstm(SmallOptions.Create(change));
}
