using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>What the scores of a <see cref="SequencePredictor"/> are.</summary>
public enum SequencePredictionTask
{
    /// <summary>
    /// The outputs of a network without a task, after its output function, of a sequence or of each of its steps; where these are
    /// probabilities, those of all classes, 0 for a class that the training data lacked.
    /// </summary>
    Outputs,

    /// <summary>One value or several, of a sequence or of each of its steps.</summary>
    Regression,

    /// <summary>
    /// The logarithm of odds, and the probability of yes; where steps are scored, of each step the logarithms of its L truths, and behind
    /// them their probabilities.
    /// </summary>
    BinaryClassification,

    /// <summary>The probability of each class.</summary>
    MulticlassClassification,

    /// <summary>For each step the probability of each label.</summary>
    Labeling,

    /// <summary>The reconstruction error of an autoencoder.</summary>
    AnomalyDetection,
}

/// <summary>
/// A network with all that surrounds it, scaling, names of classes and threshold, read from a file: it scores rows, batches and streams
/// without ML.NET and without classes, also when trimmed or compiled ahead of time. Scores are those of the transformer, to the last bit at
/// the same vector width. See docs/edge.md.
/// </summary>
/// <remarks>
/// It is for one thread at a time; <see cref="Share"/> gives another thread one on the same weights. Of a pipeline the network alone is
/// read: what its other steps do to the columns is the caller's to do.
/// </remarks>
public sealed partial class SequencePredictor
{
    private readonly ScoringNetwork _network;
    private readonly SequenceScorer _scorer;
    private readonly ScoringColumns? _columns;
    private readonly OutputFunction _function;
    private readonly int[]? _known;

    // Only probabilities have a value for classes that the network does not know.
    private readonly bool _scoresAllClasses;

    private readonly StepDecoder? _decoder;
    private SequenceStream? _stream;
    private float[] _scores = [];
    private float[] _step = [];
    private int[] _keys = [];
    private bool[] _isBad = [];
    private int[] _labels = [];

    private SequencePredictor(ScoringNetwork network, ScoringColumns? columns, SequencePredictionTask task, OutputFunction function)
    {
        _network = network;
        _columns = columns;
        _function = function;
        Task = task;
        _scorer = new SequenceScorer(network);
        NetworkShape shape = network.Model.Shape;
        if (shape.Characters is not null)
            throw new NotSupportedException("A network that reads the characters of words is scored by its transformer only.");
        _known = shape.Classes?.Keys.Select(key => key - 1).ToArray();
        _scoresAllClasses = task is SequencePredictionTask.MulticlassClassification or SequencePredictionTask.Labeling
            || (task == SequencePredictionTask.Outputs && function == OutputFunction.Softmax);
        string[] names = columns?.LabelValues?.Values ?? [];
        ClassNames = names.Length == 0 || _known is null || _scoresAllClasses ? names : [.. _known.Select(known => names[known])];
        if (task == SequencePredictionTask.Labeling)
            _decoder = new StepDecoder(shape.OutputSize, StepDecoder.CrfOf(network.Model));
    }

    /// <summary>What the scores are.</summary>
    public SequencePredictionTask Task { get; }

    /// <summary>F: the numbers of a step.</summary>
    public int FeaturesPerStep => Shape.NumericSize;

    /// <summary>The keys that each token of a step may be, from 1; 0 and others are unknown.</summary>
    public IReadOnlyList<int> VocabularySizes => [.. Shape.Embeddings.Select(table => table.KeyCount)];

    /// <summary>S: the static features.</summary>
    public int StaticFeatureCount => Shape.StaticSize;

    /// <summary>The columns that the model was trained on, numbers and tokens; empty where the file does not say.</summary>
    public IReadOnlyList<string> InputNames => _columns is null ? [] : [.. _columns.Features.Select(feature => feature.Name)];

    /// <summary>The names of the classes, or of the labels of steps, in the order of their scores; empty for none.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>
    /// The probability above which the answer is yes, or the error above which a sequence is an anomaly; <see langword="null"/> for other
    /// tasks.
    /// </summary>
    public float? Threshold => _columns?.Threshold;

