using Microsoft.ML.Lstm;

namespace LstmTool.Search;

/// <summary>How a search spreads over ranks: each trains by settings of its own, and all come to know what came of them.</summary>
/// <typeparam name="TModel">What a training gives.</typeparam>
/// <param name="communicator">The ranks.</param>
/// <param name="save">Makes bytes of a model.</param>
/// <param name="load">Makes a model of such bytes.</param>
public sealed class SearchRanks<TModel>(Communicator communicator, Func<TModel, byte[]> save, Func<byte[], TModel> load)
    where TModel : class
{
    /// <summary>The ranks.</summary>
    public Communicator Communicator { get; } = communicator ?? throw new ArgumentNullException(nameof(communicator));

    /// <summary>The number of rank 0, for all.</summary>
    internal double OfFirst(double number) => BitConverter.ToDouble(Communicator.TakeTurns(1, _ => BitConverter.GetBytes(number))[0]);

    /// <summary>Trains by the settings whose turn is this rank's, and gives what came of all of them.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="effort">How long the trainings may take; the models of brief ones, which are not chosen, stay where they are.</param>
    /// <param name="train">Trains; null where that was stopped before there was a model.</param>
    internal EndedTrial<TModel>?[] TakeTurns(Settings[] settings, TrainingEffort effort, Func<Settings, EndedTrial<TModel>?> train)
    {
        var own = new EndedTrial<TModel>?[settings.Length];
        byte[][] all = Communicator.TakeTurns(settings.Length, i => (own[i] = train(settings[i])) is { } ended ? BytesOf(ended) : []);
        return [.. all.Select((bytes, i) => own[i] ?? (bytes.Length == 0 ? null : EndedOf(bytes, settings[i], effort)))];
    }

    private byte[] BytesOf(EndedTrial<TModel> ended)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(ended.Trial.Error);
        writer.Write(ended.Trial.Seconds);
        writer.Write(ended.Trial.Shown);
        writer.Write(ended.Trial.WasStopped);
        writer.Write(ended.Noise);
        byte[] model = ended.Trial.Effort == TrainingEffort.Quick ? [] : save(ended.Model!);
        writer.Write(model.Length);
        writer.Write(model);
        writer.Flush();
        return stream.ToArray();
    }

    private EndedTrial<TModel> EndedOf(byte[] bytes, Settings settings, TrainingEffort effort)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var trial = new Trial(settings, effort, Error: reader.ReadDouble(), Seconds: reader.ReadDouble())
        {
            Shown = reader.ReadString(),
            WasStopped = reader.ReadBoolean(),
        };
        double noise = reader.ReadDouble();
        byte[] model = reader.ReadBytes(reader.ReadInt32());
        return new EndedTrial<TModel>(trial, noise, model.Length == 0 ? null : load(model));
    }
}
