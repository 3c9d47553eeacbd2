using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>A task: which columns, which rows for what, which settings to try, how to train and how to measure.</summary>
internal abstract class LearningTask(TaskRequest request)
{
    private const double PriorLoss = 0.1;
    private const double PriorDeviation = 0.15;

    /// <summary>The task's name on the command line.</summary>
    public abstract string Name { get; }

    public TaskRequest Request { get; } = request;

    public MLContext Context { get; } = new(request.Seed);

    /// <summary>All rows.</summary>
    public required Table Table { get; init; }

    public required RowParts Parts { get; init; }

    /// <summary>What is known of the data.</summary>
    public required DatasetFacts Facts { get; init; }

    /// <summary>How the file lies, for the reader of the consumption project.</summary>
    public required FileLayout Layout { get; init; }

    /// <summary>The settings to try; the first are the untouched defaults.</summary>
    public abstract IReadOnlyList<Settings> Candidates { get; }

    /// <summary>How many times as long as one network an average of several takes.</summary>
    public abstract double BestShare { get; }

    /// <summary>Whether the epochs that a training begins with are those that it takes, rather than the most that it may take.</summary>
    public abstract bool HasFixedEpochs { get; }

    /// <summary>Whether a training that is told how many epochs it may take still ends where rows held out say so.</summary>
    public virtual bool StopsEarlyAnyway => false;

    /// <summary>The rows to train and to validate on, in turn, where there are few of them; empty for one validation.</summary>
    public virtual IReadOnlyList<(int[] Train, int[] Validation)> Folds => [];

    /// <summary>The columns that a model with these settings reads and adds.</summary>
    public abstract TaskColumns ColumnsOf(Settings settings);

    /// <summary>Trains.</summary>
    public abstract ITransformer Fit(int[] rows, TrainingCall call);

    /// <summary>Measures on validation rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="seen">The rows that it was trained on.</param>
    /// <param name="rows">The validation rows.</param>
    public abstract Validation Validate(ITransformer model, int[] seen, int[] rows);

    /// <summary>How much better than an error another one has to be to count as better.</summary>
    public abstract double NoiseOf(double error, int rows);

    /// <summary>
    /// How much better than an error another one has to be for its settings to be the better ones more likely than not. The defaults
    /// were chosen on many sets, so the errors of other settings are taken for normally distributed around 1.1 times theirs, with a
    /// deviation of 0.15 times: where few rows are measured, that says more than they do.
    /// </summary>
    /// <param name="error">The error.</param>
    /// <param name="variance">The variance of the difference of two such errors, of the same rows.</param>
    protected static double LeastGain(double error, double variance)
        => error > 0 ? variance * (PriorLoss / (PriorDeviation * PriorDeviation)) / error : 0;

    /// <summary>A figure with its name.</summary>
    public abstract string Show(double figure);

    /// <summary>Measures on the rows that nothing was chosen by.</summary>
    /// <param name="models">The models that were trained in full on the same rows, with their names, the chosen one first.</param>
    /// <param name="seen">Those rows.</param>
    public abstract Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen);

    /// <summary>The report of the training of a model.</summary>
    public virtual TrainingReport? ReportOf(ITransformer model) => model switch
    {
        SequencePredictionTransformer sequences => sequences.TrainingReport,
        SeriesTransformer series => series.TrainingReport,
        IEnumerable<ITransformer> chain => chain.Select(ReportOf).FirstOrDefault(report => report is not null),
        _ => null,
    };

    /// <summary>What a model is among those that are compared, as <see cref="Measure"/> names it.</summary>
    public virtual string NameOf(Settings settings, ITransformer model) => $"network, {settings.Name}";

    /// <summary>
    /// A model that was trained on some of the rows, and has read all of them where its results depend on the rows before.
    /// </summary>
    public virtual ITransformer ReadAll(ITransformer model) => model;

    /// <summary>What the saved model says, line by line.</summary>
    public virtual IEnumerable<string> Describe(ITransformer model) => [];

    /// <summary>What the consumption project has to know.</summary>
    public abstract TaskCode CodeOf(Settings settings);

    /// <summary>Gives options what all trainings share, and the settings.</summary>
    protected T Prepare<T>(T options, TrainingCall call)
        where T : TrainingOptions
    {
        call.Settings.ApplyTo(options);
        if (call.Effort == TrainingEffort.Quick)
            options.Effort = TrainingEffort.Quick;
        (options.Seed, options.NumberOfThreads) = (Request.Seed, Request.Threads);
        (options.EpochCompleted, options.CancellationToken) = (call.EpochCompleted, call.Cancellation);
        return options;
    }
}

/// <summary>How good a model is on validation rows.</summary>
/// <param name="Error">What settings are chosen by, the less the better.</param>
/// <param name="Figure">What is shown.</param>
internal readonly record struct Validation(double Error, double Figure);

/// <summary>How to train once.</summary>
/// <param name="Settings">What is set.</param>
/// <param name="Effort">How long it may take.</param>
/// <param name="EpochCompleted">Called after each epoch.</param>
/// <param name="Cancellation">Stops training; the best model so far is the result.</param>
internal sealed record TrainingCall(Settings Settings, TrainingEffort Effort, Action<EpochCompletedEventArgs>? EpochCompleted,
    CancellationToken Cancellation);

/// <summary>What was measured on the rows that nothing was chosen by.</summary>
/// <param name="Comparison">The metrics.</param>
/// <param name="Unseen">The rows.</param>
/// <param name="Scored">The rows with the columns that the chosen model adds.</param>
internal sealed record Measurement(Comparison Comparison, IDataView Unseen, IDataView Scored)
{
    /// <summary>What else there is to say, line by line.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>What a consumption project has to know of a task.</summary>
/// <param name="Inputs">The columns of ModelInput, with the label.</param>
/// <param name="Outputs">The members of ModelOutput beside the inputs: C# type, name of the column, meaning.</param>
/// <param name="Pipeline">C# that makes a pipeline with the variable <c>mlContext</c>, without a semicolon.</param>
internal sealed record TaskCode(IReadOnlyList<TableColumn> Inputs, IReadOnlyList<OutputMember> Outputs, string Pipeline);

/// <summary>A member of ModelOutput.</summary>
internal sealed record OutputMember(string Type, string Column, string Meaning)
{
    /// <summary>Whether it has a number for each class, whose name is the slot's.</summary>
    public bool IsOfClasses { get; init; }
}