    /// <summary>The numbers that the score of a sequence has, or, where steps are scored, that of each step.</summary>
    public int ScoreSize => Task switch
    {
        SequencePredictionTask.BinaryClassification => 2 * Shape.OutputSize,
        SequencePredictionTask.AnomalyDetection => 1,
        _ => _scoresAllClasses ? Shape.ClassCount : Shape.OutputSize,
    };

    /// <summary>Whether each step has scores of its own.</summary>
    public bool HasStepScores => Shape.Head.IsPerStep;

    /// <summary>The sequences that were added since <see cref="Clear"/>.</summary>
    public int Count => _scorer.Count;

    private NetworkShape Shape => _network.Model.Shape;

    /// <summary>Another predictor on the same weights, for another thread.</summary>
    /// <returns>The predictor.</returns>
    public SequencePredictor Share() => new(_network, _columns, Task, _function);

    /// <summary>Scores one sequence.</summary>
    /// <param name="features">T x F numbers, step by step.</param>
    /// <param name="tokens">The keys of T steps, as many a step as there are vocabularies, counted from 1 as ML.NET has them.</param>
    /// <param name="statics">S static features.</param>
    /// <returns>The scores, <see cref="ScoreSize"/> numbers or T times as many, valid until the next call; NaN where a number is not
    /// finite.</returns>
    /// <exception cref="ArgumentException">There are no steps, or not as many numbers as a whole number of steps has.</exception>
    public ReadOnlySpan<float> Score(ReadOnlySpan<float> features, ReadOnlySpan<int> tokens = default,
        ReadOnlySpan<float> statics = default)
    {
        Clear();
        Add(features, tokens, statics);
        ScoreAll();
        return Scores(0);
    }

    /// <summary>Removes the sequences of a batch.</summary>
    public void Clear() => _scorer.Clear();

    /// <summary>Adds a sequence to a batch, see <see cref="Score"/>.</summary>
    /// <param name="features">T x F numbers, step by step.</param>
    /// <param name="tokens">The keys of T steps.</param>
    /// <param name="statics">S static features.</param>
    /// <exception cref="ArgumentException">There are no steps, or not as many numbers as a whole number of steps has.</exception>
    public void Add(ReadOnlySpan<float> features, ReadOnlySpan<int> tokens = default, ReadOnlySpan<float> statics = default)
    {
        int size = Shape.NumericSize, columns = Shape.Embeddings.Count;
        int steps = size > 0 ? features.Length / size : tokens.Length / columns;
        if (steps == 0 || features.Length != steps * size || tokens.Length != steps * columns || statics.Length != Shape.StaticSize)
            throw WrongCounts("A sequence has one or more steps", features.Length, tokens.Length, statics.Length);
        if (_scorer.Count == _isBad.Length)
            Array.Resize(ref _isBad, Math.Max(16, 2 * _isBad.Length));
        bool isBad = _isBad[_scorer.Count] = !Finite.All(features) || !Finite.All(statics);
        // Of numbers that are not finite nothing is made; the other sequences of the batch do not notice.
        Copy(features, _scorer.AddSequence(steps));
        Span<int> keys = _scorer.Tokens(_scorer.Count - 1);
        for (int i = 0; i < tokens.Length; i++)
            keys[i] = KeyOf(tokens[i], i % columns);
        Copy(statics, _scorer.Statics(_scorer.Count - 1));

        void Copy(ReadOnlySpan<float> values, Span<float> target)
        {
            if (isBad)
                target.Clear();
            else
                values.CopyTo(target);
        }
    }

    /// <summary>Scores the sequences of a batch.</summary>
    public void ScoreAll() => _scorer.Score();

    /// <summary>The scores of a sequence of the batch, after <see cref="ScoreAll"/>.</summary>
    /// <param name="index">The sequence, from 0 in the order of adding.</param>
    /// <returns>The scores, valid until the next call.</returns>
    public ReadOnlySpan<float> Scores(int index)
    {
        ReadOnlySpan<float> outputs = _scorer.Output(index);
        int rows = HasStepScores ? outputs.Length / Shape.OutputSize : 1;
        FloatBuffer.Require(ref _scores, (long)rows * ScoreSize);
        Span<float> scores = _scores.AsSpan(0, rows * ScoreSize);
        if (_isBad[index])
            scores.Fill(float.NaN);
        else
            Write(outputs, scores);
        return scores;
    }

