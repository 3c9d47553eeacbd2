using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Explanations;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Scores the sequence in each row with a trained recurrent network. The base class of the transformers for sequences.
/// </summary>
/// <remarks>
/// Rows are scored in batches, when their values are asked for. A row that can't be scored (no steps, a vector length that is no multiple
/// of the features per step, feature columns with different numbers of steps, NaN or infinity in features or static features) gets NaN, the
/// missing key, no for a label or, where steps are labelled, empty vectors; no other row is affected by it. Sequences may be longer or
/// shorter than in the training data. The missing key, a key that the training data did not have, and a key beyond its column's count are
/// read as the unknown token. Any number of threads may use a transformer at once. A pass over the rows ends with one warning that counts
/// the rows that could not be scored, if there were any.
/// <para>
/// A view of scores reads its input once, with one cursor, and runs up to 256 rows ahead of its consumer as long as these rows come at
/// once; a row of a live source is scored when it is there, without waiting for another. The cursor is called by one thread at a time, but
/// not always by the same one, as with ML.NET's <c>ShuffleRows</c>.
/// </para>
/// </remarks>
public abstract partial class SequencePredictionTransformer : ISingleFeaturePredictionTransformer<SequenceModelParameters>,
    ISingleFeaturePredictionTransformer
{
    // The streams of an entry in a model.zip, beside ML.NET's header and the checksums.
    private const string ColumnsStream = "Columns.json";
    private const string NetworkStream = "Model.safetensors";

    private readonly SequenceInput _input;

    // Packed for scoring once, when there is something to score.
    private Lazy<ScoringNetwork> _network;

    private Lazy<IReadOnlyList<OutputColumn>> _outputs;

    private protected SequencePredictionTransformer(IHost host, SequenceModelParameters model, ScoringColumns columns)
    {
        Host = host;
        Columns = columns;
        _input = new SequenceInput(columns.Features, columns.StaticFeatureColumnName, model.StaticFeatureCount,
            columns.CharacterColumnName);
        _network = Pack(model, columns);
        _outputs = new(AllOutputs);
        Model = model;
    }

    private static Lazy<ScoringNetwork> Pack(SequenceModelParameters model, ScoringColumns columns)
        => new(() => new ScoringNetwork(model.Network)
        {
            Writing = columns.Decoding is { } decoding
                ? new WritingSettings(decoding.BeamSize, decoding.LengthPenalty, decoding.MaximumLength)
                {
                    Sequences = decoding.Predictions,
                    KeepsAttention = columns.AttentionColumnName is not null,
                }
                : null,
        });

    private protected IHost Host { get; }

    private protected ScoringColumns Columns { get; }

    /// <summary>The networks of the model, packed for scoring.</summary>
    private protected IReadOnlyList<SequenceNetwork> Networks => _network.Value.Networks;

    private protected ScoringNetwork Network => _network.Value;

    /// <summary>The columns that this kind of model adds, before those of encodings and attention.</summary>
    private protected abstract IReadOnlyList<OutputColumn> CreateOutputs();

    private IReadOnlyList<OutputColumn> AllOutputs() =>
    [
        .. CreateOutputs(),
        .. Columns.EncodingColumnName is { } encoding
            ? new OutputColumn[] { new EncodingColumn(encoding, Model.Network.CodeSize) }
            : [],
        .. Columns.AttentionColumnName is { } attention ? new OutputColumn[] { new AttentionColumn(attention) } : [],
    ];

    /// <summary>The trained network.</summary>
    public SequenceModelParameters Model { get; private set; }

    /// <summary>
    /// How the network was trained; <see langword="null"/> for a model that an earlier version saved, and for a network that was not
    /// trained by this package.
    /// </summary>
    public TrainingReport? TrainingReport => Model.Report;

    /// <summary>
    /// The column that sequences are read from; of several <see cref="FeatureColumnNames"/> the first, or the one that
    /// <see cref="ForFeatureColumn"/> was given.
    /// </summary>
    public string FeatureColumnName => FeatureColumn.Name;

    /// <summary>The columns that sequences are read from.</summary>
    public IReadOnlyList<string> FeatureColumnNames => [.. Columns.Features.Select(column => column.Name)];

    /// <summary>
    /// The type of <see cref="FeatureColumnName"/> in the training data, keys as keys of <see cref="uint"/>. The data to score may have
    /// another number of steps, and keys of another type with the same count.
    /// </summary>
    public DataViewType FeatureColumnType => SequenceInput.TypeOf(FeatureColumn);

    /// <summary>The column that static features are read from; <see langword="null"/> for none.</summary>
    public string? StaticFeatureColumnName => Columns.StaticFeatureColumnName;

    /// <summary>The column that receives the encoding of the sequence; <see langword="null"/> for none.</summary>
    public string? EncodingColumnName => Columns.EncodingColumnName;

    /// <summary>
    /// The column that receives the weights of the steps in the encoding or, where another sequence is written, those for each of its keys;
    /// <see langword="null"/> for none.
    /// </summary>
    public string? AttentionColumnName => Columns.AttentionColumnName;

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The columns of <paramref name="inputSchema"/> and, behind them, the columns that this transformer adds.</summary>
    /// <param name="inputSchema">The schema of data to transform.</param>
    /// <returns>The schema of the transformed data.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).OutputSchema;

    /// <summary>
    /// Adds the columns of this transformer to <paramref name="input"/>. Nothing is computed before their values are asked for. A warning
    /// says where keys of tokens are known to stand for other values than in the training data.
    /// </summary>
    /// <param name="input">The data.</param>
    /// <returns>The columns of <paramref name="input"/> and, behind them, the results.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ScoringBindings bindings = Bind(input.Schema);
        WarnOfOtherTokens(input.Schema);
        return new ScoredDataView(bindings, this, input);
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ScoringBindings bindings = Bind(inputSchema);
        WarnOfOtherTokens(inputSchema);
        return bindings.ToRowMapper();
    }

    /// <summary>Warns of keys that stand for something else than those that the network was trained on.</summary>
    internal void WarnOfOtherTokens(DataViewSchema schema)
    {
        foreach ((int index, FeatureColumn column) in Columns.Features.Where(column => column.IsTokens).Index())
        {
            if (Model.TokenValuesOf(index)?.MayBeThoseOf(schema[column.Name], Model.Network.Shape.Embeddings[index].Keys) == false)
                HostWarning.Write(Host, "Scoring", $"The keys of column '{column.Name}' stand for other values than in the training data, "
                    + "so they are taken for other tokens. Map values to keys by the transformer that was fitted on the training data.");
        }
    }

    /// <summary>A copy whose weights are rounded to a format.</summary>
    internal virtual SequencePredictionTransformer WithWeights(WeightFormat format) => WithModel(Model.WithWeightFormat(format));

    /// <summary>A copy with other networks, of the same inputs and outputs.</summary>
    internal SequencePredictionTransformer WithModel(SequenceModelParameters model)
    {
        var other = (SequencePredictionTransformer)MemberwiseClone();
        other.Model = model;
        other._network = Pack(model, Columns);
        other._outputs = new(other.AllOutputs);
        return other;
    }

    /// <summary>
    /// A copy whose networks are those of this transformer and of others, with their outputs averaged; see
    /// <see cref="LstmCatalog.AverageWith{TTransformer}(TTransformer, TTransformer[])"/>.
    /// </summary>
    /// <exception cref="ArgumentException">Another transformer can't be averaged with this one.</exception>
    internal SequencePredictionTransformer WithNetworksOf(IReadOnlyList<SequencePredictionTransformer> others)
    {
        if (others.FirstOrDefault(other => other.GetType() != GetType()) is { } different)
            throw new ArgumentException($"A {different.GetType().Name} can't be averaged with a {GetType().Name}.", nameof(others));
        SequenceModelParameters model = Model.AverageWith([.. others.Select(other => other.Model)]);
        if (others.Select(other => other._input.Names).FirstOrDefault(names => names != _input.Names) is { } columns)
            throw new ArgumentException($"One that reads {columns} can't be averaged with one of {_input.Names}.", nameof(others));
        return AttentionColumnName is null || model.Network.HasAttention ? WithModel(model) : throw new ArgumentException(
            $"Column '{AttentionColumnName}' has the weights of attention, and not all networks have attention.", nameof(others));
    }

    /// <summary>
    /// Writes the network as an ONNX model (operator set 17), with the scaling of its inputs and outputs, that gives the columns of this
    /// transformer. No other transformer of a pipeline is in it: <c>ml.Model.ConvertToOnnx</c> of the package Microsoft.ML.OnnxConverter
    /// converts pipelines.
    /// </summary>
    /// <remarks>
    /// Inputs have the names of the columns: sequences of numbers are floats [batch, time, features]; sequences of keys are unsigned 32-bit
    /// integers [batch, time], as ML.NET counts keys, from 1 and with 0 for the missing key; texts that are read by their characters are
    /// unsigned 32-bit integers [batch, time, characters], the UTF-16 units of each word and 0 behind it; static features are floats
    /// [batch, features].
    /// The input <c>Lengths</c>, 64-bit integers [batch], says how many steps each row has; without it, each row is as long as the time
    /// axis. Outputs have the names of the columns too, and a leading axis for the rows: a number is [batch, 1], results for each step are
    /// [batch, time] or [batch, time, values]. For a row that can't be scored all numbers are NaN, and keys are 0. The values that the keys
    /// of a label stand for are in the model's metadata, under the name of the output, as a JSON array of texts.
    /// <para>
    /// A language model has no columns there, but its state as an input and an output, so that a text goes through it in pieces of any
    /// length, and a runtime can generate: inputs are the column of keys, where the boundary before a text's first token is the key behind
    /// the column's last, and <c>State</c>, floats [batch, numbers], zeros at first; outputs are <c>LogProbabilities</c> [batch, time,
    /// tokens] of the token that follows each, the known keys in their order and behind them the boundary, and <c>NextState</c>.
    /// </para>
    /// </remarks>
    /// <param name="stream">Receives the model.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">The network has more weights than an ONNX file can hold, 2 GB.</exception>
    /// <exception cref="NotSupportedException">The transformer is a <see cref="LstmSequenceToSequenceTransformer"/>, which writes two
    /// files.</exception>
    /// <example>
    /// <code>
    /// TransformerChain&lt;LstmRegressionTransformer&gt; model = pipeline.Fit(data);
    /// using FileStream file = File.Create("model.onnx");
    /// model.LastTransformer.ExportToOnnx(file);
    /// </code>
    /// </example>
    public void ExportToOnnx(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CheckSavable();
        Onnx.WriteFile(stream);
    }

    /// <summary>
    /// Says what the results for rows come from: how much each feature of each step adds to the result, by integrated gradients
    /// (Sundararajan, Taly and Yan 2017), and what the recurrent layers did at each step. Nothing is computed before its values are asked
    /// for.
    /// </summary>
    /// <remarks>
    /// <format type="text/markdown"><![CDATA[
    /// These columns stand behind the columns of the rows, T the steps of a sequence and all numbers <xref:System.Single>:
    /// * `ExplainedOutput`: the number that is explained, F(x); see <xref:Microsoft.ML.Lstm.ExplanationOptions> for what and in which unit.
    /// * `BaselineOutput`: the number for the baseline, F(x').
    /// * `Attribution`: vector (T, J), the unit of `ExplainedOutput`. What each number of a step, and each key by its embedding, adds to
    ///   the difference: positive where it raises the result. J counts the features of a step, then its keys, then its word if that is read
    ///   by its characters. The attributions of a row, those of static features too, add up to `ExplainedOutput` - `BaselineOutput`.
    ///   The annotation `StepSlotNames` has the names of the J; slots have names where all sequences have the same T.
    /// * `StepAttribution`: vector of T. The attributions of each step, added up.
    /// * `StaticAttribution`, for networks with static features: vector of S.
    /// * `HiddenStates`: vector (T, units). h of all layers and directions; of several networks those of all.
    /// * `CellStates`, for an LSTM: vector (T, units). c likewise.
    /// * `Gates`: vector (T, gates). The activations, of each layer and direction gate by gate as PyTorch orders them: i, f, g, o of an
    ///   LSTM; r, z, n of a GRU; those of a plain RNN are h. `StepSlotNames` has a name for each, such as `layer 1 reverse f[3]`.
    /// * `Attention`, for networks that pool the steps by attention: vector of T. The weight of each step in the encoding.
    ///
    /// With several steps a frame, states and gates of a step are those of its frame. A row that can't be scored gets NaN or, where T
    /// differs from row to row, no values; a warning in the log counts such rows. Rows are explained one by one: a row's values do not
    /// depend on the other rows. Gradients are computed at 13 points between baseline and sequence, or more if the network saturates.
    /// ]]></format>
    /// </remarks>
    /// <param name="mlContext">The context, whose log gets the warnings.</param>
    /// <param name="rows">The rows, which have the columns that the network reads.</param>
    /// <param name="options">What is explained, and how exactly; <see langword="null"/> for the defaults.</param>
    /// <returns>The columns of <paramref name="rows"/> and, behind them, the explanations.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="mlContext"/> or <paramref name="rows"/> is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on; or an option is out of
    /// its range.</exception>
    /// <exception cref="ArgumentException">The baseline has no row, or the network can't read it.</exception>
    /// <example>
    /// <code>
    /// // Which hours made the forecast what it is?
    /// IDataView explained = model.LastTransformer.Explain(ml, windows);
    /// foreach (float[] hours in explained.GetColumn&lt;float[]&gt;("StepAttribution"))
    ///     Console.WriteLine(string.Join(" ", hours.Select(hour => hour.ToString("+0.00;-0.00"))));
    /// </code>
    /// </example>
    public IDataView Explain(MLContext mlContext, IDataView rows, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(rows);
        options ??= new();
        IHost host = ((IHostEnvironment)mlContext).Register(nameof(Explain));
        var explainers = new SequenceExplainers(Model.Network, () => Explained(options), options.Settle(), options.Baseline);
        // Says now what is wrong with the options.
        Explained(options);
        var transformer = new ExplainingTransformer<ScoringBindings>(
            schema =>
            {
                var names = new ExplainedNames(_input, _input.Find(host, schema));
                return new ScoringBindings(host, schema, _network, _input, ExplanationColumns.Create(
                    [.. Model.Network.Members.Select(member => member.Shape)], names.Steps, names.OfStep, names.OfSlots, names.OfStatics,
                    hasStates: false));
            },
            (bindings, transformer, source) => new ExplainedDataView(bindings, transformer, source, explainers));
        var explained = (ExplainedDataView)transformer.Transform(rows);
        WarnOfOtherTokens(rows.Schema);
        explained.CheckBaseline();
        return explained;
    }

    /// <summary>The number that is explained.</summary>
    private protected virtual ExplainedOutput Explained(ExplanationOptions options)
        => new ExplainedValue(Model.Network.OutputScaler, options.OutputOf(Model.OutputCount),
            Model.Network.Shape.Head.IsPerStep ? options.Step : null);

    internal SequenceOnnx Onnx => new(GetType().Name, Model.Network, Columns, ScoreFunction, _input, _outputs.Value);

    /// <summary>What the score is of the network's outputs, if the network has no conditional random field or decoder.</summary>
    private protected virtual OutputFunction ScoreFunction => OutputFunction.None;

    private ScoringBindings Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new ScoringBindings(Host, inputSchema, _network, _input, _outputs.Value);
    }

    private protected abstract VersionInfo GetVersionInfo();

    /// <summary>Throws where the transformer has something that a file does not keep.</summary>
    private protected virtual void CheckSavable()
    {
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, GetVersionInfo(), entry =>
    {
        CheckSavable();
        entry.WriteJson(ColumnsStream, Columns.ToJson());
        entry.WriteNumbers(NetworkStream, stream => ModelFile.Write(stream, Model.Network));
        entry.WriteReport(TrainingReport);
    });

    /// <summary>Reads an entry that <c>Save</c> wrote.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="ctx">The model's entry.</param>
    /// <param name="version">The versions that can be read.</param>
    /// <param name="create">Checks what was read and makes the transformer.</param>
    private protected static T Load<T>(IHostEnvironment environment, ModelLoadContext ctx, VersionInfo version,
        Func<SavedSequenceModel, T> create)
        => ModelEntry.Load(environment, ctx, version, entry =>
        {
            ScoringColumns columns = entry.ReadJson(ColumnsStream, json => ScoringColumns.FromJson(json), NetworkStream);
            SequenceModel network = entry.Read(NetworkStream, ModelFile.Read);
            return create(new SavedSequenceModel(network, columns) { Report = entry.ReadReport(NetworkStream) });
        });
}
