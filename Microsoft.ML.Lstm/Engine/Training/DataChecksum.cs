using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>A checksum over all that a training learns from; a checkpoint compares it to see whether the data are still the same.</summary>
internal sealed class DataChecksum : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Adds numbers of any kind, and how many there are.</summary>
    public void Add<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int length = values.Length;
        _hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(ref length)));
        _hash.AppendData(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Adds sequences that are not scaled yet.</summary>
    public void Add(TrainingData data, CancellationToken cancellation)
    {
        Add<int>([data.FeatureSize, data.StaticSize, data.TargetSize, .. data.Vocabularies, .. data.HasStepTargets ? new[] { 1 } : []]);
        foreach (KeySubset? keys in data.Keys)
            Add<int>([keys?.KeyCount ?? 0, .. keys?.Runs ?? []]);
        if (data.Words is { } words)
        {
            Add<int>([words.Spellings.KeyCount, .. words.Known?.Runs ?? []]);
            for (int word = 0; word < words.Spellings.Count; word++)
                Add(words.Spellings[word]);
        }
        foreach (TrainingSequence sequence in data.Sequences)
        {
            cancellation.ThrowIfCancellationRequested();
            Add<float>(sequence.Features.Span);
            Add<int>(sequence.Tokens);
            Add<float>(sequence.Statics);
            Add<float>(sequence.Targets);
            Add<int>(sequence.Labels);
            Add<float>([sequence.Weight]);
        }
    }

    public override string ToString() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
