using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The checkpoint of one <c>Fit</c>: the state that it resumes from, if any, and the state that it saves after each epoch.
/// </summary>
internal sealed class TrainingCheckpoint : ITrainingCheckpoint, IDisposable
{
    private const int FirstStage = 1;
    private const int SecondStage = 2;
    private const string Weights = "weights";
    private const string FirstWeights = "first_weights";
    private const string Order = "order";
    private const string BatchOrder = "batch_order";
    private const string Unreached = "unreached";
    private const string TrainingLosses = "training_losses";
    private const string ValidationLosses = "validation_losses";
    private const string FirstTrainingLosses = "first_training_losses";
    private const string FirstValidationLosses = "first_validation_losses";

    // Options that do not affect the weights, or that are compared separately.
    private static readonly HashSet<string> Ignored =
    [
        nameof(TrainingOptions.Seed), nameof(TrainingOptions.NumberOfThreads), nameof(TrainingOptions.EpochCompleted),
        nameof(TrainingOptions.CancellationToken), nameof(TrainingOptions.CheckpointPath), nameof(TrainingOptions.ResumeFromCheckpoint),
        nameof(TrainingOptions.Communicator),
    ];

    private static readonly string[] Moments = ["moments.0", "moments.1"];

    // Of ranks that train together only the first has the file; the others get from it what it holds.
    private readonly CheckpointFile? _file;
    private readonly string _path;
    private readonly TrainingOptions _options;
    private readonly Action<string> _warn;
    private readonly (SequenceModel Model, SafeTensors Beside)? _found;
    private Dictionary<string, string> _optionTexts = [];
    private string _data = "";
    private int _seed;
    private bool _fails;

    private TrainingCheckpoint(CheckpointFile? file, TrainingOptions options, Action<string> warn)
    {
        (_file, _options, _warn, _path) = (file, options, warn, Path.GetFullPath(options.CheckpointPath!));
        if (!options.ResumeFromCheckpoint)
            return;
        SafeTensors beside;
        if (options.Communicator is not { Size: > 1 } ranks)
            _found = file!.Exists ? (file.Load(out beside), beside) : null;
        else if (ranks.Broadcast(file is { Exists: true } ? file.Read() : []) is { Length: > 0 } bytes)
            _found = (ModelFile.Read(new MemoryStream(bytes), out beside), beside);
    }

    public InterruptedTraining? Resume { get; private set; }

    public TrainedNetwork? First { get; private set; }

    /// <summary>The members of an ensemble that were trained before the one to resume.</summary>
    public IReadOnlyList<TrainedMember> Members { get; private set; } = [];