    /// <summary>
    /// The class of the greatest score, counted from 0 as <see cref="ClassNames"/>; for yes or no, and for anomalies, 1 above the
    /// <see cref="Threshold"/>, else 0.
    /// </summary>
    /// <param name="index">The sequence, from 0 in the order of adding.</param>
    /// <returns>The class; −1 for a sequence with numbers that are not finite.</returns>
    /// <exception cref="NotSupportedException">The scores are values, or those of steps.</exception>
    public int PredictedClass(int index)
    {
        if (HasStepScores)
            throw new NotSupportedException($"{Task} at every step has no class for a sequence.");
        if (_isBad[index])
            return -1;
        switch (Task)
        {
            case SequencePredictionTask.BinaryClassification:
                return Scores(index)[1] > Threshold ? 1 : 0;
            case SequencePredictionTask.AnomalyDetection:
                return Scores(index)[0] > Threshold ? 1 : 0;
            case SequencePredictionTask.MulticlassClassification:
                return ClassOf(TensorPrimitives.IndexOfMax(_scorer.Output(index)));
            default:
                throw new NotSupportedException($"{Task} has no class for a sequence.");
        }
    }

    /// <summary>
    /// The labels of the steps of a sequence, counted from 0 as <see cref="ClassNames"/>; for truths, L of each step, 1 above the
    /// <see cref="Threshold"/>, else 0.
    /// </summary>
    /// <param name="index">The sequence, from 0 in the order of adding.</param>
    /// <returns>The labels, valid until the next call; none for a sequence with numbers that are not finite.</returns>
    /// <exception cref="NotSupportedException">Steps have no labels.</exception>
    public ReadOnlySpan<int> PredictedLabels(int index)
    {
        bool hasTruths = Task == SequencePredictionTask.BinaryClassification && HasStepScores;
        if (_decoder is null && !hasTruths)
            throw new NotSupportedException($"{Task} has no labels for steps.");
        if (_isBad[index])
            return [];
        if (hasTruths)
            return Truths(Scores(index));
        ReadOnlySpan<int> path = _decoder!.Decode(_scorer.Output(index));
        FloatBuffer.Require(ref _labels, path.Length);
        for (int t = 0; t < path.Length; t++)
            _labels[t] = ClassOf(path[t]);
        return _labels.AsSpan(0, path.Length);
    }

    /// <summary>Takes the next step of a stream, whose state stays from call to call.</summary>
    /// <param name="features">The step's F numbers.</param>
    /// <param name="tokens">The step's keys.</param>
    /// <returns>The scores of the steps so far, as of a sequence that ends here; valid until the next call.</returns>
    /// <exception cref="ArgumentException">There are more or fewer numbers or tokens than a step has, or a number is not finite; the stream
    /// stays where it was.</exception>
    /// <exception cref="NotSupportedException">The network reads sequences as a whole, or is several networks.</exception>
    public ReadOnlySpan<float> Step(ReadOnlySpan<float> features, ReadOnlySpan<int> tokens = default)
    {
        if (_network.Networks.Count > 1 || Shape.StaticSize > 0 || Task == SequencePredictionTask.AnomalyDetection || Shape.SkipSteps > 0
            || Shape.Head == Head.Crf)
            throw new NotSupportedException("Networks that read the whole sequence, static features, or several networks have no stream.");
        if (features.Length != Shape.NumericSize || tokens.Length != Shape.Embeddings.Count)
            throw WrongCounts("A step of a stream is one step", features.Length, tokens.Length, statics: 0);
        if (!Finite.All(features))
            throw new ArgumentException("A step of a stream has to have finite numbers.", nameof(features));
        _stream ??= new SequenceStream(_network.Networks[0]);
        FloatBuffer.Require(ref _step, Math.Max(Shape.NumericSize, Shape.OutputSize));
        FloatBuffer.Require(ref _keys, Shape.Embeddings.Count);
        Span<float> scaled = _step.AsSpan(0, features.Length);
        features.CopyTo(scaled);
        _network.Model.InputScaler.Apply(scaled);
        Span<int> keys = _keys.AsSpan(0, tokens.Length);
        for (int i = 0; i < keys.Length; i++)
            keys[i] = Shape.Embeddings[i].Keys is { } subset ? subset.NumberOf(KeyOf(tokens[i], i)) : KeyOf(tokens[i], i);
        ReadOnlySpan<float> outputs = _stream.Step(scaled, keys);
        Span<float> inUnits = _step.AsSpan(0, outputs.Length);
        outputs.CopyTo(inUnits);
        _network.Model.OutputScaler.Invert(inUnits);
        FloatBuffer.Require(ref _scores, ScoreSize);
        Write(inUnits, _scores.AsSpan(0, ScoreSize));
        return _scores.AsSpan(0, ScoreSize);
    }

