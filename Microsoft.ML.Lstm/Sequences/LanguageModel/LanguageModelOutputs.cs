using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.LanguageModel;

/// <summary>
/// The columns of a language model: the most probable next tokens with their probabilities, and how likely the text is.
/// </summary>
/// <remarks>
/// A scored row has the logarithm of the probability of each token that is predicted, NaN for an unknown one, and behind them the network's
/// outputs for the token that follows the text.
/// </remarks>
internal static class LanguageModelOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(SchemaShape.Column tokens, LanguageColumns columns) =>
    [
        SchemaShapes.PredictedKey(VectorKind.Vector, tokens),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single, VectorKind.Vector),
        .. columns.LogLikelihood is { } sum ? new[] { SchemaShapes.Numbers(sum, VectorKind.Scalar) } : [],
        .. columns.NumberOfTokens is { } count
            ? new[] { new SchemaShape.Column(count, VectorKind.Scalar, NumberDataViewType.UInt32, isKey: false) }
            : [],
        .. columns.TokenLogLikelihood is { } each ? new[] { SchemaShapes.Numbers(each, VectorKind.VariableVector) } : [],
    ];

    public static OutputColumn[] Create(LanguageVocabulary vocabulary, LanguageColumns columns)
    {
        object key = new();
        return
        [
            new NextTokensColumn(vocabulary, columns, RankingOf),
            new NextProbabilitiesColumn(columns, RankingOf),
            .. columns.LogLikelihood is { } sum ? new OutputColumn[] { new LogLikelihoodColumn(sum, vocabulary) } : [],
            .. columns.NumberOfTokens is { } count ? new OutputColumn[] { new NumberOfTokensColumn(count, vocabulary) } : [],
            .. columns.TokenLogLikelihood is { } each ? new OutputColumn[] { new TokenLogLikelihoodColumn(each, vocabulary) } : [],
        ];

        NextTokenRanking RankingOf(ScoredRow row) => row.Share(key, () => new NextTokenRanking(row, vocabulary, columns));
    }

    /// <summary>The logarithms of the probabilities of the tokens of a scored row.</summary>
    public static ReadOnlySpan<float> LikelihoodsOf(ReadOnlySpan<float> output, LanguageVocabulary vocabulary)
        => output.IsEmpty ? [] : output[..^vocabulary.Outputs];
}

/// <summary>
/// The k most probable tokens behind a text, and their probabilities: the largest of V numbers by a heap of k, in O(V·log k) at most, once
/// a row, however many columns ask for them.
/// </summary>
/// <param name="row">The scored row.</param>
/// <param name="vocabulary">The tokens.</param>
/// <param name="columns">k, and whether the tokens of the text are left out.</param>
internal sealed class NextTokenRanking(ScoredRow row, LanguageVocabulary vocabulary, LanguageColumns columns)
{
    private readonly float[] _probabilities = new float[vocabulary.Outputs];
    private readonly Ranked[] _best = new Ranked[columns.Predictions];
    // The worst of them first.
    private readonly PriorityQueue<int, Ranked> _heap = new(columns.Predictions);
    private int _found;
    private long? _number;

    /// <summary>The tokens with their probabilities among all of them, the end of the text included; the best first.</summary>
    public ReadOnlySpan<Ranked> Get()
    {
        ReadOnlySpan<float> output = row.Output;
        if (_number is null || row.Number != _number)
        {
            _number = null;
            Rank(output);
            _number = row.Number;
        }
        return _best.AsSpan(0, _found);
    }

    private void Rank(ReadOnlySpan<float> output)
    {
        Softmax.Probabilities(output[^vocabulary.Outputs..], _probabilities);
        // The boundary, behind the tokens, is no token to predict.
        Span<float> left = _probabilities.AsSpan(0, vocabulary.Count);
        foreach (int token in columns.ExcludeHistory ? row.Tokens : [])
        {
            if (token > 0)
                left[token - 1] = -1;
        }
        _heap.Clear();
        for (int i = 0; i < left.Length; i++)
        {
            if (left[i] < 0)
                continue;
            if (_heap.Count < _best.Length)
                _heap.Enqueue(i, new Ranked(i, left[i]));
            else if (_heap.TryPeek(out _, out Ranked worst) && left[i] > worst.Probability)
                _heap.DequeueEnqueue(i, new Ranked(i, left[i]));
        }
        _found = _heap.Count;
        for (int i = _found - 1; _heap.TryDequeue(out _, out Ranked worst); i--)
            _best[i] = worst;
    }

