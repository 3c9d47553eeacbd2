using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>One training of a task.</summary>
/// <param name="Data">The folder of the data sets.</param>
/// <param name="Setting">What the trainer is told.</param>
/// <param name="Seed">The seed of all random choices.</param>
/// <param name="Threads">The number of threads to train with; null for one a processor.</param>
/// <param name="Validates">Whether to measure with a part of the training rows, held out, instead of the test set: for choosing
/// settings.</param>
internal sealed record TaskRun(string Data, Setting Setting, int Seed, int? Threads, bool Validates)
{
    private const int HeldOutOneIn = 6;

    // The same rows are drawn whatever is trained.
    private static Random SplitRandom => new(1);

    public MLContext Context { get; } = new(Seed);

    /// <summary>The recurrent cell; null for the trainer's own choice.</summary>
    public CellType? Cell { get; init; }

    /// <summary>Whether to measure intervals of more than one level.</summary>
    public bool MeasuresIntervals { get; init; }

    /// <summary>The format that weights are rounded to before anything is measured.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>A model with its weights in the format of this run.</summary>
    public T Rounded<T>(T model)
        where T : class, ITransformer
        => Weights == WeightFormat.Float32 ? model : model.WithWeightFormat(Weights);

    /// <summary>A pipeline with its weights in the format of this run.</summary>
    public TransformerChain<T> Rounded<T>(TransformerChain<T> model)
        where T : class, ITransformer
        => Weights == WeightFormat.Float32 ? model : model.WithWeightFormat(Weights);

    public string PathOf(params string[] parts) => Path.Combine([Data, .. parts]);

    /// <summary>The options of a trainer.</summary>
    /// <param name="tuned">What is set with <see cref="Setting.Tuned"/>; null if nothing is.</param>
    public T Options<T>(Func<T>? tuned = null)
        where T : TrainingOptions, new()
    {
        T options = Setting == Setting.Tuned && tuned is not null ? tuned() : new T();
        options.NumberOfThreads = Threads;
        options.CellType = Cell ?? options.CellType;
        if (Setting == Setting.Best)
            options.Effort = TrainingEffort.Best;
        return options;
    }

    /// <summary>What this run trains on and measures with.</summary>
    public Split<T> Choose<T>(Split<T> split) => Validates ? Draw(split.Train, 1.0 / HeldOutOneIn) : split;

    /// <summary>Rows drawn at random to measure with.</summary>
    public static Split<T> Draw<T>(IEnumerable<T> rows, double share)
    {
        T[] shuffled = [.. rows];
        SplitRandom.Shuffle(shuffled);
        int train = (int)Math.Round(shuffled.Length * (1 - share));
        return new Split<T>(shuffled[..train], shuffled[train..]);
    }
}