    /// <summary>Begins a stream again.</summary>
    public void ResetStream() => _stream?.Reset();

    private ArgumentException WrongCounts(string expected, int features, int tokens, int statics)
        => new($"{expected} of {Shape.NumericSize} numbers and {Shape.Embeddings.Count} tokens, and {Shape.StaticSize} static features; "
            + $"found {features} numbers, {tokens} tokens and {statics} static features.", nameof(features));

    private int KeyOf(int key, int column) => (uint)key <= (uint)Shape.Embeddings[column].KeyCount ? key : 0;

    private int ClassOf(int output) => _known is null ? output : _known[output];

    private void Write(ReadOnlySpan<float> outputs, Span<float> scores)
    {
        switch (Task)
        {
            case SequencePredictionTask.BinaryClassification when HasStepScores:
                int size = Shape.OutputSize;
                for (int i = 0; i < outputs.Length; i += size)
                {
                    Span<float> probabilities = scores.Slice(2 * i + size, size);
                    outputs.Slice(i, size).CopyTo(scores[(2 * i)..]);
                    outputs.Slice(i, size).CopyTo(probabilities);
                    OutputFunction.Sigmoid.Apply(probabilities);
                }
                break;
            case SequencePredictionTask.BinaryClassification:
                scores[0] = outputs[0];
                scores[1] = 1f / (1f + MathF.Exp(-outputs[0]));
                break;
            case SequencePredictionTask.AnomalyDetection:
                scores[0] = Reconstruction.ScoreOf(outputs);
                break;
            case SequencePredictionTask.MulticlassClassification:
                Softmax.Probabilities(outputs, scores[..outputs.Length]);
                Spread(scores);
                break;
            case SequencePredictionTask.Labeling:
                _decoder!.Probabilities(outputs, scores[..outputs.Length]);
                Spread(scores);
                break;
            default:
                outputs.CopyTo(scores);
                for (int i = 0; i < outputs.Length && _function != OutputFunction.None; i += Shape.OutputSize)
                    _function.Apply(scores.Slice(i, Shape.OutputSize));
                if (_scoresAllClasses)
                    Spread(scores);
                break;
        }
    }

    private ReadOnlySpan<int> Truths(ReadOnlySpan<float> scores)
    {
        int size = Shape.OutputSize;
        FloatBuffer.Require(ref _labels, scores.Length / 2);
        for (int i = 0; i < scores.Length / 2; i++)
            _labels[i] = scores[2 * (i / size) * size + size + i % size] > Threshold ? 1 : 0;
        return _labels.AsSpan(0, scores.Length / 2);
    }

    /// <summary>Moves the probabilities of known classes to their places; the others are 0.</summary>
    private void Spread(Span<float> scores)
    {
        if (_known is null)
            return;
        int outputs = scores.Length / Shape.ClassCount * _known.Length;
        scores[outputs..].Clear();
        // From the end, so that none is overwritten before it has moved.
        for (int i = outputs - 1; i >= 0; i--)
        {
            float probability = scores[i];
            scores[i] = 0;
            scores[i / _known.Length * Shape.ClassCount + _known[i % _known.Length]] = probability;
        }
    }
}
