using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using Microsoft.ML.Lstm.Onnx.Import;
using Microsoft.ML.Lstm.Sequences;

namespace Microsoft.ML.Lstm;

/// <summary>
/// A trained recurrent network: its shape and its weights; or an ensemble of several, see <see cref="Members"/>. It is immutable, and any
/// number of threads may use it at once.
/// </summary>
public sealed partial class SequenceModelParameters
{
    private IReadOnlyDictionary<string, ReadOnlyMemory<float>>? _weights;

    internal SequenceModelParameters(SequenceModel network)
    {
        Network = network;
        NumericSizes = [network.Shape.NumericSize];
    }

    internal SequenceModel Network { get; }

    /// <summary>What the network has learned of each row; null where that is unknown, as of networks that come from elsewhere.</summary>
    internal LabelKind? LabelKind { get; init; }

    /// <summary>The values of the label's keys; null for numbers, and where they are unknown.</summary>
    internal KeyValues? LabelValues { get; init; }

    /// <summary>
    /// For each column of tokens the values of the keys that the network knows, in the order of their numbers; null where they are unknown.
    /// Empty for a language model, which has them among the <see cref="LabelValues"/>, and where all are unknown.
    /// </summary>
    internal IReadOnlyList<KeyValues?> TokenValues { get; init; } = [];

    /// <summary><see cref="TokenValues"/> in the form in which a file holds them; null where all are unknown.</summary>
    internal SavedKeyValues?[]? SavedTokenValues
        => TokenValues.All(one => one is null) ? null : [.. TokenValues.Select(one => one?.ToSaved())];

    /// <summary>The values of the known keys of a column of tokens; null where they are unknown.</summary>
    internal KeyValues? TokenValuesOf(int column) => Network.Shape.Head == Head.NextToken
        ? LabelValues?.Of(Network.Shape.Embeddings[column].Keys)
        : TokenValues.ElementAtOrDefault(column);

    /// <summary>How the network was trained; null where that is not known.</summary>
    internal TrainingReport? Report { get; init; }

    /// <summary>
    /// For a network from an ONNX file, the file's inputs of the steps' numbers or tokens, in the order in which the network reads them;
    /// empty for other networks.
    /// </summary>
    public IReadOnlyList<string> InputNames { get; private init; } = [];

    /// <summary>The features that each column of numbers has for a step, or all of them together.</summary>
    internal int[] NumericSizes { get; private init; }

    /// <summary>
    /// For a network from an ONNX file, the file's input of static features; <see langword="null"/> for none and for other networks.
    /// </summary>
    public string? StaticInputName { get; private init; }

    /// <summary>
    /// For a network from an ONNX file, the function after the last linear layer. <see cref="LstmScoringTransformer"/> applies it; a
    /// classification that continues the network's training has its own.
    /// </summary>
    public OutputFunction OutputFunction { get; internal init; }

    /// <summary>
    /// The networks of an ensemble, each by itself; of a single network the network. Their outputs are averaged: the values of a
    /// regression, the logarithms of odds or of unnormalized probabilities in a classification or labelling, with the scores of transitions
    /// where there are any, and the reconstruction of an autoencoder. Their encodings stand one behind the other, and the weights of
    /// attention are averaged. <see cref="CellType"/>, <see cref="HiddenSize"/> and the like are those of the first.
    /// </summary>
    public IReadOnlyList<SequenceModelParameters> Members => Network.OtherMembers.Count == 0
        ? [this]
        :
        [
            .. Network.Members.Index().Select(member => With(Network.Member(member.Index))),
        ];

    /// <summary>The numbers that the weights are kept in; <see cref="Weights"/> are floats of the same values.</summary>
    public WeightFormat WeightFormat => Network.Format;

    /// <summary>
    /// This network with its weights rounded to a format, for scoring and for smaller files; see
    /// <see cref="LstmCatalog.WithWeightFormat{TTransformer}(TTransformer, WeightFormat)"/>.
    /// </summary>
    /// <param name="format">The format.</param>
    /// <returns>The network in that format; this one stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> is no format.</exception>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    public SequenceModelParameters WithWeightFormat(WeightFormat format)
    {
        if (!Enum.IsDefined(format))
            throw new ArgumentOutOfRangeException(nameof(format), format, $"{nameof(format)} must be a {nameof(Lstm.WeightFormat)}.");
        return With(Network.WithFormat(format));
    }

