using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>A data view with the explanation of a network's result for the sequence in each row.</summary>
/// <remarks>Each row is explained by itself, when one of its explaining values is asked for.</remarks>
/// <param name="bindings">The network, bound to the columns of the source.</param>
/// <param name="transformer">What makes this view of the source.</param>
/// <param name="source">The rows.</param>
/// <param name="explainers">What explains sequences.</param>
internal sealed class ExplainedDataView(ScoringBindings bindings, ITransformer transformer, IDataView source,
    SequenceExplainers explainers)
    : OutputDataView(bindings, transformer, source, keepsOrder: false)
{
    private readonly ScoringBindings _bindings = bindings;

    /// <exception cref="ArgumentException">There is a baseline, but no row of it, or one that the network can't read.</exception>
    public void CheckBaseline()
    {
        if (explainers.Baseline is { } baseline)
            new BaselineRow(_bindings, baseline).Dispose();
    }

    protected override DataViewRowCursor CreateCursor(DataViewRowCursor input, DataViewSchema.Column[] inputColumns,
        DataViewSchema.Column[] activeColumns, int threads)
        => activeColumns.Any(_bindings.IsOwn)
            ? new Cursor(_bindings, input, activeColumns, explainers, threads)
            : new PassingCursor(_bindings, input, activeColumns);

    protected override void WriteTo(OnnxContext context) => LeaveOut(context, "explanations need gradients");

    private sealed class Cursor : OutputCursor
    {
        private readonly ExplainedSequence _sequence;

        public Cursor(ScoringBindings bindings, DataViewRowCursor input, DataViewSchema.Column[] activeColumns,
            SequenceExplainers explainers, int threads)
            : base(input)
        {
            _sequence = new ExplainedSequence(bindings, input, explainers, threads);
            Row = new OutputRow(bindings, input, activeColumns, output => bindings.Outputs[output].CreateGetter(_sequence));
        }

        protected override OutputRow Row { get; }

        public override bool MoveNext()
        {
            bool isAtRow = base.MoveNext();
            _sequence.Moved();
            if (!isAtRow)
                _sequence.Conclude();
            return isAtRow;
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
                _sequence.Conclude();
        }
    }
}

/// <summary>Makes explainers of a model's results, one for each cursor.</summary>
/// <param name="Model">The model.</param>
/// <param name="CreateOutput">Makes the number that is explained.</param>
/// <param name="Settings">How exact explanations are.</param>
/// <param name="Baseline">The data whose first row sequences are compared with; null for the means of the training data.</param>
internal sealed record SequenceExplainers(SequenceModel Model, Func<ExplainedOutput> CreateOutput, ExplanationSettings Settings,
    IDataView? Baseline)
{
    // Packed once, when there is something to explain.
    private readonly Lazy<SequenceNetwork[]> _networks
        = new(() => [.. Model.Members.Select(member => new SequenceNetwork(member, NetworkPasses.InputsOnly))]);

    public SequenceExplainer Create(int threads)
        => new(_networks.Value, CreateOutput(), Settings with { Threads = threads });
}

/// <summary>Explains the row that a cursor is at.</summary>
internal sealed class ExplainedSequence(ScoringBindings bindings, DataViewRow input, SequenceExplainers explainers, int threads) : ScoredRow
{
    private readonly RowTally _tally = new("data", bindings.Input);
    private readonly KeySubset?[] _keys = [.. explainers.Model.Shape.Embeddings.Select(embedding => embedding.Keys)];
    private SequenceRowReader? _reader;
    private BaselineRow? _baseline;
    private SequenceExplainer? _explainer;
    private Explanation? _explanation;
    private bool _isRead;
    private bool _isGood;

    public override ReadOnlySpan<float> Output => [];

    public override Explanation? Explanation
    {
        get
        {
            if (!_isRead)
                Read();
            return _isGood ? _explanation : null;
        }
    }

    /// <summary>Called when the cursor has moved.</summary>
    public void Moved() => _isRead = false;

