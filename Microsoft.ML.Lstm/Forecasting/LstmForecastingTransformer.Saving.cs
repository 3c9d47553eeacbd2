using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmForecastingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Forecasting",
    LstmForecastingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

// An entry of a model.zip: ML.NET's header, checksums, and beside them the settings as JSON, the network and the other numbers as one
// safetensors stream each.
public sealed partial class LstmForecastingTransformer
{
    internal const string LoaderSignature = "LstmForecasting";

    private const string SettingsStream = "Forecast.json";
    internal const string NetworkStream = "Model.safetensors";
    internal const string NumbersStream = "Forecast.safetensors";

    private static VersionInfo Version => ModelEntry.Version("LSTMFRCS", LoaderSignature);

    private protected override void Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, SaveTo);

    /// <summary>Writes the streams that <see cref="LoadFrom"/> reads.</summary>
    internal void SaveTo(ModelEntryWriter entry)
    {
        var saved = new SavedForecast(Settings, Model.Layout, [.. States.Select(state => KnownSeries.Of(state.Key, state.Value))]);
        entry.WriteJson(SettingsStream, saved.ToJson());
        entry.WriteNumbers(NetworkStream, stream => ModelFile.Write(stream, Model.Network));
        entry.WriteNumbers(NumbersStream, stream => ForecastFile.Write(stream, Model, [.. States.Values.Select(state => state.Values)]));
    }

    // ML.NET finds it by its name and parameters.
    internal static LstmForecastingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => LoadFrom(env, entry));

    internal static LstmForecastingTransformer LoadFrom(IHostEnvironment env, ModelEntryReader entry)
    {
        SavedForecast saved = entry.ReadJson(SettingsStream, json => SavedForecast.FromJson(json), NetworkStream, NumbersStream);
        SequenceModel network = entry.Read(NetworkStream, ModelFile.Read);
        Check(network.Shape, saved);
        (ForecastModel model, float[][] states) = entry.Read(NumbersStream,
            stream => ForecastFile.Read(stream, network, saved.Layout, saved.Settings.Series.Length, saved.Known.Length));
        return new LstmForecastingTransformer(env, model, saved.Settings,
            saved.Known.Zip(states).ToDictionary(known => known.First.Name, known => known.First.With(known.Second)));
    }

    private static void Check(NetworkShape shape, SavedForecast saved)
    {
        ForecastLayout layout = saved.Layout;
        if (!shape.StepOutputs || !shape.HeadReadsInputs || shape.Bidirectional || shape.HasCrf || shape.Classes is not null)
            throw new InvalidDataException("A saved LSTM forecast has the network of another task.");
        if (shape.NumericSize != layout.FeatureSize || shape.OutputSize != layout.OutputSize)
            throw new InvalidDataException(
                $"A saved LSTM forecast has a network of {shape.NumericSize} features and {shape.OutputSize} outputs; expected "
                + $"{layout.FeatureSize} and {layout.OutputSize}.");
        if (shape.StaticSize == 0 != (saved.Settings.Columns.Statics is null))
            throw new InvalidDataException(
                $"A saved LSTM forecast has {shape.StaticSize} static features, but its columns say '{saved.Settings.Columns.Statics}'.");
        if (saved.Known.Any(known =>
            known.Until is not null
            && (saved.Settings.TimeStep is null
                || (known.Statics?.Length ?? 0) != shape.StaticSize
                || known.Statics?.Any(value => !float.IsFinite(value)) == true)))
            throw new InvalidDataException(
                $"A saved LSTM forecast has a series with a missing end, but without times, or without {shape.StaticSize} finite static "
                + "features.");
        if (shape.Embeddings.Count > 1 || (shape.Embeddings.Count == 1 && shape.Embeddings[0].Vocabulary != saved.Settings.Series.Length))
            throw new InvalidDataException(
                $"A saved LSTM forecast has embeddings of other series than its {saved.Settings.Series.Length}.");
    }
}
