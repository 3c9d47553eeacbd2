namespace Microsoft.ML.Lstm.Data;

/// <summary>Reads the sequence and the static features of a row, for training and scoring alike.</summary>
internal sealed class SequenceRowReader
{
    private readonly SequenceInput _input;
    private readonly NumberReader _features;
    private readonly NumberReader? _statics;

    /// <param name="row">The row, or a cursor over rows.</param>
    /// <param name="input">What the network expects.</param>
    /// <param name="columns">The row's columns, as <see cref="SequenceInput.Find"/> gives them.</param>
    public SequenceRowReader(DataViewRow row, SequenceInput input, DataViewSchema.Column[] columns)
    {
        _input = input;
        _features = new NumberReader(row, columns[0]);
        _statics = columns.Length > 1 ? new NumberReader(row, columns[1]) : null;
    }

    /// <summary>T: steps of the sequence that was read last.</summary>
    public int Steps => _features.Length / _input.FeaturesPerStep;

    /// <summary>Fetches the row as it stands now, and says whether it can be used.</summary>
    public RowFault Read()
    {
        _features.Read();
        _statics?.Read();
        if (_features.Length == 0)
            return RowFault.EmptySequence;
        if (_features.Length % _input.FeaturesPerStep != 0)
            return RowFault.PartialStep;
        if (!_features.IsFinite)
            return RowFault.NonFiniteFeature;
        if (_statics is not null && (_statics.Length != _input.StaticSize || !_statics.IsFinite))
            return RowFault.NonFiniteStatic;
        return RowFault.None;
    }

    /// <summary>Copies T x F features, step-major.</summary>
    public void CopySteps(Span<float> destination) => _features.CopyTo(destination);

    /// <summary>Copies S static features.</summary>
    public void CopyStatics(Span<float> destination) => _statics?.CopyTo(destination);
}
