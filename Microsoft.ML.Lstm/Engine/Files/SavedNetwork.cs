using System.Text;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The JSON of a <see cref="NetworkShape"/>, in the metadata of <see cref="ModelFile"/>; enums are names. Embeddings, characters and the
/// properties that describe the <see cref="Head"/> are left out where they say nothing. Of an ensemble it is that of the first member;
/// the other members follow in it without embeddings, characters and classes, which they share.
/// </summary>
internal sealed partial record SavedNetwork(
    string Cell,
    int InputSize,
    [property: JsonPropertyOrder(1)] int HiddenSize,
    [property: JsonPropertyOrder(2)] int Layers,
    [property: JsonPropertyOrder(3)] bool Bidirectional,
    [property: JsonPropertyOrder(4)] string Pooling,
    [property: JsonPropertyOrder(9)] int StaticSize,
    [property: JsonPropertyOrder(10)] int OutputSize)
{
    private const string What = "The network's shape in an LSTM model";

    public SavedEmbedding[]? Embeddings { get; set; }

    public SavedCharacters? Characters { get; set; }

    [JsonPropertyOrder(5)]
    public bool? StepOutputs { get; set; }

    [JsonPropertyOrder(6)]
    public bool? Crf { get; set; }

    [JsonPropertyOrder(7)]
    public bool? HeadReadsInputs { get; set; }

    [JsonPropertyOrder(8)]
    public bool? Decoder { get; set; }

    [JsonPropertyOrder(11)]
    public SavedKeys? Classes { get; set; }

    [JsonPropertyOrder(12)]
    public int? StepsPerFrame { get; set; }

    [JsonPropertyOrder(13)]
    public SavedConvolution[]? Convolutions { get; set; }

    [JsonPropertyOrder(14)]
    public int? SkipSteps { get; set; }

    [JsonPropertyOrder(15)]
    public bool? NextToken { get; set; }

    [JsonPropertyOrder(16)]
    public bool? TiedHead { get; set; }

    [JsonPropertyOrder(18)]
    public bool? Ctc { get; set; }

    [JsonPropertyOrder(17)]
    public SavedClusters? AdaptiveSoftmax { get; set; }

    [JsonPropertyOrder(19)]
    public SavedTarget? Target { get; set; }

    [JsonPropertyOrder(20)]
    public SavedNetwork[]? Members { get; set; }

    /// <summary>The JSON of the shapes of the members of an ensemble, or of a single network.</summary>
    public static string Write(IReadOnlyList<NetworkShape> members)
    {
        SavedNetwork first = Save(members[0]);
        if (members.Count > 1)
            first.Members = [.. members.Skip(1).Select(member => Save(member with
            {
                Embeddings = default,
                Characters = null,
                Classes = null,
            }))];
        return Encoding.UTF8.GetString(SavedJson.Write(first, SavedJsonContext.Default.SavedNetwork, indented: false));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is not an object with exactly the properties that <see cref="Write"/> writes, a size is
    /// less than 1 (static size and vocabulary: less than 0), or members have other inputs or outputs than the first.</exception>
    public static IReadOnlyList<NetworkShape> Read(string text)
    {
        SavedNetwork saved = SavedJson.Read(Encoding.UTF8.GetBytes(text), network => network.Object(From), What);
        NetworkShape first = Checked(Load(saved));
        return [first, .. (saved.Members ?? []).Select(member => LoadMember(member, first))];
    }

    private static SavedNetwork From(SavedValue json)
        => new(json["cell"].Text(), json["inputSize"].Int32(), json["hiddenSize"].Int32(), json["layers"].Int32(),
            json["bidirectional"].Boolean(), json["pooling"].Text(), json["staticSize"].Int32(), json["outputSize"].Int32())
        {
            Embeddings = json.Find("embeddings")?.Array(table => table.Object(SavedEmbedding.From)),
            Characters = json.Find("characters")?.Object(SavedCharacters.From),
            StepOutputs = json.Find("stepOutputs")?.Boolean(),
            Crf = json.Find("crf")?.Boolean(),
            HeadReadsInputs = json.Find("headReadsInputs")?.Boolean(),
            Decoder = json.Find("decoder")?.Boolean(),
            Classes = json.Find("classes")?.Object(SavedKeys.From),
            StepsPerFrame = json.Find("stepsPerFrame")?.Int32(),
            Convolutions = json.Find("convolutions")?.Array(layer => layer.Object(SavedConvolution.From)),
            ConvolutionPooling = json.Find("convolutionPooling")?.Text(),
            InputConvolutions = json.Find("inputConvolutions")?.Array(layer => layer.Object(SavedInputConvolution.From)),
            SkipSteps = json.Find("skipSteps")?.Int32(),
            NextToken = json.Find("nextToken")?.Boolean(),
            TiedHead = json.Find("tiedHead")?.Boolean(),
            Ctc = json.Find("ctc")?.Boolean(),
            AdaptiveSoftmax = json.Find("adaptiveSoftmax")?.Object(SavedClusters.From),
            Target = json.Find("target")?.Object(SavedTarget.From),
            Members = json.Find("members")?.Array(member => member.Object(From)),
        };

    private static SavedNetwork Save(NetworkShape shape)
        => new(shape.Cell.ToString(), shape.InputSize, shape.HiddenSize, shape.Layers, shape.Bidirectional,
            shape.Pooling.ToString(), shape.StaticSize, shape.OutputSize)
        {
            Embeddings = shape.Embeddings.Count > 0
                ? [.. shape.Embeddings.Select(embedding =>
                    new SavedEmbedding(embedding.Vocabulary, embedding.Size)
                    {
                        Keys = Save(embedding.Keys),
                        Boundary = TrueOrNull(embedding.HasBoundary),
                    })]
                : null,
            Characters = shape.Characters is not { } words ? null
                : new SavedCharacters(words.Table.Vocabulary, words.Table.Size, words.Filters, words.KernelSize)
                {
                    Keys = Save(words.Table.Keys),
                },
            StepOutputs = TrueOrNull(shape.Head.IsPerStep),
            Crf = TrueOrNull(shape.Head == Head.Crf),
            HeadReadsInputs = TrueOrNull(shape.Head.ReadsInputs),
            Decoder = TrueOrNull(shape.Head == Head.Autoencoder),
            Classes = Save(shape.Classes),
            StepsPerFrame = shape.StepsPerFrame > 1 ? shape.StepsPerFrame : null,
            Convolutions = shape.Convolutions.Count > 0
                ? [.. shape.Convolutions.Select(convolution => new SavedConvolution(convolution.Filters, convolution.KernelSize))]
                : null,
            ConvolutionPooling = shape.PoolsConvolutionsByMax ? MaxOfSteps : null,
            InputConvolutions = SaveInputConvolutions(shape),
            SkipSteps = shape.SkipSteps > 0 ? shape.SkipSteps : null,
            NextToken = TrueOrNull(shape.Head == Head.NextToken),
            Ctc = TrueOrNull(shape.Head == Head.Ctc),
            TiedHead = TrueOrNull(shape.TiesHead),
            AdaptiveSoftmax = shape.AdaptiveSoftmax is { } clusters ? SavedClusters.Of(clusters) : null,
            Target = Save(shape.Target),
        };

    private static NetworkShape LoadMember(SavedNetwork saved, NetworkShape first)
    {
        if (saved is not { Members: null, Embeddings: null, Characters: null, Classes: null })
            throw Invalid("members without embeddings, characters, classes and members of their own", "some");
        NetworkShape member = Load(saved) with
        {
            Embeddings = first.Embeddings,
            Characters = first.Characters,
            Classes = first.Classes,
        };
        return member.IsAlike(first)
            ? Checked(member)
            : throw Invalid("members with the inputs and outputs of the first", "other ones");
    }

    private static NetworkShape Checked(NetworkShape shape)
        => ShapeRules.FaultOf(shape) is { } fault ? throw Invalid(fault.Expected, fault.Found) : shape;

    private static NetworkShape Load(SavedNetwork saved)
    {
        Check(saved);
        return new NetworkShape
        {
            Cell = ReadEnum<CellType>(saved.Cell, "cell"),
            InputSize = saved.InputSize,
            Embeddings = saved.Embeddings is { } embeddings
                ? new ValueList<EmbeddingShape>([.. embeddings.Select(ReadEmbedding)])
                : default,
            Characters = saved.Characters is { } words ? ReadCharacters(words) : null,
            HiddenSize = saved.HiddenSize,
            Layers = saved.Layers,
            Bidirectional = saved.Bidirectional,
            Pooling = ReadEnum<Pooling>(saved.Pooling, "pooling"),
            Head = ReadHead(saved),
            StaticSize = saved.StaticSize,
            OutputSize = saved.OutputSize,
            Classes = ReadKeys(saved.Classes, saved.OutputSize - (saved.Ctc is true ? 1 : 0), "outputSize"),
            StepsPerFrame = saved.StepsPerFrame ?? 1,
            Convolutions = saved.Convolutions is { } convolutions
                ? new ValueList<ConvolutionShape>([.. convolutions.Select(layer => new ConvolutionShape(layer.Filters, layer.KernelSize))])
                : default,
            PoolsConvolutionsByMax = ReadConvolutionPooling(saved),
            InputConvolutions = ReadInputConvolutions(saved),
            SkipSteps = saved.SkipSteps ?? 0,
            TiesHead = saved.TiedHead ?? false,
            AdaptiveSoftmax = ReadClusters(saved),
            Target = saved.Target is { } target ? ReadTarget(target) : null,
        };
    }

    private static void Check(SavedNetwork saved)
    {
        CheckSize(saved.InputSize, "inputSize");
        CheckSize(saved.HiddenSize, "hiddenSize");
        CheckSize(saved.Layers, "layers");
        CheckSize(saved.StaticSize, "staticSize", least: 0);
        CheckSize(saved.OutputSize, "outputSize");
        CheckSize(saved.StepsPerFrame ?? 1, "stepsPerFrame");
        foreach (SavedConvolution convolution in saved.Convolutions ?? [])
        {
            CheckSize(convolution.Filters, "filters");
            CheckSize(convolution.KernelSize, "kernelSize");
        }
        if (saved.SkipSteps is { } skipped)
            CheckSize(skipped, "skipSteps");
        foreach (SavedEmbedding embedding in saved.Embeddings ?? [])
        {
            CheckSize(embedding.Vocabulary, "vocabulary", least: 0);
            CheckSize(embedding.Size, "size");
        }
    }

    private static CharacterShape ReadCharacters(SavedCharacters saved)
    {
        CheckSize(saved.Vocabulary, "vocabulary of characters");
        CheckSize(saved.Size, "size of characters");
        CheckSize(saved.Filters, "filters");
        CheckSize(saved.KernelSize, "kernelSize");
        if (saved.KernelSize > CharacterShape.LargestKernel)
            throw Invalid($"at most {CharacterShape.LargestKernel} as kernelSize", $"{saved.KernelSize}");
        EmbeddingShape table = ReadEmbedding(new SavedEmbedding(saved.Vocabulary, saved.Size) { Keys = saved.Keys });
        if (table.KeyCount != CharacterShape.KeysOfText)
            throw Invalid($"{CharacterShape.KeysOfText} characters, of which some are known", $"{table.KeyCount}");
        return new CharacterShape(table, saved.Filters, saved.KernelSize);
    }

    private static Head ReadHead(SavedNetwork saved)
    {
        if (saved.Target is not null)
        {
            if (saved is not { StepOutputs: null, Crf: null, HeadReadsInputs: null, Decoder: null, NextToken: null, Ctc: null })
                throw Invalid("no other outputs where there is a target", "others");
            return Head.SequenceToSequence;
        }
        bool isPerStep = saved.StepOutputs ?? false, hasCrf = saved.Crf ?? false, readsInputs = saved.HeadReadsInputs ?? false;
        if ((hasCrf || readsInputs) && !isPerStep)
            throw Invalid($"stepOutputs where there is {(hasCrf ? "crf" : "headReadsInputs")}", "none");
        if (hasCrf && readsInputs)
            throw Invalid("no headReadsInputs where there is crf", "both");
        if (saved.Ctc is true && (!isPerStep || hasCrf || readsInputs || saved.NextToken is true || saved.Decoder is true))
            throw Invalid("stepOutputs, and neither crf, headReadsInputs, nextToken nor decoder, where there is ctc", "others");
        if (saved.Ctc is true)
            return Head.Ctc;
        if (saved.NextToken is true && (!isPerStep || hasCrf || readsInputs || saved.Decoder is true))
            throw Invalid("stepOutputs, and neither crf, headReadsInputs nor decoder, where there is nextToken", "others");
        if (saved.NextToken is true)
            return Head.NextToken;
        if (saved.Decoder is not true)
            return hasCrf ? Head.Crf : readsInputs ? Head.EveryStepWithSkip : isPerStep ? Head.EveryStep : Head.Pooled;
        return isPerStep
            ? throw Invalid("neither stepOutputs nor embeddings where there is a decoder", "stepOutputs")
            : Head.Autoencoder;
    }

    private static EmbeddingShape ReadEmbedding(SavedEmbedding saved)
        => new(saved.Vocabulary, saved.Size)
        {
            Keys = ReadKeys(saved.Keys, saved.Vocabulary, "vocabulary"),
            HasBoundary = saved.Boundary ?? false,
        };

    private static SavedKeys? Save(KeySubset? keys) => keys is null ? null : new SavedKeys(keys.KeyCount, [.. keys.Runs]);

    private static KeySubset? ReadKeys(SavedKeys? saved, int known, string name)
    {
        if (saved is null)
            return null;
        if (saved.Count > KeySubset.MostKeys)
            throw Invalid($"at most {KeySubset.MostKeys} keys, of which some are known", $"{saved.Count}");
        try
        {
            var keys = new KeySubset(saved.Count, saved.Runs);
            return keys.Count == known && known < saved.Count
                ? keys
                : throw Invalid($"keys as many as the {name}, {known}, and fewer than there are", $"{keys.Count} of {saved.Count}");
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{What} can't be read: {error.Message}");
        }
    }

    private static bool? TrueOrNull(bool value) => value ? true : null;

    private static T ReadEnum<T>(string text, string name)
        where T : struct, Enum
    {
        int index = Array.IndexOf(Enum.GetNames<T>(), text);
        return index >= 0
            ? Enum.GetValues<T>()[index]
            : throw Invalid($"one of {string.Join(", ", Enum.GetNames<T>())} as {name}",
                $"'{(text.Length <= 64 ? text : "a longer text")}'");
    }

    private static void CheckSize(int value, string name, int least = 1)
    {
        if (value < least)
            throw Invalid($"a whole number from {least} to {int.MaxValue} as {name}", $"{value}");
    }

    private static InvalidDataException Invalid(string expected, string found)
        => new($"{What} can't be read: expected {expected}, found {found}.");
}

/// <summary>The JSON of an <see cref="EmbeddingShape"/>.</summary>
internal sealed record SavedEmbedding(int Vocabulary, int Size)
{
    public SavedKeys? Keys { get; set; }

    public bool? Boundary { get; set; }

    public static SavedEmbedding From(SavedValue json) => new(json["vocabulary"].Int32(), json["size"].Int32())
    {
        Keys = json.Find("keys")?.Object(SavedKeys.From),
        Boundary = json.Find("boundary")?.Boolean(),
    };
}

/// <summary>
/// The JSON of a <see cref="KeySubset"/>: the number of keys, and the lengths of the runs of unknown and known keys in turn.
/// </summary>
internal sealed record SavedKeys(int Count, int[] Runs)
{
    public static SavedKeys From(SavedValue json) => new(json["count"].Int32(), json["runs"].Array(run => run.Int32()));
}

/// <summary>The JSON of a <see cref="CharacterShape"/>.</summary>
internal sealed record SavedCharacters(int Vocabulary, int Size, int Filters, int KernelSize)
{
    public SavedKeys? Keys { get; set; }

    public static SavedCharacters From(SavedValue json)
        => new(json["vocabulary"].Int32(), json["size"].Int32(), json["filters"].Int32(), json["kernelSize"].Int32())
        {
            Keys = json.Find("keys")?.Object(SavedKeys.From),
        };
}
