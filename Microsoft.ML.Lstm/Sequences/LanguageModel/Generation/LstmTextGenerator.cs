using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Sequences.LanguageModel.Generation;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Goes on with texts by a pipeline that cuts texts into tokens and ends with a language model: a text as prompt, a text as result, all at
/// once or as it grows.
/// </summary>
/// <remarks>
/// To create one use <c>ml.Model.CreateTextGenerator(model)</c>.
/// <para>
/// Tokens become a text again by the way they were made: subwords of <c>TokenizeIntoSubwords</c> by their vocabulary, characters of
/// <c>TokenizeIntoCharactersAsKeys</c> one behind the other, and other tokens, words, with a space between them. Any number of threads may
/// use a generator at once.
/// </para>
/// </remarks>
public sealed class LstmTextGenerator
{
    private readonly LstmLanguageModelTransformer _model;
    private readonly PromptReader _prompts;
    private readonly TextJoining _joining;

    internal LstmTextGenerator(IHostEnvironment context, ITransformer model, string inputColumnName)
    {
        ITransformer[] steps = [.. Flatten(model)];
        int at = Array.FindLastIndex(steps, step => step is LstmLanguageModelTransformer);
        if (at < 0)
            throw new ArgumentException("The pipeline has no language model: a transformer of LstmLanguageModel was expected in it.",
                nameof(model));
        _model = (LstmLanguageModelTransformer)steps[at];
        _prompts = new PromptReader(context, steps[..at], inputColumnName, _model);
        _joining = TextJoining.Of(steps[..at], _model.Vocabulary);
    }

    /// <summary>Goes on with a text.</summary>
    /// <param name="prompt">The text's beginning; it may be empty if the model's texts have boundaries.</param>
    /// <param name="options">How tokens are chosen; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the generation with an <see cref="OperationCanceledException"/> before the next token.</param>
    /// <returns>What follows the prompt.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="prompt"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    /// <exception cref="ArgumentException">The prompt has no tokens, and the model has no boundary that a text begins with.</exception>
    public string Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
        => string.Concat(GenerateParts(prompt, options, cancellationToken));

    /// <summary>
    /// Goes on with a text, a token at a time: each part is computed when it is asked for. A character that is made of several tokens comes
    /// with the last of them.
    /// </summary>
    /// <param name="prompt">The text's beginning; it may be empty if the model's texts have boundaries.</param>
    /// <param name="options">How tokens are chosen; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the generation with an <see cref="OperationCanceledException"/> before the next token.</param>
    /// <returns>The parts of what follows the prompt, none of them empty. Going through them again gives the same.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="prompt"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    /// <exception cref="ArgumentException">The prompt has no tokens, and the model has no boundary that a text begins with.</exception>
    public IEnumerable<string> GenerateParts(string prompt, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return Begin(prompt, options)(cancellationToken);
    }

    /// <summary>
    /// Goes on with a text without blocking the caller's thread, see
    /// <see cref="GenerateParts(string, GenerationOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="prompt">The text's beginning; it may be empty if the model's texts have boundaries.</param>
    /// <param name="options">How tokens are chosen; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the generation with an <see cref="OperationCanceledException"/> before the next token.</param>
    /// <returns>The parts of what follows the prompt, none of them empty.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="prompt"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    /// <exception cref="ArgumentException">The prompt has no tokens, and the model has no boundary that a text begins with.</exception>
    /// <example>
    /// <code>
    /// await foreach (string part in generator.GenerateAsync("Once upon", new() { TopP = 0.9f }, aborted))
    ///     await response.WriteAsync(part, aborted);
    /// </code>
    /// </example>
    public IAsyncEnumerable<string> GenerateAsync(string prompt, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return BackgroundEnumeration.Of(Begin(prompt, options), cancellationToken);
    }

    /// <summary>Reads and checks prompt and options now; what it gives generates the same each time.</summary>
    private Func<CancellationToken, IEnumerable<string>> Begin(string prompt, GenerationOptions? options)
    {
        options ??= new();
        options.Validate();
        uint[] keys = _joining.WithoutEnd(_prompts.Read(prompt));
        Func<CancellationToken, IEnumerable<uint>> generate = _model.Begin(keys, _joining.WithStops(options, _model.Vocabulary));
        return cancellation => Parts(keys, generate(cancellation));
    }

    // Half of a surrogate pair waits for the other one.
    private static bool IsWhole(StringBuilder text) => text.Length > 0 && !char.IsHighSurrogate(text[^1]);

    private IEnumerable<string> Parts(uint[] prompt, IEnumerable<uint> generated)
    {
        // The prompt is joined too, since its end decides how the text goes on, but is not given back.
        Joiner joiner = _joining.NewJoiner();
        var text = new StringBuilder();
        foreach (uint key in prompt)
            joiner.Append(key, text);
        text.Clear();
        foreach (uint key in generated)
        {
            joiner.Append(key, text);
            if (!IsWhole(text))
                continue;
            yield return text.ToString();
            text.Clear();
        }
        joiner.Finish(text);
        if (text.Length > 0)
            yield return IsWhole(text) ? text.ToString() : text.Append('\uFFFD').Remove(text.Length - 2, 1).ToString();
    }

    private static IEnumerable<ITransformer> Flatten(ITransformer transformer)
        => transformer is IEnumerable<ITransformer> chain ? chain.SelectMany(Flatten) : [transformer];

    /// <summary>Makes tokens of a text by the steps of a pipeline in front of a language model.</summary>
    /// <param name="context">The context of the pipeline.</param>
    /// <param name="steps">The steps.</param>
    /// <param name="textColumn">The column of texts that they begin with.</param>
    /// <param name="model">The language model, which reads the column of keys that they end with.</param>
    private sealed class PromptReader(IHostEnvironment context, ITransformer[] steps, string textColumn, LstmLanguageModelTransformer model)
    {
        private int _isChecked;

        /// <summary>The keys of the tokens of a text, counted from 1.</summary>
        public uint[] Read(string text)
        {
            var builder = new ArrayDataViewBuilder(context);
            builder.AddColumn(textColumn, TextDataViewType.Instance, [text.AsMemory()]);
            IDataView view = builder.GetDataView();
            foreach (ITransformer step in steps)
                view = step.Transform(view);
            DataViewSchema.Column column = ColumnRole.Tokens.Find(context, view.Schema, model.FeatureColumnName);
            // Steps that were not fitted with the model may number tokens otherwise, all prompts alike.
            if (Interlocked.Exchange(ref _isChecked, 1) == 0)
                model.WarnOfOtherTokens(view.Schema);
            using DataViewRowCursor cursor = view.GetRowCursor([column]);
            TokenReader tokens = TokenReader.Create(cursor, column);
            cursor.MoveNext();
            tokens.Read();
            int[] keys = new int[tokens.Length];
            tokens.CopyTo(keys);
            return Array.ConvertAll(keys, key => (uint)key);
        }
    }
}
