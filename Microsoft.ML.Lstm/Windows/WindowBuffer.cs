using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>A ring buffer with the values of the last rows: a new row overwrites the one that falls out of the window.</summary>
internal sealed class WindowBuffer
{
    private readonly NumberReader[] _readers;
    private readonly int _stepSize;

    // [W x F]; values before the first row are missing.
    private readonly float[] _values;

    // Where the values of the oldest row begin, which the next row overwrites.
    private int _next;

    public WindowBuffer(int windowSize, int stepSize, NumberReader[] readers)
    {
        _readers = readers;
        _stepSize = stepSize;
        _values = new float[windowSize * stepSize];
        Array.Fill(_values, float.NaN);
    }

    public int Length => _values.Length;

    /// <summary>Adds the values of the row that the readers are at.</summary>
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