    /// <summary>The networks of this model and of others, with their outputs averaged.</summary>
    /// <exception cref="ArgumentException">Another model can't be averaged with this one.</exception>
    internal SequenceModelParameters AverageWith(IReadOnlyList<SequenceModelParameters> others)
    {
        SequenceModelParameters[] models = [this, .. others];
        foreach ((int index, SequenceModelParameters other) in others.Index())
        {
            // Each with all before it: where names are unknown in one, they may differ in those around it.
            if (models[..(index + 1)].Select(one => one.DifferenceTo(other)).FirstOrDefault(found => found is not null) is { } difference)
                throw new ArgumentException($"A model can't be averaged with those before it: {difference}.", nameof(others));
        }
        return With(SequenceModel.Average([.. models.Select(model => model.Network)]),
            TrainingReport.Of([.. models.Select(model => model.Report)]));
    }

    /// <summary>What stands against averaging; null where nothing does.</summary>
    private string? DifferenceTo(SequenceModelParameters other)
    {
        if (!other.Network.Shape.IsAlike(Network.Shape) || other.OutputFunction != OutputFunction
            || !other.NumericSizes.AsSpan().SequenceEqual(NumericSizes))
            return "its network has other inputs, embeddings or outputs";
        if (!KeyValues.MayBeSame(other.LabelValues, LabelValues))
            return "its labels are others";
        if (Enumerable.Range(0, Network.Shape.Embeddings.Count)
            .Any(column => !KeyValues.MayBeSame(other.TokenValuesOf(column), TokenValuesOf(column))))
            return "it knows other tokens";
        if (!other.Network.Scalers.AreSameAs(Network.Scalers))
            return "its inputs or outputs are scaled otherwise; train on the same rows, with the same rows for validation";
        return other.WeightFormat == WeightFormat ? null : $"its weights are {other.WeightFormat} and not {WeightFormat}";
    }

    private SequenceModelParameters With(SequenceModel network) => With(network, Report);

    private SequenceModelParameters With(SequenceModel network, TrainingReport? report) => new(network)
    {
        LabelKind = LabelKind,
        LabelValues = LabelValues,
        TokenValues = TokenValues,
        Report = report,
        InputNames = InputNames,
        NumericSizes = NumericSizes,
        StaticInputName = StaticInputName,
        OutputFunction = OutputFunction,
    };

    /// <summary>The recurrent cell.</summary>
    public CellType CellType => Network.Shape.Cell;

    /// <summary>F: numeric features of a step.</summary>
    public int FeaturesPerStep => Network.Shape.NumericSize;

    /// <summary>
    /// The number of tokens of each column of tokens that the network knows from training, without the unknown token.
    /// </summary>
    public IReadOnlyList<int> VocabularySizes => [.. Network.Shape.Embeddings.Select(embedding => embedding.Vocabulary)];

    /// <summary>S: static features; 0 for none.</summary>
    public int StaticFeatureCount => Network.Shape.StaticSize;

    /// <summary>H: units in each direction of each recurrent layer.</summary>
    public int HiddenSize => Network.Shape.HiddenSize;

    /// <summary>The number of recurrent layers.</summary>
    public int NumberOfLayers => Network.Shape.Layers;

    /// <summary>Whether each layer reads the sequence from both ends.</summary>
    public bool Bidirectional => Network.Shape.Bidirectional;

    /// <summary>How the steps' outputs become the encoding of the sequence; without meaning where steps are labelled.</summary>
    public Pooling Pooling => Network.Shape.Pooling;

    /// <summary>
    /// O: outputs for a sequence or, where steps are labelled, for each step: values, 1 for yes or no, one for each class that the training
    /// data had, or the code of an autoencoder.
    /// </summary>
    public int OutputCount => Network.Shape.OutputSize;

