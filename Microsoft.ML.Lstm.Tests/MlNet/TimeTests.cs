using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>Columns of dates and times, which series are ordered by, as ML.NET reads, keeps and gives them.</summary>
[TestClass]
public sealed class TimeTests
{
    private static readonly DateTime Noon = new(2024, 2, 29, 12, 0, 0);

    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void ObjectsHoldTimesToTheTick()
    {
        Row[] rows = [new() { Time = Noon.AddTicks(1), Times = [Noon, DateTime.MinValue] }, new() { Time = DateTime.MaxValue }, new()];
        IDataView data = _ml.Data.LoadFromEnumerable(rows);
        Assert.AreEqual(DateTimeDataViewType.Instance, data.Schema["Time"].Type);
        Assert.AreEqual("Vector<DateTime>", data.Schema["Times"].Type.ToString());
        CollectionAssert.AreEqual(Array.ConvertAll(rows, row => row.Time), data.GetColumn<DateTime>("Time").ToArray());
        Row[] back = _ml.Data.CreateEnumerable<Row>(data, reuseRowObject: false).ToArray();
        CollectionAssert.AreEqual(Array.ConvertAll(rows, row => row.Time), Array.ConvertAll(back, row => row.Time));
        CollectionAssert.AreEqual(rows[0].Times, back[0].Times);
    }

    [TestMethod]
    public void TextFileGivesTimes()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "date,value\n2024-02-29 12:00:00,1\n2024-02-29T12:00:00.5,2\n02/29/2024,3\n2024-02-29,4\n,5\n");
            DateTime[] expected = [Noon, Noon.AddSeconds(0.5), Noon.Date, Noon.Date, default];
            IDataView byMembers = _ml.Data.LoadFromTextFile<Line>(path, ',', hasHeader: true);
            CollectionAssert.AreEqual(expected, byMembers.GetColumn<DateTime>("Time").ToArray());
            IDataView byColumns = _ml.Data.LoadFromTextFile(path, [new("Time", DataKind.DateTime, 0), new("Value", DataKind.Single, 1)], ',', hasHeader: true);
            CollectionAssert.AreEqual(expected, byColumns.GetColumn<DateTime>("Time").ToArray());
            CollectionAssert.AreEqual((float[])[1, 2, 3, 4, 5], byColumns.GetColumn<float>("Value").ToArray());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    [DataRow("yesterday")]
    [DataRow("31/12/2024", DisplayName = "the day first")]
    public void WhatIsNoTimeStopsTheReading(string text)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, $"2024-02-29,1\n{text},2\n");
            IDataView data = _ml.Data.LoadFromTextFile<Line>(path, ',');
            var exception = Assert.Throws<Exception>(() => data.GetColumn<DateTime>("Time").ToArray());
            StringAssert.Contains(exception.ToString(), $"Could not parse value {text} in line 2, column Time");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void TimesGoThroughPipelinesEnginesCachesAndFiles()
    {
        IDataView data = _ml.Data.Cache(_ml.Data.LoadFromEnumerable([new Row { Time = Noon, Times = [Noon] }]));
        ITransformer model = _ml.Transforms.CopyColumns("When", "Time").Append(_ml.Transforms.CopyColumns("Whens", "Times")).Fit(data);
        var file = new MemoryStream();
        _ml.Model.Save(model, data.Schema, file);
        file.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(file, out DataViewSchema schema);
        Assert.AreEqual(DateTimeDataViewType.Instance, schema["Time"].Type);
        Assert.AreEqual(Noon, loaded.Transform(data).GetColumn<DateTime>("When").Single());
        using PredictionEngine<Row, Copy> engine = _ml.Model.CreatePredictionEngine<Row, Copy>(loaded);
        Copy copy = engine.Predict(new() { Time = Noon.AddHours(1), Times = [Noon, Noon] });
        Assert.AreEqual(Noon.AddHours(1).ToString("s", CultureInfo.InvariantCulture), copy.When.ToString("s", CultureInfo.InvariantCulture));
        CollectionAssert.AreEqual((DateTime[])[Noon, Noon], copy.Whens);
    }

    [TestMethod]
    public void RowsAreTakenAndSkippedInOrder()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 5).Select(day => new Row { Time = Noon.AddDays(day) }));
        int[] Days(IDataView rows) => [.. rows.GetColumn<DateTime>("Time").Select(time => (time - Noon).Days)];
        CollectionAssert.AreEqual((int[])[0, 1], Days(_ml.Data.TakeRows(data, 2)));
        CollectionAssert.AreEqual((int[])[3, 4], Days(_ml.Data.SkipRows(data, 3)));
        CollectionAssert.AreEqual((int[])[1, 2], Days(_ml.Data.TakeRows(_ml.Data.SkipRows(data, 1), 2)));
        CollectionAssert.AreEqual(Array.Empty<int>(), Days(_ml.Data.SkipRows(data, 9)));
        CollectionAssert.AreEqual((int[])[0, 1, 2, 3, 4], Days(_ml.Data.TakeRows(data, 9)));
    }

    private sealed class Row
    {
        public DateTime Time { get; set; }

        public DateTime[] Times { get; set; } = [];
    }

    private sealed class Copy
    {
        public DateTime When { get; set; }

        public DateTime[] Whens { get; set; } = [];
    }

    private sealed class Line
    {
        [LoadColumn(0)]
        public DateTime Time { get; set; }

        [LoadColumn(1)]
        public float Value { get; set; }
    }
}
