using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Keeps the progress and the warnings of a training.</summary>
internal sealed class SilentMonitor : ITrainingMonitor
{
    public List<EpochCompletedEventArgs> Epochs { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<string> Lines { get; } = [];

    public CancellationToken Abandoned { get; init; }

    public int Batches { get; private set; }

    public void BatchCompleted(int epoch, int batch, int batches) => Batches++;

    public void EpochCompleted(EpochCompletedEventArgs epoch) => Epochs.Add(epoch);

    public void Info(string message) => Lines.Add(message);

    public void Warn(string message) => Warnings.Add(message);
}

/// <summary>Options that belong to no trainer.</summary>
internal sealed class LoopOptions : TrainingOptions
{
    public int EmbeddingSize = 32;
    public float TokenDropout;
    public float RareTokenDropout;
    public bool FreezeEmbeddings;
    public Pooling Pooling = Pooling.Last;

    public static implicit operator TrainingSettings(LoopOptions options) => SettingsOf(options);

    public static TrainingSettings SettingsOf(TrainingOptions options)
        => options.Settle(new DataFacts([]), new OptionChoices()).ToSettings();

    private protected override TokenSettings Tokens => new(EmbeddingSize, FreezeEmbeddings);

    private protected override float DropoutOfTokens => TokenDropout;

    private protected override float DropoutOfRareTokens => RareTokenDropout;

    private protected override Pooling EncodingPooling => Pooling;

    private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        NumberOfEpochs ??= 100;
        base.ChooseDefaults(facts, choices);
    }
}
