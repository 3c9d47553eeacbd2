using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx.Export;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>
/// The classes of a score: all classes that the label may have, and those among them that the network has an output for. The others never
/// occurred in the training data; their probability is 0.
/// </summary>
internal sealed class ScoredClasses
{
    // The class of each output; null where every class has one.
    private readonly int[]? _known;

    /// <param name="shape">The network's shape.</param>
    public ScoredClasses(NetworkShape shape)
    {
        // With a blank, which comes first, a class is the number of its key.
        bool hasBlank = shape.Head == Head.Ctc;
        (Count, Outputs) = (shape.ClassCount + (hasBlank ? 1 : 0), shape.OutputSize);
        if (shape.Classes is { } classes)
            _known = hasBlank ? [0, .. classes.Keys] : [.. classes.Keys.Select(key => key - 1)];
    }

    /// <summary>L: how many classes a label may have, with the blank where there is one.</summary>
    public int Count { get; }

    /// <summary>O: how many classes the network has an output for.</summary>
    public int Outputs { get; }

    /// <summary>The class, counted from 0, that an output is for.</summary>
    public int this[int output] => _known is null ? output : _known[output];

    /// <summary>The output of the class that is to be explained; null for the predicted one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class, or the training data did not have it.</exception>
    public int? OutputOf(ExplanationOptions options)
    {
        if (options.Output is null)
            return null;
        int known = options.OutputOf(Count), output = _known is null ? known : Array.IndexOf(_known, known);
        return output >= 0 ? output : throw new ArgumentOutOfRangeException(nameof(options.Output), options.Output,
            "The training data had no row of this class, so there is nothing to explain of it.");
    }

    /// <summary>Makes room for probabilities of all classes.</summary>
    /// <param name="value">The vector that receives the probabilities.</param>
    /// <param name="steps">T: the vector gets T x L values.</param>
    /// <param name="known">T x O probabilities of the classes with an output, to be filled in before <see cref="Commit"/>.</param>
    /// <exception cref="InvalidOperationException">A vector can't have that many values.</exception>
    public VBufferEditor<float> Begin(ref VBuffer<float> value, int steps, out Span<float> known)
    {
        if ((long)steps * Count > Array.MaxLength)
            throw new InvalidOperationException($"A sequence of {steps} steps has {(long)steps * Count} probabilities of {Count} classes, "
                + $"more than the {Array.MaxLength} that a vector can have. Score shorter sequences, or train with a label of fewer keys.");
        int outputs = steps * Outputs, length = steps * Count;
        VBufferEditor<float> editor = IsSparse ? VBufferEditor.Create(ref value, length, outputs) : VBufferEditor.Create(ref value, length);
        known = editor.Values[..outputs];
        return editor;
    }

    /// <summary>
    /// Completes the vector: moves each probability to the place of its class. Classes without an output get 0; where more than half are
    /// without one, the vector is sparse.
    /// </summary>
    public VBuffer<float> Commit(VBufferEditor<float> editor, int steps)
    {
        int outputs = steps * Outputs;
        if (!IsSparse)
            editor.Values[outputs..].Clear();
        // From the end, so that no probability is overwritten before it has moved.
        for (int i = outputs - 1; i >= 0 && _known is not null; i--)
        {
            int place = i / Outputs * Count + this[i % Outputs];
            if (IsSparse)
            {
                editor.Indices[i] = place;
                continue;
            }
            float probability = editor.Values[i];
            editor.Values[i] = 0;
            editor.Values[place] = probability;
        }
        return editor.Commit();
    }

    /// <summary>Writes the probabilities of all classes into a graph, given the probabilities of the outputs, along an axis.</summary>
    public string WriteProbabilities(OnnxGraph graph, string outputs, int axis)
    {
        if (_known is null)
            return outputs;
        // Classes without an output are read from a zero behind the outputs.
        long[] places = new long[Count];
        Array.Fill(places, Outputs);
        for (int output = 0; output < Outputs; output++)
            places[this[output]] = output;
        string zero = graph.Node("Mul", [graph.Gather(outputs, graph.Vector(0), axis), graph.Constant("zero", 0)]);
        return graph.Gather(graph.Concat(axis, outputs, zero), graph.Constant("label.classes", places, places.Length), axis);
    }

    /// <summary>Writes the keys of classes into a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="outputs">The indices of the classes' outputs.</param>
    public string WriteKeys(OnnxGraph graph, string outputs)
        => _known is null
            ? graph.Node("Add", [outputs, graph.Vector(1)])
            : graph.Gather(graph.Constant("label.keys", [.. _known.Select(known => known + 1L)], Outputs), outputs, axis: 0);

    /// <summary>Writes the classes of outputs into a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="outputs">The indices of outputs.</param>
    public string WriteClasses(OnnxGraph graph, string outputs)
        => _known is null
            ? outputs
            : graph.Gather(graph.Constant("label.keys", [.. _known.Select(known => (long)known)], Outputs), outputs, axis: 0);

    private bool IsSparse => Count > 2 * Outputs;
}
