using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>Goes on with texts by a language model, a token at a time.</summary>
/// <remarks>Each caller has a generator of its own; the networks are shared.</remarks>
/// <param name="networks">The networks, whose outputs are the logits of the tokens 1 to O.</param>
/// <param name="settings">How tokens are chosen.</param>
internal sealed class TokenGenerator(IReadOnlyList<SequenceNetwork> networks, GenerationSettings settings)
{
    // Weights that no core's own cache holds: a step waits for them, and several threads read more at once.
    private const long ManyWeights = 1 << 20;
    private const int MostThreads = 4;

    private readonly TokenStream _stream = new(networks, ThreadsFor(networks[0].Parameters.Shape));

    /// <summary>Generates the tokens that follow a prompt, until one that ends the text or the longest length.</summary>
    /// <param name="prompt">The text's first tokens, 0 for unknown ones; with a boundary there may be none.</param>
    /// <param name="seed">The seed of what is drawn.</param>
    /// <param name="cancellation">Ends the generation before the next token.</param>
    /// <exception cref="OperationCanceledException">The generation was ended.</exception>
    public IEnumerable<int> Generate(IReadOnlyList<int> prompt, int seed, CancellationToken cancellation = default)
    {
        _stream.Reset();
        if (settings.Boundary is { } boundary)
            _stream.Step(boundary);
        else if (prompt.Count == 0)
            throw new InvalidOperationException("There is no text to go on with: the model has no token that a text begins with.");
        foreach (int token in prompt)
        {
            cancellation.ThrowIfCancellationRequested();
            _stream.Step(token);
        }
        return settings.BeamWidth > 1 ? Search(prompt, cancellation) : Draw(prompt, seed, cancellation);
    }

    private static int ThreadsFor(NetworkShape shape)
        => shape.ParameterCount < ManyWeights ? 1 : Math.Min(MostThreads, Environment.ProcessorCount);

    private IReadOnlyList<int> Search(IReadOnlyList<int> prompt, CancellationToken cancellation)
    {
        try
        {
            return new BeamSearch(_stream, settings).Find(prompt, cancellation).Tokens;
        }
        finally
        {
            _stream.ReleaseThreads();
        }
    }

    private IEnumerable<int> Draw(IReadOnlyList<int> prompt, int seed, CancellationToken cancellation)
    {
        var sampler = new TokenSampler(settings, _stream.Outputs, seed);
        List<int> text = [.. prompt];
        try
        {
            for (int i = 0; i < settings.MaximumLength; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                int token = sampler.Next(_stream.LogProbabilities, text);
                if (settings.IsEnd(token))
                    yield break;
                text.Add(token);
                yield return token;
                if (i + 1 < settings.MaximumLength)
                    _stream.Step(token);
            }
        }
        finally
        {
            _stream.ReleaseThreads();
        }
    }
}