    /// <summary>A token; of equally probable ones the first is the better one. The worse one is the smaller one.</summary>
    internal readonly record struct Ranked(int Output, float Probability) : IComparable<Ranked>
    {
        public int CompareTo(Ranked other)
            => Probability.CompareTo(other.Probability) is var order and not 0 ? order : other.Output.CompareTo(Output);
    }
}

/// <summary>The most probable next tokens; missing for a row that could not be scored, and behind the last where there are fewer.</summary>
internal sealed class NextTokensColumn(LanguageVocabulary vocabulary, LanguageColumns columns, Func<ScoredRow, NextTokenRanking> rankingOf)
    : ScoreSetColumn(DefaultColumnNames.PredictedLabel,
        new VectorDataViewType(new KeyDataViewType(typeof(uint), vocabulary.KeyCount), columns.Predictions),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.PredictedLabel)
{
    private readonly LanguageVocabulary _vocabulary = vocabulary;
    private readonly LanguageColumns _columns = columns;

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
        => _vocabulary.Values?.AddTo(builder, AnnotationUtils.Kinds.KeyValues);

    public override Delegate CreateGetter(ScoredRow row)
    {
        NextTokenRanking ranking = rankingOf(row);
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
        {
            ReadOnlySpan<float> output = row.Output;
            VBufferEditor<uint> editor = VBufferEditor.Create(ref value, _columns.Predictions);
            editor.Values.Clear();
            ReadOnlySpan<NextTokenRanking.Ranked> best = output.IsEmpty ? [] : ranking.Get();
            for (int i = 0; i < best.Length; i++)
                editor.Values[i] = _vocabulary.KeyOf(best[i].Output);
            value = editor.Commit();
        });
    }
}

/// <summary>The probabilities of the most probable next tokens; 0 behind the last where there are fewer.</summary>
internal sealed class NextProbabilitiesColumn(LanguageColumns columns, Func<ScoredRow, NextTokenRanking> rankingOf)
    : ScoreSetColumn(DefaultColumnNames.Score, new VectorDataViewType(NumberDataViewType.Single, columns.Predictions),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.Score)
{
    private readonly LanguageColumns _columns = columns;

    public override Delegate CreateGetter(ScoredRow row)
    {
        NextTokenRanking ranking = rankingOf(row);
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            ReadOnlySpan<float> output = row.Output;
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, _columns.Predictions);
            editor.Values.Fill(output.IsEmpty ? float.NaN : 0);
            ReadOnlySpan<NextTokenRanking.Ranked> best = output.IsEmpty ? [] : ranking.Get();
            for (int i = 0; i < best.Length; i++)
                editor.Values[i] = best[i].Probability;
            value = editor.Commit();
        });
    }
}

/// <summary>The logarithm of the probability of a text: the sum over its tokens, in nats; NaN for a row that could not be scored.</summary>
internal sealed class LogLikelihoodColumn(string name, LanguageVocabulary vocabulary) : OutputColumn(name, NumberDataViewType.Single)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        // Of a text of millions of tokens a sum of floats would lose some.
        double sum = 0;
        foreach (float likelihood in LanguageModelOutputs.LikelihoodsOf(output, vocabulary))
            sum += float.IsNaN(likelihood) ? 0 : likelihood;
        value = output.IsEmpty ? float.NaN : (float)sum;
    });
}

/// <summary>The number of tokens that have a part in the probability of a text; 0 for a row that could not be scored.</summary>
internal sealed class NumberOfTokensColumn(string name, LanguageVocabulary vocabulary) : OutputColumn(name, NumberDataViewType.UInt32)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<uint>)((ref uint value) =>
    {
        value = 0;
        foreach (float likelihood in LanguageModelOutputs.LikelihoodsOf(row.Output, vocabulary))
            value += float.IsNaN(likelihood) ? 0u : 1u;
    });
}

/// <summary>
/// The logarithm of the probability of each token, with a boundary also of the end behind them; NaN where there is none. An empty vector
/// for a row that could not be scored.
/// </summary>
internal sealed class TokenLogLikelihoodColumn(string name, LanguageVocabulary vocabulary)
    : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single))
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output, likelihoods = LanguageModelOutputs.LikelihoodsOf(output, vocabulary);
        // Without a boundary nothing predicts the first token.
        int unpredicted = output.IsEmpty || vocabulary.Boundary is not null ? 0 : 1;
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, unpredicted + likelihoods.Length);
        editor.Values[..unpredicted].Fill(float.NaN);
        likelihoods.CopyTo(editor.Values[unpredicted..]);
        value = editor.Commit();
    });
}
