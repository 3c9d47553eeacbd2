using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>The encoding of the sequence, for other components to use.</summary>
internal sealed class EncodingColumn(string name, int size) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single, size))
{
    private readonly int _size = size;

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Encoding, _size, ref value));
}

/// <summary>How much each step counts in the encoding; an empty vector for a row that could not be scored.</summary>
internal sealed class AttentionColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single))
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Attention, row.Attention.Length, ref value));
}
