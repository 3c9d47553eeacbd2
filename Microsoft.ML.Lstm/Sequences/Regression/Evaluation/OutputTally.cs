namespace Microsoft.ML.Lstm.Sequences.Regression.Evaluation;

/// <summary>
/// The errors of one output, and the mean and the squared deviations of its label, updated row by row, or step by step (Welford 1962).
/// </summary>
internal sealed class OutputTally
{
    private long _rows;
    private long _missingLabels;
    private long _missingScores;
    private double _absolute;
    private double _squared;
    private double _mean;
    private double _deviations;

    public bool IsEmpty => _rows == 0;

    /// <summary>Adds a row; false if it has a label, but no prediction.</summary>
    public bool Add(double label, double score)
    {
        if (!double.IsFinite(label))
        {
            _missingLabels++;
            return true;
        }
        if (double.IsNaN(score))
        {
            _missingScores++;
            return false;
        }
        _rows++;
        _absolute += Math.Abs(label - score);
        _squared += (label - score) * (label - score);
        double before = label - _mean;
        _mean += before / _rows;
        _deviations += before * (label - _mean);
        return true;
    }

    public OutputRegressionMetrics Metrics(string name)
        => new(name, _rows, _missingLabels, _missingScores, _absolute / _rows, _squared / _rows, 1 - _squared / _deviations);
}
