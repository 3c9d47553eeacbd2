using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Sequences.PerStep.Evaluation;

/// <summary>Counts what was predicted of one truth, step by step.</summary>
internal sealed class TruthTally
{
    private readonly RocCurve _curve = new();
    private long _foundTrue;
    private long _foundFalse;
    private long _missedTrue;
    private long _leftFalse;
    private long _missing;

    /// <summary>Adds a step.</summary>
    /// <param name="truth">0, 1, or NaN where it is not known.</param>
    /// <param name="score">The higher, the more probable is a yes.</param>
    /// <param name="predicted">What was predicted.</param>
    public void Add(float truth, float score, bool predicted)
    {
        if (float.IsNaN(truth))
        {
            _missing++;
            return;
        }
        bool isTrue = truth > 0;
        _foundTrue += isTrue && predicted ? 1 : 0;
        _foundFalse += !isTrue && predicted ? 1 : 0;
        _missedTrue += isTrue && !predicted ? 1 : 0;
        _leftFalse += !isTrue && !predicted ? 1 : 0;
        _curve.Add(score, isTrue, weight: 1);
    }

    /// <summary>The figures of all steps so far.</summary>
    public PerStepBinaryScore Score(string name)
        => new(name, _foundTrue, _foundFalse, _missedTrue, _leftFalse, _missing, _curve.Area() ?? double.NaN);
}
