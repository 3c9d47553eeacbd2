using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Distributed;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Benchmarks;

/// <summary>This library's engine, run as its training loop and its scorer run it.</summary>
internal sealed class OurEngine : IContender
{
    private readonly Clock _clock;
    private readonly SequenceBatch _batch;
    private readonly BatchRunner _training;
    private readonly BatchRunner _scoring;
    private readonly Gradient _gradient;
    private readonly Optimizer _optimizer;
    private readonly TrainingSequence[] _sequences;
    private readonly Objective _objective;
    private readonly bool _hasStepOutputs;
    private readonly GradientSum? _sum;
    private readonly int _allSequences;

    /// <param name="problem">The network and its batch.</param>
    /// <param name="threads">The threads that share the work.</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="clock">What times the parts of a step.</param>
    /// <param name="format">What the weights are kept in; only scoring knows others than floats.</param>
    /// <param name="ranks">The ranks that share the batch in training; null for none.</param>
    public OurEngine(Problem problem, int threads, CpuKernels kernels, Clock clock = Clock.Elapsed,
        WeightFormat format = WeightFormat.Float32, Communicator? ranks = null)
    {
        _clock = clock;
        Name = format == WeightFormat.Float32 ? "Microsoft.ML.Lstm" : format.ToString();
        Shape shape = problem.Shape;
        ParameterSet weights = problem.Weights.Clone();
        var team = new WorkerTeam(threads);
        NetworkPasses passes = shape.ReadsWords ? NetworkPasses.BackwardToInput : NetworkPasses.Backward;
        _training = BatchRunner.Create(new SequenceNetwork(weights, passes, kernels), team);
        _scoring = BatchRunner.Create(
            new SequenceNetwork(WeightRounding.Round(problem.Weights, format), NetworkPasses.Forward, kernels), team);
        _gradient = new Gradient(shape.Network);
        _optimizer = Optimizer.Create(new(OptimizerType.Adam, Momentum: 0, WeightDecay: 0), weights, _gradient, team);
        _batch = new SequenceBatch(shape.Network);
        _allSequences = problem.Sequences.Length;
        _sequences = ranks is null ? problem.Sequences
            : [.. problem.Sequences.Where((_, index) => index % ranks.Size == ranks.Rank)];
        if (ranks is not null)
        {
            _sum = new GradientSum(ranks, _gradient, _training.EarlyGradients);
            _training.GradientReady = _sum.Begin;
        }
        for (int i = 0; i < _sequences.Length; i++)
        {
            _sequences[i].Features.Span.CopyTo(_batch.Add(shape.T));
            _sequences[i].Tokens.CopyTo(_batch.Tokens(i));
            if (shape.Writes)
                _batch.Targets!.AddLabels(_sequences[i].Labels);
        }
        _batch.Pack();
        _hasStepOutputs = shape.ReadsWords;
        var model = new SequenceModel(weights, AffineScaler.Identity(shape.Network.NumericSize), AffineScaler.Identity(0),
            AffineScaler.Identity(shape.Network.OutputSize));
        var data = new SequenceSet(shape.Network.NumericSize, staticSize: 0, shape.ReadsWords ? 0 : 1,
            [.. shape.Network.Embeddings.Select(table => table.Vocabulary)]);
        foreach (TrainingSequence sequence in _sequences)
            data.Add(sequence);
        _objective = problem.Task.CreateObjective(model, data);
    }

    /// <summary>The library's name, or that of the format of weights that score; training is by floats always.</summary>
    public string Name { get; }

    /// <summary>The seconds that each part of each training step took.</summary>
    public Dictionary<string, List<double>> Parts { get; } = new()
    {
        ["forward"] = [],
        ["backward"] = [],
        ["wait for the sum"] = [],
        ["clip and Adam"] = [],
        ["pack"] = []
    };

    public double[] Run(Work work, int repetitions)
    {
        double[] seconds = new double[repetitions];
        for (int i = 0; i < repetitions; i++)
        {
            double start = _clock.Now();
            if (work == Work.Training)
                Train();
            else
                _scoring.Forward(_batch, keep: false);
            seconds[i] = _clock.Now() - start;
        }
        return seconds;
    }

    /// <summary>The first output of each row, loss and gradient with the weights as they are.</summary>
    public Answer Solve()
    {
        _scoring.Forward(_batch, keep: false);
        int rows = _hasStepOutputs ? _scoring.OutputSteps.TotalSteps : _batch.Count;
        float[] outputs = [.. Enumerable.Range(0, rows).Select(row => _scoring.Output(row)[0])];
        _training.Forward(_batch, keep: true);
        Backward();
        double norm = _optimizer.GradientNorm();
        _gradient.Clear();
        return new Answer(outputs, _objective.Metrics.Loss, norm);
    }

    private void Train()
    {
        double since = _clock.Now();
        _training.Forward(_batch, keep: true);
        Book("forward");

        Backward();
        Book("backward");

        if (_sum is not null)
        {
            _sum.End(isFinite: true);
            Book("wait for the sum");
        }

        _optimizer.TryStep(Problem.LearningRate, maxNorm: 1);
        Book("clip and Adam");

        _training.PackNetwork();
        Book("pack");

        void Book(string part)
        {
            double now = _clock.Now();
            Parts[part].Add(now - since);
            since = now;
        }
    }

    private void Backward()
    {
        _objective.Reset();
        _objective.Begin(_batch, _sequences);
        if (_sum is not null)
            _objective.SetLabelledOfAll((long)_objective.Labelled * _allSequences / _sequences.Length);
        _training.Backward(_objective, _gradient);
        _objective.End();
    }
}
