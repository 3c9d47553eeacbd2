using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Finds the items that the outputs of the frames of a sequence stand for: those of the most probable output of each frame, or the most
/// probable label over all its alignments, as far as a beam of prefixes shows (Graves 2012; Hannun et al. 2014). Each caller has its own
/// decoder.
/// </summary>
/// <param name="outputs">O: the blank and the items.</param>
/// <param name="beamSize">Prefixes that are followed from frame to frame; 1 for the most probable output of each frame.</param>
/// <param name="language">A language model for the beam; null for none.</param>
internal sealed class CtcDecoder(int outputs, int beamSize = 1, PrefixLanguage? language = null)
{
    private readonly CtcBeam? _beam = beamSize > 1 ? new CtcBeam(outputs, beamSize, language) : null;
    private int[] _items = [];

    /// <summary>The items, counted from 0, of frames with these outputs, [T x O]; valid until the next call.</summary>
    public ReadOnlySpan<int> Decode(ReadOnlySpan<float> z) => _beam is null ? BestPath(z) : _beam.Search(z);

    /// <summary>The items of the most probable output of each frame, of equal ones the first.</summary>
    public ReadOnlySpan<int> BestPath(ReadOnlySpan<float> z)
    {
        int frames = z.Length / outputs, count = 0, before = CtcLattice.Blank;
        FloatBuffer.Require(ref _items, frames);
        for (int t = 0; t < frames; t++)
        {
            int best = TensorPrimitives.IndexOfMax(z.Slice(t * outputs, outputs));
            if (best != CtcLattice.Blank && best != before)
                _items[count++] = best - 1;
            before = best;
        }
        return _items.AsSpan(0, count);
    }
}
