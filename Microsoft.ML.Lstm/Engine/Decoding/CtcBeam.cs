using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Prefix beam search: goes through the frames with the most probable prefixes of labels, each with the probability of all its alignments
/// that end with a blank and of those that end with its last item. With a beam as wide as there are prefixes it finds the most probable
/// label.
/// </summary>
/// <param name="outputs">O: the blank and the items.</param>
/// <param name="size">Prefixes that are followed.</param>
/// <param name="language">Says how probable items are behind each other; null for nothing but the frames.</param>
internal sealed class CtcBeam(int outputs, int size, PrefixLanguage? language = null)
{
    private const int None = -1;

    // All prefixes so far: the one that is an item shorter, that item, and the sums of logs; the first is the empty one.
    private int[] _parent = new int[64];
    private int[] _item = new int[64];
    private double[] _logBlank = new double[64];
    private double[] _logItem = new double[64];
    private double[] _nextBlank = new double[64];
    private double[] _nextItem = new double[64];
    private int _count;

    // For each prefix the state of the language model.
    private readonly int _stateLength = language?.StateLength ?? 0;
    private float[] _states = [];

    // The longer prefixes, by the shorter one and the item.
    private readonly Dictionary<(int Parent, int Item), int> _children = [];

    // The prefixes of the beam, the most probable first.
    private readonly int[] _active = new int[size];
    private Candidate[] _candidates = new Candidate[64];
    private readonly double[] _logs = new double[outputs];
    private int[] _items = [];

    /// <summary>The items, counted from 0, of the most probable prefix; valid until the next call.</summary>
    /// <param name="z">The outputs of the frames, [T x O].</param>
    public ReadOnlySpan<int> Search(ReadOnlySpan<float> z)
    {
        _children.Clear();
        _count = 0;
        _active[0] = Add(None, None);
        language?.Begin(StateOf(0));
        (_logBlank[0], _logItem[0]) = (0, double.NegativeInfinity);
        int active = 1;
        for (int at = 0; at < z.Length; at += outputs)
        {
            LinearChainCrf.Normalize(z.Slice(at, outputs), _logs);
            active = Step(active);
        }
        return ItemsOf(language is null ? _active[0] : BestEnd(language, active));
    }

    private int Step(int active)
    {
        int candidates = 0;
        FloatBuffer.Require(ref _candidates, (long)active * outputs);
        for (int i = 0; i < active; i++)
        {
            int prefix = _active[i];
            _nextBlank[prefix] = Softmax.LogAdd(_logBlank[prefix], _logItem[prefix]) + _logs[CtcLattice.Blank];
            _nextItem[prefix] = prefix == 0 ? double.NegativeInfinity : _logItem[prefix] + _logs[_item[prefix]];
        }
        for (int i = 0; i < active; i++)
        {
            int prefix = _active[i];
            double all = Softmax.LogAdd(_logBlank[prefix], _logItem[prefix]);
            for (int item = 1; item < outputs; item++)
            {
                double log = (item == _item[prefix] ? _logBlank[prefix] : all) + _logs[item];
                if (language is not null)
                    log += language.LogOf(StateOf(prefix), item - 1);
                if (double.IsNegativeInfinity(log))
                    continue;
                if (_children.TryGetValue((prefix, item), out int child) && _active.AsSpan(0, active).Contains(child))
                    _nextItem[child] = Softmax.LogAdd(_nextItem[child], log);
                else
                    _candidates[candidates++] = new Candidate(log, prefix, item);
            }
        }
        for (int i = 0; i < active; i++)
            _candidates[candidates++] = new Candidate(Softmax.LogAdd(_nextBlank[_active[i]], _nextItem[_active[i]]), _active[i], None);
        // Of equal ones those that came first.
        _candidates.AsSpan(0, candidates).Sort();
        active = Math.Min(size, candidates);
        for (int i = 0; i < active; i++)
        {
            Candidate chosen = _candidates[i];
            _active[i] = chosen.Item == None ? chosen.Prefix : Find(chosen);
        }
        for (int i = 0; i < active; i++)
            (_logBlank[_active[i]], _logItem[_active[i]]) = (_nextBlank[_active[i]], _nextItem[_active[i]]);
        return active;
    }

    /// <summary>The prefix that is the most probable label, with its end.</summary>
    private int BestEnd(PrefixLanguage language, int active)
    {
        int best = _active[0];
        double most = double.NegativeInfinity;
        foreach (int prefix in _active.AsSpan(0, active))
        {
            double log = Softmax.LogAdd(_logBlank[prefix], _logItem[prefix]) + language.LogOfEnd(StateOf(prefix));
            if (log > most)
                (best, most) = (prefix, log);
        }
        return best;
    }

    private Span<float> StateOf(int prefix) => _states.AsSpan(prefix * _stateLength, _stateLength);

    /// <summary>The prefix that a candidate is; it had no alignments before.</summary>
    private int Find(Candidate candidate)
    {
        if (!_children.TryGetValue((candidate.Prefix, candidate.Item), out int prefix))
        {
            _children.Add((candidate.Prefix, candidate.Item), prefix = Add(candidate.Prefix, candidate.Item));
            language?.Next(StateOf(candidate.Prefix), candidate.Item - 1, StateOf(prefix));
        }
        (_nextBlank[prefix], _nextItem[prefix]) = (double.NegativeInfinity, candidate.Log);
        return prefix;
    }

    private int Add(int parent, int item)
    {
        if (_count == _parent.Length)
        {
            Array.Resize(ref _parent, 2 * _count);
            Array.Resize(ref _item, 2 * _count);
            Array.Resize(ref _logBlank, 2 * _count);
            Array.Resize(ref _logItem, 2 * _count);
            Array.Resize(ref _nextBlank, 2 * _count);
            Array.Resize(ref _nextItem, 2 * _count);
        }
        // Keeps what is there, as FloatBuffer.Require does not.
        if ((_count + 1L) * _stateLength is var length && length > _states.Length)
            Array.Resize(ref _states, FloatBuffer.Grow(_states.Length, length));
        (_parent[_count], _item[_count]) = (parent, item);
        return _count++;
    }

    private ReadOnlySpan<int> ItemsOf(int prefix)
    {
        int count = 0;
        for (int at = prefix; at > 0; at = _parent[at])
            count++;
        FloatBuffer.Require(ref _items, count);
        for (int at = prefix, i = count - 1; at > 0; at = _parent[at], i--)
            _items[i] = _item[at] - 1;
        return _items.AsSpan(0, count);
    }

    /// <summary>A prefix of the next frame: one of the beam, with the item −1, or one of the beam with another item.</summary>
    private readonly record struct Candidate(double Log, int Prefix, int Item) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other)
        {
            int order = other.Log.CompareTo(Log);
            return order != 0 ? order : Prefix != other.Prefix ? Prefix.CompareTo(other.Prefix) : Item.CompareTo(other.Item);
        }
    }
}
