using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Anomalies;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmAnomalyTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Anomaly Detection", LstmAnomalyTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

// An entry of a model.zip: ML.NET's header, all that a forecaster has, and the distribution of scores as JSON.
public sealed partial class LstmAnomalyTransformer
{
    internal const string LoaderSignature = "LstmAnomaly";

    private const string AnomalyStream = "Anomaly.json";

    private static VersionInfo Version => ModelEntry.Version("LSTMANOM", LoaderSignature);

    private protected override void Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, entry =>
    {
        Forecaster.SaveTo(entry);
        entry.WriteJson(AnomalyStream,
            new SavedAnomaly(Settings, Scores.Quantiles.ToArray(), Scores.Lower, Scores.Upper, new(Known)).ToJson());
    });

    // ML.NET finds it by its name and parameters.
    internal static LstmAnomalyTransformer Create(IHostEnvironment env, ModelLoadContext ctx) => ModelEntry.Load(env, ctx, Version, entry =>
    {
        LstmForecastingTransformer forecaster = LstmForecastingTransformer.LoadFrom(env, entry);
        if (forecaster.Model.Layout is not { Targets: 1, Horizon: 1 })
            throw new InvalidDataException(
                "A saved LSTM anomaly detector can't be read: expected forecasts of one value, one step ahead, found others.");
        SavedAnomaly saved = entry.ReadJson(AnomalyStream, json => SavedAnomaly.FromJson(json), LstmForecastingTransformer.NetworkStream,
            LstmForecastingTransformer.NumbersStream);
        return new LstmAnomalyTransformer(env, forecaster, saved.Settings, saved.Scores, saved.Known);
    });
}
