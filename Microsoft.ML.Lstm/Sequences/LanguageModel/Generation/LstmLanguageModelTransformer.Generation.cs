using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using Microsoft.ML.Lstm.Engine.Decoding;

namespace Microsoft.ML.Lstm;

public sealed partial class LstmLanguageModelTransformer
{
    /// <summary>Goes on with a text, a token at a time: each is computed when it is asked for.</summary>
    /// <remarks>Any number of threads may generate with one transformer at once.</remarks>
    /// <param name="prompt">The first tokens of the text: keys of the column that the model was trained on, counted from 1. One that it
    /// does not know is read as the unknown token. It may be empty if texts have boundaries.</param>
    /// <param name="options">How tokens are chosen; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the generation with an <see cref="OperationCanceledException"/> before the next token.</param>
    /// <returns>The keys of the tokens behind the prompt, up to the end of the text or the longest length. Going through them again gives
    /// the same.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="prompt"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    /// <exception cref="ArgumentException">The prompt is empty, and the model has no boundary that a text begins with.</exception>
    /// <example>
    /// <code>
    /// foreach (uint key in model.Generate([5, 3], new() { Temperature = 0.8f, TopP = 0.9f, Seed = 1 }))
    ///     Console.Write($"{key} ");
    /// </code>
    /// </example>
    public IEnumerable<uint> Generate(IEnumerable<uint> prompt, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return Begin(prompt, options)(cancellationToken);
    }

    /// <summary>
    /// Goes on with a text without blocking the caller's thread, see
    /// <see cref="Generate(IEnumerable{uint}, GenerationOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="prompt">The first tokens of the text.</param>
    /// <param name="options">How tokens are chosen; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Ends the generation with an <see cref="OperationCanceledException"/> before the next token.</param>
    /// <returns>The keys of the tokens behind the prompt.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="prompt"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    /// <exception cref="ArgumentException">The prompt is empty, and the model has no boundary that a text begins with.</exception>
    public IAsyncEnumerable<uint> GenerateAsync(IEnumerable<uint> prompt, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return BackgroundEnumeration.Of(Begin(prompt, options), cancellationToken);
    }

    /// <summary>
    /// A transformer that goes on with the text in each row, in a new column: a vector of keys like those of the model's column.
    /// </summary>
    /// <remarks>
    /// Rows with the same text get the same tokens: the random numbers of a row depend on <see cref="GenerationOptions.Seed"/> (if it is
    /// null, one is chosen now) and on the row's tokens, so that neither the order of rows nor threads matter. The transformer is saved
    /// with the model.
    /// </remarks>
    /// <param name="outputColumnName">The column to add.</param>
    /// <param name="options">How tokens are chosen; <see langword="null"/> for the defaults.</param>
    /// <returns>The transformer; it reads the column that the model reads.</returns>
    /// <exception cref="ArgumentException"><paramref name="outputColumnName"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    public LstmGeneratingTransformer CreateGenerator(string outputColumnName, GenerationOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        return new LstmGeneratingTransformer(Host, this, outputColumnName, options ?? new());
    }

    /// <summary>The keys of the tokens behind a prompt of the network's tokens, which is not empty without a boundary.</summary>
    internal IEnumerable<uint> Generate(int[] prompt, GenerationSettings settings, int seed, CancellationToken cancellation)
    {
        foreach (int token in new TokenGenerator(Networks, settings).Generate(prompt, seed, cancellation))
            yield return Vocabulary.KeyOf(token - 1);
    }

    private static void CheckPrompt(int[] prompt, GenerationSettings settings)
    {
        if (prompt.Length == 0 && settings.Boundary is null)
            throw new ArgumentException("The prompt is empty, and the model has no boundary that a text begins with: it was trained with "
                + $"{nameof(LstmLanguageModelTrainer.Options.HasBoundaries)} = false, or with a single row.", nameof(prompt));
    }

    /// <summary>Reads and checks prompt and options now; what it gives generates the same each time.</summary>
    internal Func<CancellationToken, IEnumerable<uint>> Begin(IEnumerable<uint> prompt, GenerationOptions? options)
    {
        options ??= new();
        int[] numbers = [.. prompt.Select(Vocabulary.NumberOf)];
        GenerationSettings settings = SettingsOf(options);
        int seed = options.Seed ?? Random.Shared.Next();
        CheckPrompt(numbers, settings);
        return cancellation => Generate(numbers, settings, seed, cancellation);
    }

    /// <summary>Options in the numbers of the network's tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or a stop token is no token of the model.</exception>
    internal GenerationSettings SettingsOf(GenerationOptions options)
    {
        options.Validate();
        var stops = new HashSet<int>();
        foreach (uint key in options.StopKeys)
        {
            if (key == 0 || key > (uint)Vocabulary.KeyCount)
                throw new ArgumentOutOfRangeException(nameof(options.StopKeys), key, $"The model's keys are 1 to {Vocabulary.KeyCount}.");
            AddStop(key);
        }
        foreach (string text in options.StopTokens)
        {
            int index = Vocabulary.Values?.IndexOf(text) ?? -1;
            if (index < 0)
            {
                // Escaped, since it may well be white space.
                string shown = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text);
                throw new ArgumentOutOfRangeException(nameof(options.StopTokens), shown,
                    $"No key of the model's column has the value \"{shown}\"; {nameof(options.StopKeys)} takes keys as numbers.");
            }
            AddStop((uint)index + 1);
        }
        return new GenerationSettings(options.MaximumLength)
        {
            Temperature = options.Temperature,
            TopK = options.TopK,
            TopP = options.TopP,
            RepetitionPenalty = options.RepetitionPenalty,
            BeamWidth = options.BeamWidth,
            LengthPenalty = options.LengthPenalty,
            Stops = stops,
            Boundary = Vocabulary.Boundary,
        };

        // What never occurred in the training data is never generated.
        void AddStop(uint key)
        {
            if (Vocabulary.NumberOf(key) is > 0 and var number)
                stops.Add(number);
        }
    }
}

/// <summary>Goes through a sequence whose elements take time to compute, on other threads than the caller's.</summary>
internal static class BackgroundEnumeration
{
    public static async IAsyncEnumerable<T> Of<T>(Func<CancellationToken, IEnumerable<T>> generate, CancellationToken ofCall,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ofCall, cancellation);
        using IEnumerator<T> elements = generate(either.Token).GetEnumerator();
        while (await Task.Run(elements.MoveNext, either.Token).ConfigureAwait(false))
            yield return elements.Current;
    }
}
