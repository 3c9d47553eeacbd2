using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Runs a language model a token at a time, and says after each one how probable every token is as the next. Of an ensemble the outputs of
/// the networks are averaged, as in scoring.
/// </summary>
/// <remarks>Any number of streams may run the same networks at once; each serves one caller at a time.</remarks>
internal sealed class TokenStream
{
    private readonly WorkerTeam _team;
    private readonly SequenceStream[] _streams;
    private readonly float[] _logProbabilities;
    private readonly float[] _scratch;

    /// <param name="networks">The networks: their outputs are the logits of the tokens 1 to O.</param>
    /// <param name="threads">Threads to share a step among.</param>
    public TokenStream(IReadOnlyList<SequenceNetwork> networks, int threads = 1)
    {
        _team = new WorkerTeam(threads);
        _streams = [.. networks.Select(network => new SequenceStream(network, _team))];
        _logProbabilities = new float[networks[0].Shape.OutputSize];
        _scratch = new float[_logProbabilities.Length];
        StateLength = _streams.Sum(stream => stream.StateLength) + _logProbabilities.Length;
    }

    /// <summary>O: the tokens that may come next are 1 to O.</summary>
    public int Outputs => _logProbabilities.Length;

    /// <summary>The logarithm of the probability of each of the tokens 1 to O as the next one; valid until the next step.</summary>
    public ReadOnlySpan<float> LogProbabilities => _logProbabilities;

    /// <summary>Numbers in the state: of the networks, and the probabilities of the next token.</summary>
    public int StateLength { get; }

    /// <summary>Reads a token.</summary>
    /// <param name="token">The token's number; 0 for an unknown one.</param>
    public void Step(int token)
    {
        _streams[0].Step([], [token]).CopyTo(_logProbabilities);
        for (int i = 1; i < _streams.Length; i++)
            TensorPrimitives.Add(_logProbabilities, _streams[i].Step([], [token]), _logProbabilities);
        if (_streams.Length > 1)
            TensorPrimitives.Divide(_logProbabilities, _streams.Length, _logProbabilities);
        Normalize(_logProbabilities, _scratch);
    }

    /// <summary>Divides numbers by their sum, all by their logarithms.</summary>
    /// <param name="logs">The logarithms, changed in place.</param>
    /// <param name="scratch">As many numbers, whose values are lost.</param>
    public static void Normalize(Span<float> logs, Span<float> scratch)
    {
        // Subtracted first, so that no power overflows and the sum is at least 1.
        TensorPrimitives.Subtract(logs, TensorPrimitives.Max<float>(logs), logs);
        TensorPrimitives.Exp<float>(logs, scratch);
        TensorPrimitives.Subtract(logs, MathF.Log(TensorPrimitives.Sum<float>(scratch)), logs);
    }

    /// <summary>Leaves the threads to others until the next step.</summary>
    public void ReleaseThreads() => _team.Release();

    /// <summary>Returns to the state before the first token, in which nothing is predicted.</summary>
    public void Reset()
    {
        foreach (SequenceStream stream in _streams)
            stream.Reset();
        Array.Clear(_logProbabilities);
    }

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        _logProbabilities.CopyTo(destination);
        destination = destination[_logProbabilities.Length..];
        foreach (SequenceStream stream in _streams)
        {
            stream.CopyStateTo(destination[..stream.StateLength]);
            destination = destination[stream.StateLength..];
        }
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        source[.._logProbabilities.Length].CopyTo(_logProbabilities);
        source = source[_logProbabilities.Length..];
        foreach (SequenceStream stream in _streams)
        {
            stream.CopyStateFrom(source[..stream.StateLength]);
            source = source[stream.StateLength..];
        }
    }
}
