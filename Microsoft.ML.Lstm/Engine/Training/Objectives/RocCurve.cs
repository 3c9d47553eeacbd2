namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// The receiver operating characteristic of scored rows. The area under it is the chance that a positive row has a higher score than
/// a negative one, equal scores counting half (Mann and Whitney 1947).
/// </summary>
internal sealed class RocCurve
{
    private readonly List<(float Score, bool IsPositive, float Weight)> _rows = [];

    public void Add(float score, bool isPositive, float weight) => _rows.Add((score, isPositive, weight));

    public void Clear() => _rows.Clear();

    /// <summary>Adds the rows of the other ranks.</summary>
    public void Combine(Communicator ranks)
    {
        (float, bool, float)[] all = ranks.GatherAll<(float, bool, float)>(_rows.ToArray());
        _rows.Clear();
        _rows.AddRange(all);
    }

    /// <summary>The area, from 0 to 1; null while there are not both positive and negative rows.</summary>
    public double? Area()
    {
        _rows.Sort((one, other) => one.Score.CompareTo(other.Score));
        double negatives = 0, positives = 0, pairs = 0;
        for (int begin = 0, end; begin < _rows.Count; begin = end)
        {
            double tiedNegatives = 0, tiedPositives = 0;
            for (end = begin; end < _rows.Count && _rows[end].Score.Equals(_rows[begin].Score); end++)
            {
                tiedNegatives += _rows[end].IsPositive ? 0 : _rows[end].Weight;
                tiedPositives += _rows[end].IsPositive ? _rows[end].Weight : 0;
            }
            pairs += tiedPositives * (negatives + tiedNegatives / 2);
            negatives += tiedNegatives;
            positives += tiedPositives;
        }
        return negatives > 0 && positives > 0 ? pairs / (negatives * positives) : null;
    }
}
