namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>One direction of one layer: the scan of a cell over one sequence, from zero states.</summary>
internal sealed class ReferenceDirection(ReferenceCell cell, int hiddenSize, bool reverse)
{
    private CellState[] _steps = [];

    /// <summary>The states of the steps, in the order of the sequence.</summary>
    public CellState[] Forward(double[][] xs)
    {
        _steps = new CellState[xs.Length];
        double[] h = new double[hiddenSize], c = new double[hiddenSize];
        foreach (int t in Order())
        {
            _steps[t] = cell.Forward(xs[t], h, c);
            (h, c) = (_steps[t].H, _steps[t].C);
        }
        return _steps;
    }

    /// <summary>The state after the whole sequence, which a reverse direction has at step 0.</summary>
    public CellState Final => _steps[Order().Last()];

    /// <summary>dx of each step, from dh of each step and the gradients of the final h and c.</summary>
    public double[][] Backward(double[][] dhs, double[] dhFinal, double[] dcFinal)
    {
        double[][] dxs = new double[_steps.Length][];
        double[] dhLater = dhFinal, dcLater = dcFinal;
        foreach (int t in Order().Reverse())
        {
            double[] dh = [.. dhs[t].Zip(dhLater, (fromAbove, fromLater) => fromAbove + fromLater)];
            (dxs[t], dhLater, dcLater) = cell.Backward(_steps[t], dh, dcLater);
        }
        return dxs;
    }

    /// <summary>The steps in the order in which the direction takes them.</summary>
    private IEnumerable<int> Order()
    {
        IEnumerable<int> steps = Enumerable.Range(0, _steps.Length);
        return reverse ? steps.Reverse() : steps;
    }
}
