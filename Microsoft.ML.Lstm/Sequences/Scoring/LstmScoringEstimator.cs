using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences.Scoring;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Applies a network that was trained elsewhere, such as one of PyTorch in an ONNX file or a state dict, to columns of sequences.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use [ApplyLstmModel](xref:Microsoft.ML.LstmTransformsCatalog.ApplyLstmModel*).
///
/// ### Input and Output Columns
/// | Column | Type | Description |
/// | -- | -- | -- |
/// | inputs | Vector of Single, or of Key | The sequence: T x F numbers, the first step first, or T keys. |
/// | static features | Single, or a known-sized vector of it | What is known of the sequence as a whole. |
/// | output | Single, or a vector of it | The network's outputs, after its output function. |
/// | encoding, optional | Known-sized vector of Single | The encoding of the sequence: features for any trainer. |
/// | attention, optional | Variable-sized vector of Single | How much each step counts in the encoding. |
///
/// T may differ from row to row, whatever the file says. The output is a Single for one output, a known-sized vector for several, and a
/// variable-sized vector of T x O numbers where each step has outputs.
///
/// ### Estimator Characteristics
/// | | |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// What `ApplyOnnxModel` does with ONNX Runtime, this estimator does without native files, but only for networks of LSTM, GRU or RNN
/// operators. Each row may have its own number of steps, the size of the file's batch axis and the order of its batch and time axes don't
/// matter, and a warning counts the rows that can't be scored. The same network can be an initial model for the trainers:
/// `Fit(train, validation, SequenceModelParameters.LoadOnnx(file))`.
/// ]]></format>
/// </remarks>
/// <seealso cref="Options"/>
public sealed class LstmScoringEstimator : IEstimator<LstmScoringTransformer>
{
    private readonly IHost _host;
    private readonly SequenceModelParameters _model;
    private readonly string[] _inputs;
    private readonly string? _statics;
    private readonly Options _options;

    internal LstmScoringEstimator(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _host = environment.Register(nameof(LstmScoringEstimator));
        _options = options.Copy();
        _model = _options.Validate();
        NetworkShape shape = _model.Network.Shape;
        int columns = (shape.NumericSize > 0 ? 1 : 0) + shape.Embeddings.Count;
        string[]? named = _model.InputNames.Count > 0 ? [.. _model.InputNames] : columns == 1 ? [DefaultColumnNames.Features] : null;
        _inputs = _options.InputColumnNames ?? named
            ?? throw Wrong(nameof(Options.InputColumnNames), "the names of the columns that the network reads, which it does not say");
        if (shape.StaticSize > 0)
            _statics = _options.StaticFeatureColumnName ?? _model.StaticInputName
                ?? throw Wrong(nameof(Options.StaticFeatureColumnName),
                    $"the name of a column of the network's {shape.StaticSize} static features");
    }