    /// <summary>Opens the checkpoint file of the options; null where they have none.</summary>
    /// <param name="options">The options.</param>
    /// <param name="warn">Receives a warning when a checkpoint can't be written.</param>
    /// <exception cref="InvalidOperationException">The file can't be written, or another training is writing it.</exception>
    /// <exception cref="InvalidDataException">The file to resume from is damaged.</exception>
    public static TrainingCheckpoint? Open(TrainingOptions options, Action<string> warn)
    {
        if (options.CheckpointPath is not { } path)
            return null;
        CheckpointFile? file = Communicator.IsFirst(options.Communicator) ? CheckpointFile.Open(path) : null;
        try
        {
            return new TrainingCheckpoint(file, options, warn);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Checks that the checkpoint to resume from, if there is one, belongs to this training.</summary>
    /// <param name="options">The options of this training, with a value for each that was null.</param>
    /// <param name="seed">The seed of this training; where the options have none, the seed of the checkpoint replaces it.</param>
    /// <param name="data">The checksum of the data.</param>
    /// <returns>The seed to use.</returns>
    /// <exception cref="InvalidOperationException">The checkpoint belongs to another training.</exception>
    public int Begin(TrainingOptions options, int seed, DataChecksum data)
    {
        (_seed, _data, _optionTexts) = (seed, data.ToString(), TextsOf(options));
        if (_found is not var (kept, beside))
            return seed;
        SavedTraining saved = SavedTraining.Of(beside)
            ?? throw Refuse("it holds a network, but no state of a training, as those of version 0.1.0 and those that were saved "
                + "from a model do");
        foreach (string option in saved.Options.Keys.Union(_optionTexts.Keys))
        {
            // Columns may have other names, as their content is compared.
            if (option.EndsWith("ColumnNames", StringComparison.Ordinal))
                continue;
            string before = saved.Options.GetValueOrDefault(option, "not there"), now = _optionTexts.GetValueOrDefault(option, "not there");
            if (before != now)
                throw Refuse($"{option} was {before} and is {now}");
        }
        if (_options.Seed is not null && saved.Seed != seed)
            throw Refuse($"{nameof(TrainingOptions.Seed)} was {saved.Seed} and is {seed}");
        if (saved.Data != _data)
            throw Refuse("the data, or the initial model, are not those that it was made with");
        _seed = saved.Seed;
        TrainingReport[] reports = saved.Members ?? [];
        if (reports.Length != kept.OtherMembers.Count)
            throw new InvalidDataException($"The checkpoint can't be read: expected {kept.OtherMembers.Count} members, found "
                + $"{reports.Length}.");
        Members = [.. reports.Select((report, i) => new TrainedMember(kept.Member(i), report))];
        kept = kept.Member(reports.Length);
        Resume = new InterruptedTraining(kept, StateOf(saved, kept, beside));
        if (saved is { Stage: SecondStage, FirstKeptEpoch: { } epoch, FirstNumberOfEpochs: { } epochs })
        {
            float[] weights = Values(beside, FirstWeights, kept.Parameters.Values.Length);
            var course = new TrainingCourse
            {
                KeptEpoch = epoch,
                TrainingLosses = [.. SavedTraining.FromWords<double>(beside, FirstTrainingLosses)],
                ValidationLosses = [.. SavedTraining.FromWords<double>(beside, FirstValidationLosses)],
            };
            First = new TrainedNetwork(WithWeights(kept, weights), course, epochs, saved.FirstEnded, WasStopped: false)
            {
                Share = saved.FirstShare ?? 1,
            };
        }
        return _seed;
    }

    /// <summary>As <see cref="Begin(TrainingOptions, int, DataChecksum)"/>, for sequences, before they are scaled.</summary>
    public int Begin(TrainingOptions options, int seed, TrainingData training, SequenceSet? validation, SequenceModel? initial,
        IEnumerable<PretrainedEmbeddings?> embeddings)
    {
        using var checksum = new DataChecksum();
        checksum.Add(training, _options.CancellationToken);
        if (validation is not null)
            checksum.Add(validation, _options.CancellationToken);
        foreach (ParameterSet member in initial?.Members ?? [])
            checksum.Add<float>(member.Values);
        foreach (PretrainedEmbeddings pretrained in embeddings.OfType<PretrainedEmbeddings>())
        {
            foreach (int token in pretrained.Tokens)
                checksum.Add<float>(pretrained[token]);
        }
        return Begin(options, seed, checksum);
    }

    public void Save(SequenceModel kept, TrainingState state, TrainedNetwork? first) => Save(kept, state, first, []);

    /// <summary>As <see cref="Save(SequenceModel, TrainingState, TrainedNetwork?)"/>, of a member of an ensemble.</summary>
    public void Save(SequenceModel kept, TrainingState state, TrainedNetwork? first, IReadOnlyList<TrainedMember> members)
    {
        if (_file is null)
            return;
        TrainingCourse course = state.Course;
        var saved = new SavedTraining(_optionTexts, _data, _seed, first is null ? FirstStage : SecondStage, state.NumberOfEpochs,
            course.KeptEpoch, course.EpochsWithoutGain, state.Elapsed.Ticks, state.Steps, state.Random)
        {
            KeptMetric = FiniteOrNull(course.KeptMetric),
            InitialLoss = FiniteOrNull(course.InitialLoss),
            LinearError = course.LinearError is { } linear ? FiniteOrNull(linear) : null,
            LinearBiases = course.LinearBiases.Length > 0 ? course.LinearBiases : null,
            FirstShare = first is { Share: < 1 } ? first.Share : null,
            PlannedEpochs = course.PlannedEpochs > 0 ? course.PlannedEpochs : null,
            FirstKeptEpoch = first?.KeptEpoch,
            FirstNumberOfEpochs = first?.NumberOfEpochs,
            FirstEnded = first?.Ended,
            Members = members.Count == 0 ? null : [.. members.Select(member => member.Report)],
        };
        var tensors = new List<SafeTensor>();
        if (!state.Weights.Span.SequenceEqual(kept.Parameters.Values))
            tensors.Add(new SafeTensor(Weights, [state.Weights.Length], state.Weights));
        if (first is not null)
        {
            tensors.Add(new SafeTensor(FirstWeights, [first.Model.Parameters.Values.Length], first.Model.Parameters.Values));
            tensors.Add(SavedTraining.ToWords<double>(FirstTrainingLosses, first.Course.TrainingLosses.ToArray()));
            tensors.Add(SavedTraining.ToWords<double>(FirstValidationLosses, first.Course.ValidationLosses.ToArray()));
        }
        tensors.AddRange(state.Moments.Select((moments, i) => new SafeTensor(Moments[i], [moments.Length], moments)));
        tensors.Add(SavedTraining.ToWords<int>(Order, state.Order));
        tensors.Add(SavedTraining.ToWords<int>(BatchOrder, state.BatchOrder));
        tensors.Add(SavedTraining.ToWords<int>(Unreached, state.Unreached));
        tensors.Add(SavedTraining.ToWords<double>(TrainingLosses, course.TrainingLosses.ToArray()));
        tensors.Add(SavedTraining.ToWords<double>(ValidationLosses, course.ValidationLosses.ToArray()));
        try
        {
            var model = SequenceModel.Average([.. members.Select(member => member.Model), kept]);
            _file.Save(model, new SafeTensors(new Dictionary<string, string>([saved.ToText()]), tensors));
            _fails = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Warns once, until writing succeeds again.
            if (!_fails)
                _warn($"The checkpoint of epoch {course.Epochs} could not be written to '{_path}', "
                    + $"and training goes on: {error.Message}");
            _fails = true;
        }
    }

    public void Dispose() => _file?.Dispose();

    private static TrainingState StateOf(SavedTraining saved, SequenceModel kept, SafeTensors beside)
    {
        int length = kept.Parameters.Values.Length;
        return new TrainingState
        {
            NumberOfEpochs = saved.NumberOfEpochs,
            Course = new TrainingCourse
            {
                KeptEpoch = saved.KeptEpoch,
                EpochsWithoutGain = saved.EpochsWithoutGain,
                KeptMetric = saved.KeptMetric ?? double.PositiveInfinity,
                InitialLoss = saved.InitialLoss ?? double.NaN,
                LinearError = saved.LinearError,
                LinearBiases = saved.LinearBiases ?? [],
                PlannedEpochs = saved.PlannedEpochs ?? 0,
                TrainingLosses = [.. SavedTraining.FromWords<double>(beside, TrainingLosses)],
                ValidationLosses = [.. SavedTraining.FromWords<double>(beside, ValidationLosses)],
            },
            Elapsed = TimeSpan.FromTicks(saved.ElapsedTicks),
            Weights = SavedTraining.Find(beside, Weights) is null ? kept.Parameters.Values : Values(beside, Weights, length),
            Steps = saved.Steps,
            Moments = [.. Moments.Where(name => SavedTraining.Find(beside, name) is not null)
                .Select(name => (ReadOnlyMemory<float>)Values(beside, name, length))],
            Random = saved.Random,
            Order = SavedTraining.FromWords<int>(beside, Order),
            BatchOrder = SavedTraining.FromWords<int>(beside, BatchOrder),
            Unreached = SavedTraining.FromWords<int>(beside, Unreached),
        };
    }

    private static float[] Values(SafeTensors beside, string name, int length)
    {
        SafeTensor? tensor = SavedTraining.Find(beside, name);
        return tensor?.Values.Length == length
            ? tensor.Values.ToArray()
            : throw new InvalidDataException($"The checkpoint can't be read: expected a tensor '{name}' of {length} numbers, found "
                + $"{(tensor is null ? "none" : $"{tensor.Values.Length}")}.");
    }

    private static SequenceModel WithWeights(SequenceModel model, float[] weights)
    {
        ParameterSet parameters = model.Parameters.Clone();
        weights.CopyTo(parameters.Values, 0);
        return model with { Parameters = parameters };
    }

    private static double? FiniteOrNull(double value) => double.IsFinite(value) ? value : null;

    /// <summary>The options that affect the weights, as texts by name.</summary>
    private static Dictionary<string, string> TextsOf(TrainingOptions options)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (FieldInfo field in options.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public))
        {
            // Columns and files may be renamed as long as their content is the same.
            if (Ignored.Contains(field.Name)
                || field.Name.EndsWith("ColumnName", StringComparison.Ordinal)
                || field.Name.EndsWith("Files", StringComparison.Ordinal))
                continue;
            texts[field.Name] = field.GetValue(options) switch
            {
                EarlyStoppingOptions { IsOff: true } => TextOf(null),
                EarlyStoppingOptions { Decays: true } => "then decay",
                EarlyStoppingOptions stopping =>
                    string.Create(CultureInfo.InvariantCulture, $"{stopping.Metric}, {stopping.Patience}, {stopping.MinimumDelta:R}"),
                LearningRateSchedule schedule => TextOf(Enumerable.Range(0, 11).Select(tenth => schedule.GetFactor(tenth, 10)).ToArray()),
                TeacherForcingSchedule schedule =>
                    TextOf(Enumerable.Range(0, 11).Select(tenth => schedule.GetShare(tenth, 10)).ToArray()),
                var value => TextOf(value),
            };
        }
        return new Dictionary<string, string>(texts);
    }

    private static string TextOf(object? value) => value switch
    {
        null => "none",
        string text => text,
        IDictionary map => string.Join(", ", map.Keys.Cast<object>().Select(key => $"{TextOf(key)}: {TextOf(map[key])}")),
        IEnumerable list => string.Join(", ", list.Cast<object?>().Select(TextOf)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private InvalidOperationException Refuse(string why)
        => new($"The training can't be resumed from the checkpoint '{_path}': {why}. Delete the file to begin anew, or load it "
            + "with SequenceModelParameters.Load to train it further from there.");
}