    /// <summary>
    /// The weights by PyTorch's names, row-major; G is 4, 3 or 1 gates for LSTM, GRU or RNN, in PyTorch's order. For each layer k, with
    /// <c>_reverse</c> behind the name for the direction from the last step to the first: <c>weight_ih_l{k}</c> [G·H x inputs],
    /// <c>weight_hh_l{k}</c> [G·H x H] and <c>bias_l{k}</c> [G·H, for GRU 4·H], which is PyTorch's two biases in one; then
    /// <c>head.weight</c> [O x (encoding + S)] and <c>head.bias</c> [O]; of a conditional random field <c>crf.transitions</c> [O x O], from
    /// row to column, <c>crf.start_transitions</c> and <c>crf.end_transitions</c> [O]; of an adaptive softmax, whose head has a row for
    /// each token of the first cluster and for each other cluster i, <c>tail.{i}.0.weight</c> and <c>tail.{i}.1.weight</c>; of an
    /// autoencoder the decoder, a network that reads
    /// the O numbers of the code and the step's place at every step and gives the F features, under the same names with the prefix
    /// <c>decoder.</c>; for each token of a step <c>embeddings.{i}.weight</c> [(vocabulary + 1) x embedding size], the unknown token
    /// first, the known tokens in the order of their keys; and where words are read by their characters <c>characters.weight</c> [filters x
    /// embedding size · kernel size], PyTorch's Conv1d weight, <c>characters.bias</c> [filters] and <c>characters.embedding.weight</c>
    /// [(characters + 2) x embedding size], the unknown character first and the boundary around words last. Of the members of an
    /// ensemble, those behind the first have names with the prefix
    /// <c>members.{i}.</c>, i from 1.
    /// </summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<float>> Weights => _weights
        ??= (from member in Network.Members.Index()
             from parameter in member.Item.Parameters
             select (Name: ModelFile.NameOf(parameter, member.Index),
                 Values: new ReadOnlyMemory<float>(member.Item.Values, parameter.Offset, parameter.Length)))
            .ToDictionary(weight => weight.Name, weight => weight.Values);

