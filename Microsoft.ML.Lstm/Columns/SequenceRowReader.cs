using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Reads the sequence and the static features of a row, for training and scoring alike.</summary>
internal sealed class SequenceRowReader
{
    private readonly SequenceInput _input;
    private readonly (NumberReader Reader, int Size)[] _numbers;
    private readonly TokenReader[] _tokens;
    private readonly NumberReader? _statics;
    private readonly SpellingReader? _words;
    private float[] _columnNumbers = [];
    private int[] _columnTokens = [];

    /// <param name="row">The row, or a cursor over rows.</param>
    /// <param name="input">What the network expects.</param>
    /// <param name="columns">The row's columns, as <see cref="SequenceInput.Find(IExceptionContext, DataViewSchema)"/> gives them.</param>
    public SequenceRowReader(DataViewRow row, SequenceInput input, DataViewSchema.Column[] columns)
    {
        _input = input;
        int tokens = input.Features.Count(feature => feature.IsTokens);
        _numbers = new (NumberReader, int)[input.Features.Count - tokens];
        _tokens = new TokenReader[tokens];
        for (int i = 0, numbersSoFar = 0, tokensSoFar = 0; i < input.Features.Count; i++)
        {
            if (input.Features[i].IsTokens)
                _tokens[tokensSoFar++] = TokenReader.Create(row, columns[i]);
            else
                _numbers[numbersSoFar++] = (new NumberReader(row, columns[i]), input.Features[i].FeaturesPerStep);
        }
        _statics = input.StaticFeatureColumnName is null ? null : new NumberReader(row, columns[input.Features.Count]);
        _words = input.CharacterColumnName is null ? null : new SpellingReader(row, columns[^1]);
    }

    /// <summary>T: steps of the sequence that was read last.</summary>
    public int Steps { get; private set; }

    /// <summary>Fetches the current row, and says whether it can be used.</summary>
    public RowFault Read()
    {
        _statics?.Read();
        _words?.Read();
        foreach ((NumberReader reader, int size) in _numbers)
        {
            reader.Read();
            if (reader.Length % size != 0)
                return RowFault.PartialStep;
            Steps = reader.Length / size;
        }
        foreach (TokenReader reader in _tokens)
        {
            reader.Read();
            Steps = reader.Length;
        }
        bool isFinite = true;
        foreach ((NumberReader reader, int size) in _numbers)
        {
            if (reader.Length / size != Steps)
                return RowFault.UnequalSteps;
            isFinite &= reader.IsFinite;
        }
        foreach (TokenReader reader in _tokens)
        {
            if (reader.Length != Steps)
                return RowFault.UnequalSteps;
        }
        if (_words is not null && _words.Length != Steps)
            return RowFault.UnequalSteps;
        if (Steps == 0)
            return RowFault.EmptySequence;
        if (!isFinite)
            return RowFault.NonFiniteFeature;
        if (_statics is not null && (_statics.Length != _input.StaticSize || !_statics.IsFinite))
            return RowFault.NonFiniteStatic;
        return RowFault.None;
    }

    /// <summary>Copies T x F numbers, step by step; within a step column by column.</summary>
    public void CopyFeatures(Span<float> destination)
    {
        if (_numbers.Length == 1)
        {
            _numbers[0].Reader.CopyTo(destination);
            return;
        }
        int width = _input.FeatureSize, offset = 0;
        foreach ((NumberReader reader, int size) in _numbers)
        {
            if (_columnNumbers.Length < reader.Length)
                _columnNumbers = new float[Math.Max(reader.Length, 2 * _columnNumbers.Length)];
            reader.CopyTo(_columnNumbers);
            for (int t = 0; t < Steps; t++)
                _columnNumbers.AsSpan(t * size, size).CopyTo(destination[(t * width + offset)..]);
            offset += size;
        }
    }

    /// <summary>
    /// Copies the tokens of each column of keys, step by step and, behind them, the number of the step's word in
    /// <paramref name="spellings"/> where words are read by their characters. The destination is zero before.
    /// </summary>
    public void CopyTokens(Span<int> destination, Spellings spellings)
    {
        int width = _input.TokenColumns;
        if (_columnTokens.Length < Steps)
            _columnTokens = new int[Math.Max(Steps, 2 * _columnTokens.Length)];
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i].CopyTo(_columnTokens);
            for (int t = 0; t < Steps; t++)
                destination[t * width + i] = _columnTokens[t];
        }
        _words?.CopyTo(destination[_tokens.Length..], width, spellings);
    }

    /// <summary>Adds the sequence that was read last to the sequences to be scored.</summary>
    public void AddTo(SequenceScorer scorer)
    {
        CopyFeatures(scorer.AddSequence(Steps));
        CopyTokens(scorer.Tokens(scorer.Count - 1), scorer.Spellings);
        CopyStatics(scorer.Statics(scorer.Count - 1));
    }

    /// <summary>Copies S static features.</summary>
    public void CopyStatics(Span<float> destination) => _statics?.CopyTo(destination);
}
