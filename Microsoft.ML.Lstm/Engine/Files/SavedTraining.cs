using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The JSON of the state of a training, in the metadata of a checkpoint; numbers for each weight or sequence are in tensors beside it.
/// </summary>
/// <param name="Options">The options that affect the weights, as texts by name.</param>
/// <param name="Data">A checksum of the training data.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Stage">1, or 2 while the network of a forecast is retrained on all rows.</param>
/// <param name="NumberOfEpochs">The maximum number of epochs.</param>
/// <param name="KeptEpoch">The epoch whose model is kept.</param>
/// <param name="EpochsWithoutGain">The number of epochs since the kept one.</param>
/// <param name="ElapsedTicks">The time that training has taken, in ticks of 100 ns.</param>
/// <param name="Steps">The number of optimizer steps.</param>
/// <param name="Random">The state of <see cref="Parameters.RandomNumbers"/>.</param>
internal sealed record SavedTraining(
    Dictionary<string, string> Options,
    string Data,
    int Seed,
    int Stage,
    int NumberOfEpochs,
    int KeptEpoch,
    int EpochsWithoutGain,
    long ElapsedTicks,
    int Steps,
    int[] Random)
{
    private const string Key = "state";

    /// <summary>The metric of the kept epoch; null for none.</summary>
    public double? KeptMetric { get; set; }

    /// <summary>The loss before the first weight update; null where it is not finite.</summary>
    public double? InitialLoss { get; set; }

    /// <summary>The error of the linear model that training began with; null without one.</summary>
    public double? LinearError { get; set; }

    /// <summary>The biases of the output layer with that linear model alone; null without one.</summary>
    public float[]? LinearBiases { get; set; }

    /// <summary>In stage 2, how much of what the network adds to the linear model counts; null for all of it.</summary>
    public double? FirstShare { get; set; }

    /// <summary>The epochs that the schedule goes by since training has stalled; null before.</summary>
    public int? PlannedEpochs { get; set; }

    /// <summary>In stage 2, the epoch whose model stage 1 kept.</summary>
    public int? FirstKeptEpoch { get; set; }

    /// <summary>In stage 2, the number of epochs of stage 1.</summary>
    public int? FirstNumberOfEpochs { get; set; }

    /// <summary>In stage 2, why stage 1 ended before its last epoch; null where it did not.</summary>
    public string? FirstEnded { get; set; }

    /// <summary>The reports of the members of an ensemble that are trained before the one that this is the state of.</summary>
    public TrainingReport[]? Members { get; set; }

    public KeyValuePair<string, string> ToText()
        => new(Key, Encoding.UTF8.GetString(SavedJson.Write(this, SavedJsonContext.Default.SavedTraining, indented: false)));

    /// <summary>Reads what <see cref="ToText"/> wrote; null where a file has no state of a training.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static SavedTraining? Of(SafeTensors beside)
        => beside.Metadata.TryGetValue(Key, out string? text)
            ? SavedJson.Read(Encoding.UTF8.GetBytes(text), state => state.Object(From), "The checkpoint's state of training")
            : null;

    private static SavedTraining From(SavedValue json)
        => new(json["options"].Entries(option => option.Text()), json["data"].Text(), json["seed"].Int32(), json["stage"].Int32(),
            json["numberOfEpochs"].Int32(), json["keptEpoch"].Int32(), json["epochsWithoutGain"].Int32(), json["elapsedTicks"].Int64(),
            json["steps"].Int32(), json["random"].Array(word => word.Int32()))
        {
            KeptMetric = json.Find("keptMetric")?.Double(),
            InitialLoss = json.Find("initialLoss")?.Double(),
            LinearError = json.Find("linearError")?.Double(),
            LinearBiases = json.Find("linearBiases")?.Array(bias => (float)bias.Double()),
            FirstShare = json.Find("firstShare")?.Double(),
            PlannedEpochs = json.Find("plannedEpochs")?.Int32(),
            FirstKeptEpoch = json.Find("firstKeptEpoch")?.Int32(),
            FirstNumberOfEpochs = json.Find("firstNumberOfEpochs")?.Int32(),
            FirstEnded = json.Find("firstEnded")?.Text(),
            Members = json.Find("members")?.Array(member => member.Object(SavedReport.From)),
        };

    /// <summary>Values of any type as a lossless tensor of floats: each float is an integer below 65536 for 16 of their bits.</summary>
    public static SafeTensor ToWords<T>(string name, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<ushort> words = MemoryMarshal.Cast<T, ushort>(values);
        float[] numbers = new float[words.Length];
        for (int i = 0; i < words.Length; i++)
            numbers[i] = words[i];
        return new SafeTensor(name, [numbers.Length], numbers);
    }

    /// <summary>Reads what <see cref="ToWords"/> wrote; empty if there is no such tensor.</summary>
    /// <exception cref="InvalidDataException">The tensor has other numbers.</exception>
    public static T[] FromWords<T>(SafeTensors beside, string name)
        where T : unmanaged
    {
        ReadOnlySpan<float> numbers = Find(beside, name) is { } tensor ? tensor.Values.Span : [];
        ushort[] words = new ushort[numbers.Length];
        for (int i = 0; i < words.Length; i++)
            words[i] = numbers[i] is >= 0 and <= ushort.MaxValue
                ? (ushort)numbers[i]
                : throw new InvalidDataException(
                    $"The checkpoint's '{name}' can't be read: expected numbers from 0 to 65535, found {numbers[i]}.");
        return MemoryMarshal.Cast<ushort, T>(words).ToArray();
    }

    /// <summary>The tensor called <paramref name="name"/>; null if there is none.</summary>
    public static SafeTensor? Find(SafeTensors beside, string name) => beside.Tensors.FirstOrDefault(tensor => tensor.Name == name);
}
