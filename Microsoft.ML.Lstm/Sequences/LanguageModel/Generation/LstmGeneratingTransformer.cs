using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmGeneratingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Text Generation", LstmGeneratingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Goes on with the text in each row by a language model, see
/// <see cref="LstmLanguageModelTransformer.CreateGenerator(string, GenerationOptions?)"/>.
/// </summary>
/// <remarks>
/// The column is a variable-sized vector of keys, with the key values of the model's column. A row without tokens gets a text from its
/// beginning if the model has boundaries, else no tokens.
/// </remarks>
public sealed class LstmGeneratingTransformer : RowMappingTransformer
{
    internal const string LoaderSignature = "LstmGenerating";

    // The stream of an entry in a model.zip, beside ML.NET's header and the checksums, and the folder of the language model.
    private const string SettingsStream = "Generation.json";
    private const string ModelFolder = "LanguageModel";

    private readonly LstmLanguageModelTransformer _model;
    private readonly SavedGeneration _saved;
    private readonly GenerationSettings _settings;

    internal LstmGeneratingTransformer(IHostEnvironment environment, LstmLanguageModelTransformer model, string outputColumnName,
        GenerationOptions options)
        : this(environment, model, SavedOf(model, outputColumnName, options))
    {
    }

    private LstmGeneratingTransformer(IHostEnvironment environment, LstmLanguageModelTransformer model, SavedGeneration saved)
        : base(environment.Register(nameof(LstmGeneratingTransformer)))
    {
        (_model, _saved) = (model, saved);
        _settings = model.SettingsOf(new GenerationOptions
        {
            MaximumLength = saved.MaximumLength,
            Temperature = saved.Temperature,
            TopK = saved.TopK,
            TopP = saved.TopP,
            RepetitionPenalty = saved.RepetitionPenalty,
            BeamWidth = saved.BeamWidth,
            LengthPenalty = saved.LengthPenalty,
            StopKeys = saved.StopKeys,
        });
    }

    /// <summary>The column of generated tokens.</summary>
    public override string OutputColumnName => _saved.OutputColumnName;

    /// <summary>The column of texts to go on with.</summary>
    public string InputColumnName => _model.FeatureColumnName;

    /// <summary>A copy whose weights are rounded to a format.</summary>
    internal LstmGeneratingTransformer WithWeights(WeightFormat format)
        => new(Host, (LstmLanguageModelTransformer)_model.WithWeights(format), _saved);

    private protected override string OnnxReason => "a text is generated in steps that depend on what is drawn";

    private protected override void WarnOf(DataViewSchema inputSchema) => _model.WarnOfOtherTokens(inputSchema);

    private protected override MappedColumn Bind(DataViewSchema inputSchema)
    {
        // The model says what is wrong with its column.
        _model.GetOutputSchema(inputSchema);
        DataViewSchema.Column source = inputSchema[InputColumnName];
        var annotations = new DataViewSchema.Annotations.Builder();
        _model.Vocabulary.Values?.AddTo(annotations, AnnotationUtils.Kinds.KeyValues);
        var type = new VectorDataViewType(new KeyDataViewType(typeof(uint), _model.Vocabulary.KeyCount));
        return new MappedColumn(Host, inputSchema, [source], new(OutputColumnName, type, annotations.ToAnnotations()), CreateGetter);

        Delegate CreateGetter(DataViewRow row)
        {
            TokenReader tokens = TokenReader.Create(row, source);
            return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
            {
                tokens.Read();
                int[] prompt = new int[tokens.Length];
                tokens.CopyTo(prompt);
                int seed = _saved.Seed;
                for (int i = 0; i < prompt.Length; i++)
                {
                    // Of the keys, not of objects, so that it is the same in every process.
                    seed = unchecked(31 * seed + prompt[i]);
                    prompt[i] = _model.Vocabulary.NumberOf((uint)prompt[i]);
                }
                uint[] keys = prompt.Length == 0 && _settings.Boundary is null
                    ? []
                    : [.. _model.Generate(prompt, _settings, seed, CancellationToken.None)];
                VBufferEditor<uint> editor = VBufferEditor.Create(ref value, keys.Length);
                keys.CopyTo(editor.Values);
                value = editor.Commit();
            });
        }
    }

    private static SavedGeneration SavedOf(LstmLanguageModelTransformer model, string outputColumnName, GenerationOptions options)
    {
        // Names of stop tokens are looked up now; the file has their keys.
        GenerationSettings settings = model.SettingsOf(options);
        return new SavedGeneration(outputColumnName, options.MaximumLength, options.Temperature, options.RepetitionPenalty,
            options.BeamWidth, options.LengthPenalty, [.. settings.Stops.Select(token => model.Vocabulary.KeyOf(token - 1)).Order()],
            options.Seed ?? Random.Shared.Next())
        {
            TopK = options.TopK,
            TopP = options.TopP,
        };
    }

    private static VersionInfo Version => ModelEntry.Version("LSTMGENR", LoaderSignature);

    private protected override void Save(ModelSaveContext ctx)
    {
        ModelEntry.Save(ctx, Version, entry => entry.WriteJson(SettingsStream, _saved.ToJson()));
        ctx.SaveModel(_model, ModelFolder);
    }

    // ML.NET finds this method by its name and parameters.
    internal static LstmGeneratingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        SavedGeneration saved = ModelEntry.Load(env, ctx, Version,
            entry => entry.ReadJson(SettingsStream, json => SavedGeneration.FromJson(json)));
        ctx.LoadModel<LstmLanguageModelTransformer, SignatureLoadModel>(env, out LstmLanguageModelTransformer model, ModelFolder);
        try
        {
            return new LstmGeneratingTransformer(env, model, saved);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw env.Process(new InvalidDataException($"Saved settings of a text generation can't be read: {error.Message}"));
        }
    }
}
