using System.Text;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Anomalies;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Detection;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Onnx.Export;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmAnomalyTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Anomaly Detection", LstmAnomalyTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Finds the rows of one or many series whose values are not what the rows before them lead one to expect, with a network that a
/// <see cref="LstmAnomalyEstimator"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `OutputColumnName`: vector of <xref:System.Double>, 6 long, with slot names. *Alert*: 1 or 0. *Raw Score*: how far the value is from
///   what was expected, and from what is usual, in robust deviations. *P-Value Score*: the probability of such a score when nothing is
///   wrong. *Expected Value*: the
///   forecast. *Upper Bound*, *Lower Bound*: beyond them a value gives an alert.
///
/// The first row of a series, for which there is no forecast, and a row whose value is missing get no alert, and NaN.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmTransformsCatalog.DetectAnomalyByLstm(TransformsCatalog, LstmAnomalyEstimator.Options)"/>
public sealed class LstmAnomalyTransformer : SeriesTransformer
{
    internal const string LoaderSignature = "LstmAnomaly";

    private const string AnomalyStream = "Anomaly.json";

    // In the description of an ONNX file.
    private const string AnomalyName = "anomaly";

    internal LstmAnomalyTransformer(IHostEnvironment environment, LstmForecastingTransformer forecaster, AnomalySettings settings,
        ScoreDistribution scores, IReadOnlyDictionary<string, KnownScores> known)
        : base(environment.Register(nameof(LstmAnomalyTransformer)), forecaster.Model, forecaster.Settings)
    {
        Forecaster = forecaster;
        Settings = settings;
        Scores = scores;
        Known = known;
        Outputs = [new DetectionColumn(settings.OutputColumnName)];
    }

    /// <summary>
    /// In percent, above 0 and below 100: a row gets an alert if a score like its own has a probability of at most 100 minus this when
    /// nothing is wrong.
    /// </summary>
    public double Confidence => Settings.Confidence;

    internal LstmForecastingTransformer Forecaster { get; }

    internal AnomalySettings Settings { get; }

    /// <summary>The distribution of scores when nothing is wrong.</summary>
    internal ScoreDistribution Scores { get; }

    internal ResidualScale Scale => Settings.Residuals;

    /// <summary>The scores of each series that has had rows since training.</summary>
    internal IReadOnlyDictionary<string, KnownScores> Known { get; }

    internal override IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>
    /// A transformer with the same network that knows no series yet: for data that does not follow the training data, such as the training
    /// data itself.
    /// </summary>
    /// <returns>The transformer without history.</returns>
    public LstmAnomalyTransformer WithoutHistory() => With(Forecaster.WithoutHistory(), new Dictionary<string, KnownScores>());

    /// <summary>
    /// Writes the network as an ONNX model, with the inputs that <see cref="LstmForecastingTransformer.ExportToOnnx"/> describes. Its
    /// outputs, both floats [batch, 1], are <c>ExpectedValue</c>, the forecast of the value in the next row, and <c>Spread</c>, a unit in
    /// which the errors of different forecasts can be compared. Scores and alerts depend on the errors of all rows before and are not part
    /// of the model.
    /// </summary>
    /// <param name="stream">Receives the model.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">The network has more weights than an ONNX file can hold, 2 GB.</exception>
    /// <exception cref="NotSupportedException">The detector has several networks (<see cref="TrainingEffort.Best"/>).</exception>
    public void ExportToOnnx(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ForecastOnnx.Write(stream, Forecaster, nameof(LstmAnomalyTransformer), OnnxOutputs,
            (AnomalyName, Encoding.UTF8.GetString(ToSaved(new Dictionary<string, KnownScores>()).ToJson())));
    }

    /// <summary>Reads the detector that a file of <see cref="ExportToOnnx"/> has, which knows no series yet.</summary>
    /// <exception cref="InvalidDataException">The description is damaged, or the graph has other numbers.</exception>
    internal static LstmAnomalyTransformer Of(IHostEnvironment environment, ModelDescription description)
    {
        var saved = SavedAnomaly.FromJson(Encoding.UTF8.GetBytes(description.Text(AnomalyName)));
        return saved.Known.Count == 0
            ? Of(environment, ForecastOnnx.Read(environment, description, OnnxOutputs), saved)
            : throw new InvalidDataException($"ONNX: expected a detector that knows no series, found one of {saved.Known.Count}.");
    }

    private static IEnumerable<(string? Name, OnnxValue Value)> OnnxOutputs(ForecastValues forecast)
        => [("ExpectedValue", forecast.Point), ("Spread", forecast.Spread)];

    internal LstmAnomalyTransformer With(LstmForecastingTransformer forecaster, IReadOnlyDictionary<string, KnownScores> known)
        => new(Host, forecaster, Settings, Scores, known);

    internal override LstmAnomalyTransformer WithWeights(WeightFormat format)
        => new(Host, Forecaster.WithWeights(format), Settings, Scores, Known) { FittedTo = FittedTo };

    internal override SeriesSession CreateSession(SessionOptions options) => new AnomalySession(this, options);

    private static VersionInfo Version => ModelEntry.Version("LSTMANOM", LoaderSignature);

    private protected override void Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, entry =>
    {
        Forecaster.SaveTo(entry);
        entry.WriteJson(AnomalyStream, ToSaved(Known).ToJson());
    });

    private SavedAnomaly ToSaved(IReadOnlyDictionary<string, KnownScores> known)
        => new(Settings, Scores.Quantiles.ToArray(), Scores.Lower, Scores.Upper, new(known));

    // ML.NET finds this method by its name and parameters.
    internal static LstmAnomalyTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => LoadFrom(env, entry));

    private static LstmAnomalyTransformer LoadFrom(IHostEnvironment env, ModelEntryReader entry)
    {
        LstmForecastingTransformer forecaster = LstmForecastingTransformer.LoadFrom(env, entry);
        return Of(env, forecaster, entry.ReadJson(AnomalyStream, json => SavedAnomaly.FromJson(json),
            LstmForecastingTransformer.NetworkStream, LstmForecastingTransformer.NumbersStream));
    }

    private static LstmAnomalyTransformer Of(IHostEnvironment environment, LstmForecastingTransformer forecaster, SavedAnomaly saved)
        => forecaster.Model.Layout is { Targets: 1, Horizon: 1 }
            ? new LstmAnomalyTransformer(environment, forecaster, saved.Settings, saved.Scores, saved.Known)
            : throw new InvalidDataException(
                "A saved LSTM anomaly detector can't be read: expected forecasts of one value, one step ahead, found others.");
}
