using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Tells the data of one training from those of another.</summary>
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

    /// <summary>Adds sequences, before they are scaled.</summary>
    public void Add(TrainingData data, CancellationToken cancellation)
    {
        Add<int>([data.FeatureSize, data.StaticSize, data.TargetSize, .. data.Vocabularies]);
        foreach (KeySubset? keys in data.Keys)
            Add<int>([keys?.KeyCount ?? 0, .. keys?.Runs ?? []]);
        foreach (TrainingSequence sequence in data.Sequences)
        {
            cancellation.ThrowIfCancellationRequested();
            Add<float>(sequence.Features);
            Add<int>(sequence.Tokens);
            Add<float>(sequence.Statics);
            Add<float>(sequence.Targets);
            Add<int>(sequence.Labels);
            Add<float>([sequence.Weight]);
        }
    }

    /// <summary>Adds series.</summary>
    public void Add(ForecastData data)
    {
        Add<int>([data.Layout.FeatureSize, data.Layout.RowSize, .. data.TrainingRows]);
        foreach (SeriesRows rows in data.Rows)
        {
            for (int t = 0; t < rows.Count; t++)
                Add(rows[t]);
            Add<float>(rows.Calendar);
            Add<float>(rows.Statics);
        }
    }

    public override string ToString() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