    /// <summary>Checks the columns. Nothing is learned from the data.</summary>
    /// <param name="input">Data with the columns that the network reads.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network reads.</exception>
    public LstmScoringTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        NetworkShape shape = _model.Network.Shape;
        var sequences = SequenceInput.ForNetwork(_host, input.Schema, _inputs, _model.NumericSizes,
            [.. shape.Embeddings.Select(embedding => embedding.KeyCount)], _statics, shape.StaticSize);
        return new LstmScoringTransformer(_host, _model, new ScoringColumns
        {
            Features = [.. sequences.Features],
            StaticFeatureColumnName = _statics,
            OutputColumnName = _options.OutputColumnName,
            OutputFunction = _model.OutputFunction == OutputFunction.None ? null : _model.OutputFunction,
            EncodingColumnName = _options.EncodingColumnName,
            AttentionColumnName = _options.AttentionColumnName,
            VectorScore = !ModelOutputs.IsScalar(_model),
            LabelKind = _model.LabelKind,
            LabelValues = _model.LabelValues?.ToSaved(),
            TokenValues = _model.SavedTokenValues,
        });
    }

    /// <summary>The columns that the transformer will give for data like this.</summary>
    /// <param name="inputSchema">What is known of the data's schema.</param>
    /// <returns>What is known of the transformed data's schema.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (string input in _inputs)
            ColumnRole.Feature.Find(_host, inputSchema, input);
        if (_statics is not null)
            ColumnRole.StaticFeature.Find(_host, inputSchema, _statics);
        var added = new List<SchemaShape.Column>();
        if (_options.OutputColumnName is { } output)
            added.Add(ModelOutputs.Shape(output, _model));
        if (_options.EncodingColumnName is { } encoding)
            added.Add(SchemaShapes.Numbers(encoding, SchemaShape.Column.VectorKind.Vector));
        if (_options.AttentionColumnName is { } attention)
            added.Add(SchemaShapes.Numbers(attention, SchemaShape.Column.VectorKind.VariableVector));
        return inputSchema.With(added);
    }

    private static ArgumentException Wrong(string option, string expected) => new($"{option} has to be {expected}.", option);

    /// <summary>The options of <see cref="LstmScoringEstimator"/>.</summary>
    public sealed class Options
    {
        /// <summary>
        /// The file of the network: ONNX, a state dict of PyTorch (.pt, .pth or safetensors), or what
        /// <see cref="SequenceModelParameters.Save(string)"/> wrote. Default: <see langword="null"/>, for a <see cref="Model"/> that is
        /// given.
        /// </summary>
        public string? ModelFile;

        /// <summary>
        /// What of an ONNX file as <see cref="ModelFile"/> is read, and how; for other files, and with a <see cref="Model"/>, it must be
        /// <see langword="null"/>. Default: <see langword="null"/>, for its first output.
        /// </summary>
        public OnnxImportOptions? Import;

        /// <summary>
        /// How the tensors of a state dict as <see cref="ModelFile"/> become a network; for other files, and with a <see cref="Model"/>, it
        /// must be <see langword="null"/>. Default: <see langword="null"/>, for a linear layer on the last state.
        /// </summary>
        public PyTorchImportOptions? PyTorch;

        /// <summary>
        /// The network, where there is no <see cref="ModelFile"/>: from
        /// <see cref="SequenceModelParameters.LoadOnnx(string, OnnxImportOptions?)"/>,
        /// <see cref="SequenceModelParameters.LoadPyTorch(string, PyTorchImportOptions?)"/>,
        /// <see cref="SequenceModelParameters.Load(string)"/> or a trained transformer. Default: <see langword="null"/>.
        /// </summary>
        public SequenceModelParameters? Model;

        /// <summary>The column for the outputs; <see langword="null"/> for none. Default: <c>Score</c>.</summary>
        public string? OutputColumnName = DefaultColumnNames.Score;

        /// <summary>
        /// The columns that the network reads, in the order of its inputs (<see cref="SequenceModelParameters.InputNames"/>). Default:
        /// <see langword="null"/>, for columns with the names of the file's inputs.
        /// </summary>
        public string[]? InputColumnNames;

        /// <summary>
        /// The column of static features, for a network that reads some. Default: <see langword="null"/>, for the name of the file's input.
        /// </summary>
        public string? StaticFeatureColumnName;

        /// <summary>
        /// The column for the encoding of the sequence, the input of the network's last linear layer; <see langword="null"/> for none.
        /// Default: <see langword="null"/>.
        /// </summary>
        public string? EncodingColumnName;

        /// <summary>
        /// The column for the weights of the T steps in the encoding, where the network pools by attention; <see langword="null"/> for
        /// none. Default: <see langword="null"/>.
        /// </summary>
        public string? AttentionColumnName;

        internal Options Copy()
        {
            var copy = (Options)MemberwiseClone();
            copy.InputColumnNames = InputColumnNames?.ToArray();
            return copy;
        }

        /// <summary>Checks the options and gives the network.</summary>
        internal SequenceModelParameters Validate()
        {
            if (ModelFile is null == Model is null)
                throw Wrong(nameof(ModelFile), $"given, or {nameof(Model)}, but not both");
            if (Model is not null && (Import is not null || PyTorch is not null))
                throw Wrong(Import is not null ? nameof(Import) : nameof(PyTorch), $"null with a {nameof(Model)}, which is read already");
            if (InputColumnNames is { } inputs && (inputs.Length == 0 || inputs.Any(string.IsNullOrEmpty)
                || inputs.Distinct().Count() < inputs.Length))
                throw Wrong(nameof(InputColumnNames), "one or more different names, or null");
            string?[] outputs = [OutputColumnName, EncodingColumnName, AttentionColumnName];
            string[] named = [.. outputs.OfType<string>()];
            if (named.Length == 0 || named.Contains("") || named.Distinct().Count() < named.Length)
                throw Wrong(nameof(OutputColumnName), $"a name, or {nameof(EncodingColumnName)} is one, and all different");
            SequenceModelParameters model = Model ?? SequenceModelParameters.LoadAny(ModelFile!, Import, PyTorch);
            NetworkShape shape = model.Network.Shape;
            if (shape.Head.JoinsSteps || shape.Head is Head.Autoencoder or Head.NextToken or Head.SequenceToSequence)
                throw Wrong(nameof(Model),
                    "a network without a conditional random field or a decoder, and no language model: their transformers score them, and "
                    + "ml.Model.LoadLstmFromOnnx gives the first two back");
            if (shape.Characters is not null)
                throw Wrong(nameof(Model), "a network that does not read the characters of words; that belongs to its own transformer");
            if (EncodingColumnName is not null && shape.Head.IsPerStep)
                throw Wrong(nameof(EncodingColumnName),
                    "null for a network with outputs for each step, which has no encoding of the sequence");
            if (AttentionColumnName is not null && !model.Network.HasAttention)
                throw Wrong(nameof(AttentionColumnName), "null for a network that does not pool by attention");
            return model;
        }
    }
}