    /// <summary>
    /// Writes the network to a safetensors file, the format of <see cref="TrainingOptions.CheckpointPath"/>, with
    /// <see cref="InputNames"/>, <see cref="OutputFunction"/> and what the keys of tokens and labels stand for. An existing file is
    /// replaced as a whole; if writing fails, it stays as it was.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">The file's folder does not exist.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelFile.Save(path, Network, ToSaved());
    }

    /// <summary>Writes the network to a stream, in the safetensors format.</summary>
    /// <param name="stream">Receives the network; it stays open.</param>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ModelFile.Write(stream, Network, ToSaved());
    }

    /// <summary>Reads a network that <see cref="Save(string)"/> or a checkpoint wrote, to continue its training.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The file holds no network, or is damaged.</exception>
    public static SequenceModelParameters Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SequenceModel network = ModelFile.Load(path, out SafeTensors beside);
        return From(network, beside);
    }

    /// <summary>Reads a network that <see cref="Save(Stream)"/> wrote.</summary>
    /// <param name="stream">Holds the network, from its position to its end; it stays open.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The stream holds no network, or a damaged one.</exception>
    public static SequenceModelParameters Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        SequenceModel network = ModelFile.Read(stream, out SafeTensors beside);
        return From(network, beside);
    }

    // Of a network that was trained here its task knows the inputs.
    private SafeTensors? ToSaved()
        => InputNames.Count == 0 && OutputFunction == OutputFunction.None && LabelKind is null && LabelValues is null
            && SavedTokenValues is null
            ? null
            : new SavedInputs([.. InputNames], NumericSizes)
            {
                LabelKind = LabelKind,
                Labels = LabelValues?.ToSaved(),
                Tokens = SavedTokenValues,
                Static = StaticInputName,
                Function = OutputFunction == OutputFunction.None ? null : OutputFunction,
            }.ToBeside();

    private static SequenceModelParameters From(SequenceModel network, SafeTensors beside)
    {
        NetworkShape shape = network.Shape;
        if (SavedInputs.From(beside, shape) is not { } inputs)
            return new SequenceModelParameters(network);
        KeyValues? labels = KeyValues.From(inputs.Labels);
        labels?.Check(shape.Head == Head.NextToken ? shape.Embeddings[0].KeyCount : shape.ClassCount);
        KeyValues?[] tokens = [.. (inputs.Tokens ?? []).Select(KeyValues.From)];
        foreach ((int index, KeyValues? values) in tokens.Index())
            values?.Check(shape.Embeddings[index].Vocabulary);
        return new SequenceModelParameters(network)
        {
            LabelKind = inputs.LabelKind,
            LabelValues = labels,
            TokenValues = tokens,
            InputNames = inputs.Names,
            NumericSizes = inputs.NumericSizes,
            StaticInputName = inputs.Static,
            OutputFunction = inputs.Function ?? OutputFunction.None,
        };
    }

    /// <summary>
    /// Reads the network of an ONNX file: LSTM, GRU or RNN operators with embeddings, pooling and linear layers around them, as PyTorch and
    /// others write them, or as <see cref="SequencePredictionTransformer.ExportToOnnx"/> does. docs/interchange.md lists what is read.
    /// </summary>
    /// <param name="path">The file. Tensors that it keeps in other files are not read.</param>
    /// <param name="options">What of the file is read; <see langword="null"/> for its first output.</param>
    /// <returns>The network, to score with (<see cref="LstmScoringEstimator"/>) or to go on training.</returns>
    /// <exception cref="InvalidDataException">The file is no ONNX file, or is damaged.</exception>
    /// <exception cref="NotSupportedException">The file has what networks of this package don't have; the message names the node and says
    /// why.</exception>
    /// <example>
    /// <code>
    /// // Goes on from PyTorch's weights.
    /// var pretrained = SequenceModelParameters.LoadOnnx("sentiment.onnx");
    /// var model = ml.BinaryClassification.Trainers.Lstm(options).Fit(train, validation, pretrained);
    /// </code>
    /// </example>
    public static SequenceModelParameters LoadOnnx(string path, OnnxImportOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return LoadOnnx(stream, options);
    }

    /// <summary>Reads the network of an ONNX file, see <see cref="LoadOnnx(string, OnnxImportOptions?)"/>.</summary>
    /// <param name="stream">Holds the file, from its position to its end; it stays open.</param>
    /// <param name="options">What of the file is read; <see langword="null"/> for its first output.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The stream does not hold an ONNX file, or a damaged one.</exception>
    /// <exception cref="NotSupportedException">The file has what networks of this package don't have.</exception>
    public static SequenceModelParameters LoadOnnx(Stream stream, OnnxImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ModelProto file = OnnxFileScan.Parse(stream, out long length);
        if (options is null or { OutputName: null, KeysAreTokens: null, UnknownToken: null, ZeroInputNames: [] }
            && ModelDescription.Find(file, length) is { } description)
            return Of(description);
        OnnxNetwork network = OnnxNetwork.Read(file, length, options ?? new OnnxImportOptions());
        return new SequenceModelParameters(network.Model)
        {
            InputNames = network.InputNames,
            NumericSizes = network.NumericSizes.Length > 0 ? network.NumericSizes : [0],
            StaticInputName = network.StaticInputName,
            OutputFunction = network.Function,
        };
    }

    /// <summary>The network of a file of ours, by what the file says of it.</summary>
    private static SequenceModelParameters Of(ModelDescription description)
    {
        if (description.Transformer == nameof(LstmSequenceToSequenceTransformer))
            throw new NotSupportedException("ONNX: the file has an encoder or a decoder's step; ml.Model.LoadLstmFromOnnx gives the "
                + "transformer back from both.");
        if (!SequenceOnnx.Has(description))
            throw new NotSupportedException($"ONNX: the file has a {OnnxText.Show(description.Transformer)}, which reads rows of series; "
                + "ml.Model.LoadLstmFromOnnx gives it back.");
        SavedSequenceModel saved = SequenceOnnx.Read(description);
        NetworkShape shape = saved.Network.Shape;
        SequenceModelParameters model = saved.Check(shape.Head, hasClasses: true, kind: null);
        model.LabelValues?.Check(shape.ClassCount);
        description.Check(file => NetworkValues.WriteAll(() => file, saved.Network));
        FeatureColumn[] numbers = [.. saved.Columns.Features.Where(feature => !feature.IsTokens)];
        return new SequenceModelParameters(saved.Network)
        {
            LabelKind = model.LabelKind,
            LabelValues = model.LabelValues,
            TokenValues = model.TokenValues,
            InputNames = [.. numbers.Concat(saved.Columns.Features.Where(feature => feature.IsTokens)).Select(feature => feature.Name)],
            NumericSizes = numbers.Length > 0 ? [.. numbers.Select(feature => feature.FeaturesPerStep)] : [0],
            StaticInputName = saved.Columns.StaticFeatureColumnName,
            OutputFunction = SequenceOnnx.ReadFunction(description),
        };
    }
}