    /// <summary>Warns of rows that could not be explained, or not exactly enough, and releases the threads.</summary>
    public void Conclude()
    {
        if (_tally.BadRows > 0)
            HostWarning.Write(bindings.Host, "Explanation", _tally.DescribeUnscored());
        if (_explanation?.DescribeIncomplete() is { } warning)
            HostWarning.Write(bindings.Host, "Explanation", warning);
        _tally.Clear();
        _explanation?.Conclude();
        _baseline?.Dispose();
        _baseline = null;
    }

    private void Read()
    {
        _reader ??= new SequenceRowReader(input, bindings.Input, bindings.InputColumns);
        RowFault fault = _reader.Read();
        _tally.Add(fault, weight: 1, isCut: false);
        (_isRead, _isGood) = (true, fault == RowFault.None);
        if (!_isGood)
            return;
        if (_explainer is null)
        {
            _explainer = explainers.Create(threads);
            int size = _explainer.StepSize;
            _explanation = new Explanation([new ExplainedPart(_explainer, [.. Enumerable.Range(0, size)])], size);
        }
        Take(_explainer.Sequence, _reader, _reader.Steps);
        if (explainers.Baseline is null)
        {
            Clear(_explainer.Baseline);
            _explainer.Baseline.Add(_reader.Steps).Clear();
        }
        else
        {
            _baseline ??= new BaselineRow(bindings, explainers.Baseline);
            Take(_explainer.Baseline, _baseline.Reader, _reader.Steps);
        }
        _explainer.Begin([]);
        _explanation!.Begin();
    }

    private static void Clear(SequenceBatch batch)
    {
        batch.Clear();
        batch.Spellings.Clear();
    }

    /// <summary>Adds a sequence to a batch and scales it; one of a single step stands for as many as there have to be.</summary>
    private void Take(SequenceBatch batch, SequenceRowReader reader, int steps)
    {
        if (reader.Steps != steps && reader.Steps != 1)
            throw new InvalidOperationException($"The row of {nameof(ExplanationOptions)}.{nameof(ExplanationOptions.Baseline)} has "
                + $"{reader.Steps} steps; expected 1, which stands for every step, or {steps}, as the explained row has.");
        Clear(batch);
        Span<float> features = batch.Add(steps);
        Span<int> tokens = batch.Tokens(0);
        reader.CopyFeatures(features);
        reader.CopyTokens(tokens, batch.Spellings);
        reader.CopyStatics(batch.Statics(0));
        for (int t = 1; t < steps && reader.Steps == 1; t++)
        {
            features[..batch.NumericSize].CopyTo(features[(t * batch.NumericSize)..]);
            tokens[..batch.TokenColumns].CopyTo(tokens[(t * batch.TokenColumns)..]);
        }
        SequenceModel model = explainers.Model;
        model.InputScaler.Apply(features);
        model.StaticScaler.Apply(batch.Statics(0));
        KeySubset.Apply(tokens, batch.TokenColumns, _keys);
    }
}

/// <summary>The row that sequences are compared with, open as long as it is needed.</summary>
internal sealed class BaselineRow : IDisposable
{
    private readonly DataViewRowCursor _cursor;

    /// <param name="bindings">The network, bound to the columns of the explained data.</param>
    /// <param name="data">The data whose first row it is.</param>
    /// <exception cref="ArgumentException">There is no such row, or the network can't read it.</exception>
    public BaselineRow(ScoringBindings bindings, IDataView data)
    {
        DataViewSchema.Column[] columns = bindings.Input.Find(bindings.Host, data.Schema);
        _cursor = data.GetRowCursor(columns);
        if (!_cursor.MoveNext())
            throw Invalid($"has no row; expected one to compare sequences with");
        Reader = new SequenceRowReader(_cursor, bindings.Input, columns);
        RowFault fault = Reader.Read();
        if (fault != RowFault.None)
            throw Invalid($"can't be used: {new RowTally("baseline", bindings.Input).Describe(0, fault)}");
    }

    public SequenceRowReader Reader { get; }

    public void Dispose() => _cursor.Dispose();

    private ArgumentException Invalid(string what)
    {
        Dispose();
        return new ArgumentException($"{nameof(ExplanationOptions.Baseline)} {what}.");
    }
}
