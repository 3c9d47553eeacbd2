using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;
using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Transforming the training table, as ML.NET's samples do, does not silently take it for its own future.</summary>
[TestClass]
public sealed class TrainingTableAgainTests
{
    [TestMethod]
    [DataRow(Forecaster, null)]
    [DataRow(Forecaster, "Time")]
    [DataRow(Detector, null)]
    [DataRow(Detector, "Time")]
    public void TheViewThatWasFittedBeginsAnew(string kind, string? time)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] a = Reading.Wave(80, shop: "a"), b = Reading.Wave(80, seed: 2, shop: "b");
        IDataView data = ml.Data.LoadFromEnumerable(a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second }).ToArray());
        IEstimator<SeriesTransformer> estimator = Estimator(ml, kind,
            options => (options.TimeColumnName, options.SeriesColumnName) = (time, "Shop"));
        SeriesTransformer model = estimator.Fit(data);
        double[][] expected = Read(WithoutHistory(model).Transform(data));
        AssertSame(expected, Read(model.Transform(data)));
        // Also behind transforms that only add columns.
        ITransformer chain = ml.Transforms.CopyColumns("Copy", "Other")
            .Append(estimator)
            .Append(ml.Transforms.CopyColumns("Copy2", "Copy"))
            .Fit(data);
        AssertSame(expected, Read(chain.Transform(data)));
        AssertNone(warnings, "begin");
        AssertNone(warnings, "those of the training data");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void ASeriesWhoseFirstRowsAreAlikeBeginsAnewToo(string kind)
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(80, shop: "a"), b = Reading.Wave(80, seed: 2, shop: "b");
        foreach (Reading row in b[..20])
            row.Value = 0;
        // Of the last one there is a single row.
        IDataView data = ml.Data.LoadFromEnumerable(a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second })
            .Append(new Reading { Shop = "c", Value = 1 }).ToArray());
        SeriesTransformer model = Estimator(ml, kind, options => options.SeriesColumnName = "Shop").Fit(data);
        AssertSame(Read(WithoutHistory(model).Transform(data)), Read(model.Transform(data)));
    }

    [TestMethod]
    [DataRow(Forecaster, null)]
    [DataRow(Forecaster, "Time")]
    [DataRow(Detector, null)]
    [DataRow(Detector, "Time")]
    public void TheViewOfValidationRowsGoesOnFromTheTrainingRows(string kind, string? time)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] a = Reading.Wave(110, shop: "a"), b = Reading.Wave(110, seed: 2, shop: "b");
        Reading[] train = [.. a[..80].Zip(b[..80]).SelectMany(pair => new[] { pair.First, pair.Second })];
        // A gap before the validation rows of one series, and a series that training does not have.
        Reading[] validation = [.. a[80..].Concat(b[82..]).OrderBy(row => row.Time), .. Reading.Wave(30, seed: 3, shop: "c")];
        IDataView trainData = ml.Data.LoadFromEnumerable(train), validationData = ml.Data.LoadFromEnumerable(validation);
        IEstimator<SeriesTransformer> estimator = Estimator(ml, kind, options =>
            (options.TimeColumnName, options.SeriesColumnName, options.KnownCovariateColumnNames) = (time, "Shop", ["Promotion"]));
        SeriesTransformer model = estimator is LstmForecastingEstimator forecaster ? forecaster.Fit(trainData, validationData)
            : ((LstmAnomalyEstimator)estimator).Fit(trainData, validationData);

        double[][] expected = Transform(ml, WithoutHistory(model), [.. train, .. validation])[train.Length..];
        warnings.Clear();
        AssertSame(Told(expected), Told(Read(model.Transform(validationData))));
        AssertNone(warnings, "begin");
        // Other rows still follow the validation rows, and so does what comes after the view.
        if (model is LstmForecastingTransformer known)
        {
            Assert.IsFalse(Transform(ml, model, a[100..]).SequenceEqual(Read(model.Transform(validationData))[20..30]));
            CollectionAssert.AreEqual(known.Forecast().GetColumn<float>("Forecast").ToArray(),
                known.WithHistory(validationData).Forecast().GetColumn<float>("Forecast").ToArray());
        }

        // The tails of the scores depend on the rows since the detector began.
        double[][] Told(double[][] said) => [.. said.Select(row => kind == Detector ? [row[3]] : row)];
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void TheSameRowsElsewhereAreNamed(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(120);
        SeriesTransformer model = Fit(ml, kind, rows[..100]);
        using var stream = new MemoryStream();
        ml.Model.Save(model, null, stream);
        stream.Position = 0;
        ITransformer loaded = ml.Model.Load(stream, out _);
        Func<Reading, double[]> observe = Observe(ml, loaded, kind);
        foreach (Action act in new Action[] { () => Transform(ml, model, rows[..100]), () => Transform(ml, loaded, rows),
            () => Array.ForEach(rows[..50], row => observe(row)) })
        {
            warnings.Clear();
            act();
            AssertOne(warnings, "The first 16 rows are those of the training data, but they are taken for what follows it, as there is no "
                + "column of times to say otherwise. To go through the training data again, use WithoutHistory.");
        }
        warnings.Clear();
        Transform(ml, WithoutHistory(model), rows);
        Transform(ml, model, rows[100..]);
        Transform(ml, model, rows[1..]);
        Assert.IsEmpty(warnings);
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void RowsThatAreAllTheSameAreNoSign(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(120);
        foreach (Reading row in rows[..20].Concat(rows[100..]))
            row.Value = 0;
        SeriesTransformer model = Fit(ml, kind, rows[..100]);
        warnings.Clear();
        Transform(ml, model, rows[100..]);
        Assert.IsEmpty(warnings);
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void ASeriesThatBeginsAnewIsNamed(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(120);
        SeriesTransformer model = Fit(ml, kind, rows[..100], options => options.TimeColumnName = "Time");
        warnings.Clear();
        double[][] actual = Transform(ml, model, rows[90..]);
        AssertSame(Transform(ml, WithoutHistory(model), rows[90..]), actual);
        AssertOne(warnings, "The rows begin at 2024-01-04 18:00:00, but the model knows the series up to 2024-01-05 03:00:00: they are "
            + "taken for a series that begins anew. Rows that follow are later.");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void AViewWhoseRowsHaveChangedGoesOn(string kind)
    {
        // Like a queue, which has other rows each time.
        (MLContext ml, _) = Listen();
        Reading[] rows = Reading.Wave(120);
        Reading[] now = rows[..100];
        IEnumerable<Reading> Rows()
        {
            foreach (Reading row in now)
                yield return row;
        }
        IDataView data = ml.Data.LoadFromEnumerable(Rows());
        SeriesTransformer model = Estimator(ml, kind).Fit(data);
        now = rows[100..];
        AssertSame(Transform(ml, model, rows[100..]), Read(model.Transform(data)));
    }
}
