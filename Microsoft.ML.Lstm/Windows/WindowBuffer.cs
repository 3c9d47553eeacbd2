using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>The values of the last rows, each row's written over those of the row that falls out of the window.</summary>
internal sealed class WindowBuffer
{
    private readonly NumberReader[] _readers;
    private readonly int _stepSize;

    // [W x F], rows in turn; before the first row every value is missing.
    private readonly float[] _values;

    // Where the next row goes, which is where the oldest is.
    private int _next;

    public WindowBuffer(int windowSize, int stepSize, NumberReader[] readers)
    {
        _readers = readers;
        _stepSize = stepSize;
        _values = new float[windowSize * stepSize];
        Array.Fill(_values, float.NaN);
    }

    public int Length => _values.Length;

    /// <summary>Takes in the row that the readers are at.</summary>
    public void Add()
    {
        Span<float> step = _values.AsSpan(_next, _stepSize);
        foreach (NumberReader reader in _readers)
        {
            reader.Read();
            reader.CopyTo(step[..reader.Length]);
            step = step[reader.Length..];
        }
        _next += _stepSize;
        if (_next == _values.Length)
            _next = 0;
    }

    /// <summary>Copies the window, the oldest row first.</summary>
    public void CopyTo(Span<float> window)
    {
        _values.AsSpan(_next).CopyTo(window);
        _values.AsSpan(0, _next).CopyTo(window[(_values.Length - _next)..]);
    }
}
