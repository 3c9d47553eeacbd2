using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.Lstm;

/// <summary>Trains a recurrent network on sequences. The base class of the trainers for sequences.</summary>
/// <typeparam name="TOptions">The options of the task.</typeparam>
/// <typeparam name="TTransformer">The trained transformer.</typeparam>
public abstract class SequenceTrainerBase<TOptions, TTransformer> : ITrainerEstimator<TTransformer, SequenceModelParameters>
    where TOptions : SequenceInputOptions
    where TTransformer : SequencePredictionTransformer
{
    // Rows of a window that are left out before those held out, at most this part of all rows.
    private const int GapShare = 10;

    private protected SequenceTrainerBase(IHostEnvironment environment, string registrationName, TOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Host = environment.Register(registrationName);
        Settings = (TOptions)options.Copy();
        Settings.Validate();
    }

    private protected IHost Host { get; }

    // A copy of the options as they were when this trainer was created.
    private protected TOptions Settings { get; }

    /// <summary>
    /// What this trainer needs: neither normalized features, since it scales them itself, nor cached data, since it reads the data once. It
    /// takes validation data and an initial model.
    /// </summary>
    public TrainerInfo Info { get; } = new(normalization: false, caching: false, supportValid: true, supportIncrementalTrain: true);

    /// <summary>Trains a network.</summary>
    /// <param name="input">The training data. It is read once, and its usable rows are kept in memory, unless
    /// <see cref="SequenceInputOptions.StreamingBufferMegabytes"/> is given.</param>
    /// <returns>The trained network, ready to transform data.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidDataException">A file of word vectors is malformed; the message names the line.</exception>
    /// <exception cref="InvalidOperationException">No row can be used, or one can't and the options say that this is an error; or all
    /// labels to tell apart are the same, or there are more or fewer <see cref="ClassificationTrainerOptions.ClassWeights"/> than
    /// classes.</exception>
    public TTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains a network, or continues the training of an initial one, and validates it on other data after each epoch.</summary>
    /// <param name="trainData">The training data. It is read once, and its usable rows are kept in memory, unless
    /// <see cref="SequenceInputOptions.StreamingBufferMegabytes"/> is given.</param>
    /// <param name="validationData">Data to measure on, for early stopping and for choosing the best epoch; <see langword="null"/> for
    /// none.</param>
    /// <param name="initialModel">A network whose training is continued, or whose layers begin a new one; <see langword="null"/> to start
    /// afresh. Where it has learned the same task, all of it goes on: its scaling of features and labels is kept, except where they never
    /// varied so far. Tokens and classes are found by what their keys stand for, where that is known on both sides, else by their keys,
    /// which then have to be as many: those that the initial model knows keep their vectors and their weights in the output layer, a new
    /// token begins with the vector of the unknown one, a new class with weights of 0. Where it has learned another task, other classes or
    /// another number of outputs, the output layer is new, and the layers under it go on:
    /// <see cref="TrainingOptions.UnfreezingEpochs"/> and <see cref="TrainingOptions.LayerLearningRateDecay"/> say how these learn, and
    /// tokens that it does not know begin with the mean of those that it knows; of a language model
    /// (<see cref="LstmLanguageModelTrainer"/>) these are the embeddings and the recurrent layers. Options that are
    /// <see langword="null"/> take the sizes of its layers; others have to be the same. Of an ensemble each member goes on, with the layers
    /// that it has, and under a new output layer the first. <see cref="TrainingOptions.FrozenLayers"/> and
    /// <see cref="TrainingOptions.LayerLearningRates"/> are for its layers by name.</param>
    /// <returns>The trained network, ready to transform data.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="trainData"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or keys in
    /// <paramref name="validationData"/> stand for other values than those in <paramref name="trainData"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="initialModel"/> has another cell, other layers or other inputs, or layers that
    /// the task can't have, or none of its tokens is in the data; or a layer that <see cref="TrainingOptions.FrozenLayers"/> or
    /// <see cref="TrainingOptions.LayerLearningRates"/> name is not there, or all are frozen.</exception>
    /// <exception cref="InvalidDataException">A file of word vectors is malformed; the message names the line.</exception>
    /// <exception cref="InvalidOperationException">No row can be used, or one can't and the options say that this is an error; or all
    /// labels to tell apart are the same, or there are more or fewer <see cref="ClassificationTrainerOptions.ClassWeights"/> than
    /// classes.</exception>
    public TTransformer Fit(IDataView trainData, IDataView? validationData, SequenceModelParameters? initialModel = null)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        return Communicator.Together(Settings.Communicator, () => FitHere(trainData, validationData, initialModel));
    }

    private TTransformer FitHere(IDataView trainData, IDataView? validationData, SequenceModelParameters? initialModel)
    {
        DataViewSchema schema = trainData.Schema;
        foreach (string feature in Settings.AllFeatureColumnNames)
            FeatureRole.Find(Host, schema, feature);
        var input = SequenceInput.FromTrainingData(Host, schema, Settings.AllFeatureColumnNames, Settings.FeaturesPerStep,
            Settings.StaticFeatureColumnName, Settings.CharacterColumn);
        LabelColumn label = Settings.LabelColumn is { } labelName
            ? LabelColumn.FromTrainingData(Host, schema, LabelKind, labelName, Settings.LabelsOfStep)
            : LabelColumn.None;

        using IChannel channel = Host.Start("Training");
        using var monitor = new HostMonitor(Host, channel, Settings.NumberOfEpochs, tells: Communicator.IsFirst(Settings.Communicator));
        using var checkpoint = TrainingCheckpoint.Open(Settings, monitor.Warn);
        WindowOrigin? window = input.Features.Select(column => WindowOrigin.Of(schema[column.Name])).FirstOrDefault(one => one is not null);
        var reader = new TrainingSetReader(input, label, Settings.ExampleWeightColumnName, Settings.MaximumSequenceLength, Settings.BadRows,
            window?.Horizon ?? 0, Host, Settings.CancellationToken, Settings.Communicator);
        TrainingData training = Settings.StreamingBufferMegabytes is { } megabytes
            ? reader.Stream(trainData, "training data", megabytes * (1L << 20), monitor.Warn)
            : reader.Read(trainData, "training data", monitor.Warn);
        foreach (string warning in input.DescribeFlatColumns(trainData, Settings.FeaturesPerStep))
            monitor.Warn(warning);
        if (reader.LongestSequence == 1)
            monitor.Warn(input.DescribeSingleSteps());
        if (validationData is not null)
            input.CheckTokens(Host, FeatureRole, schema, validationData.Schema);
        SequenceSet? validation = validationData is null ? null : reader.Read(validationData, "validation data", monitor.Warn);

        var beginning = InitialModel.Of(initialModel, schema, input, label, LabelKind);
        FeatureColumn[] tokens = [.. input.Features.Where(column => column.IsTokens)];
        PretrainedEmbeddings?[] embeddings = [.. tokens.Select((column, i) => beginning is { NewHead: not null }
            ? beginning.EmbeddingsOf(i, monitor)
            : ReadWordVectors(schema, column, monitor))];
        var occurring = new OccurringKeys(input, label, training);
        KeyNumbering numbering = occurring.Number(validation, embeddings, beginning?.Whole);
        DataFacts facts = DataFacts.Of(training) with
        {
            Vocabularies = numbering.Vocabularies(training.Vocabularies),
            Classes = numbering.Classes?.Count ?? label.Classes,
            HasValidation = validation is not null,
            WindowRows = window?.Rows ?? 0,
            Initial = beginning?.Whole,
            Encoder = beginning?.Encoder?.Shape,
        };
        (TOptions Options, OptionChoices Choices)[] settled = [.. Settings.Candidates(facts).Select(candidate => Settle(candidate, facts))];
        (TOptions options, OptionChoices choices) = settled[0];
        TrainingSettings settings = SettingsOf(options, facts);
        TrainingTask task = CreateTask(options, label, training, numbering.Classes);
        foreach (string line in occurring.Describe(numbering, dropsTokens: settings.Dropout is { Tokens: > 0 } or { RareTokens: > 0 }))
            monitor.Info(line);
        if (occurring.DescribeClasses() is { } missingClasses)
            monitor.Warn(missingClasses);
        if (!numbering.IsIdentity)
        {
            training = training.Renumber(numbering);
            validation = validation?.Renumber(numbering);
            embeddings = [.. embeddings.Zip(numbering.Tokens, (pretrained, keys) => pretrained?.Renumber(keys))];
        }
        EnsembleCandidate[] candidates =
            [.. settled.Select(candidate => new EnsembleCandidate(SettingsOf(candidate.Options, facts), candidate.Choices, Initial: null))];
        SequenceModel? initial = null;
        if (beginning?.Encoder is { } encoder)
        {
            monitor.Info($"The output layer is new, since the initial model {beginning.NewHead}; its other layers go on.");
            foreach (EnsembleCandidate candidate in candidates)
                InitialShape.CheckEncoder(encoder.Shape, ShapeOf(candidate.Settings));
        }
        else if (beginning is not null)
        {
            // Each member of an ensemble goes on as it is, and what Best would choose is for new networks.
            candidates = beginning.Continue(settings, initialModel!.Members.Count > 1 || Settings.Effort == TrainingEffort.Best, choices,
                ShapeOf);
            ModelScalers scalers = NewNetwork.ScalersOf(settings, task, candidates[0].Initial!.Shape.OutputSize, training,
                Settings.CancellationToken);
            if (UnvariedColumns.DescribeOtherSizes(schema, input, label, candidates[0].Initial!, scalers) is { } otherSizes)
                monitor.Warn(otherSizes);
            candidates =
                [.. candidates.Select(candidate => candidate with { Initial = candidate.Initial!.WithScalesOfConstants(scalers) })];
            initial = SequenceModel.Average([.. candidates.Select(candidate => candidate.Initial!)]);
        }
        foreach (EnsembleCandidate candidate in candidates)
            InitialShape.CheckParts(ShapeOf(candidate.Settings), takesLayers: beginning is not null);
        monitor.Info($"Training on {facts.Describe()}{(validation is null ? "" : $", validating on {validation.Count}")}.");
        if (choices.Describe() is { } chosen)
            monitor.Info(chosen);
        int seed = Settings.Seed ?? Host.Rand.Next();
        seed = Settings.Communicator?.Broadcast(seed) ?? seed;
        if (checkpoint is not null)
            seed = checkpoint.Begin(options, seed, training, validation, initial ?? beginning?.Encoder, embeddings);
        var job = new TrainingJob(training, validation, settings, task, seed, monitor)
        {
            Embeddings = embeddings,
            Encoder = beginning?.Encoder,
            Resume = checkpoint?.Resume,
            First = checkpoint?.First,
            LastValue = training.TargetSize == 1 ? window?.LabelSlot ?? -1 : -1,
            All = options.TrainsOnHeldOutRows ? (training as SequenceSet)?.Copy() : null,
        };
        TrainedMember trained = EnsembleTraining.Run(job, candidates, checkpoint?.Members ?? [],
            checkpoint is null ? null : (kept, state, first, members) => checkpoint.Save(kept, state, first, members),
            SavedReport.MemberBytes);
        SequenceModel network = trained.Model;
        // An initial model may know more tokens.
        foreach (ParameterSet member in beginning is null ? network.Members : [])
            occurring.LevelConstants(member);
        foreach (string warning in UnvariedColumns.Describe(schema, input, label, network, beginning is null ? occurring.Constants : []))
            monitor.Warn(warning);
        TrainingReport report = trained.Report;
        if (training is SequenceSet inMemory && trained.Training is { } single)
            Compare(report, single, inMemory, label.Kind, window);
        report.LogErrors(monitor, "The best of them is worth using; more rows to learn from may help the network.");
        var model = new SequenceModelParameters(network)
        {
            LabelKind = LabelKind,
            LabelValues = label.Values,
            // A language model has them as its labels.
            TokenValues = LabelKind == LabelKind.NextKey ? []
                : [.. tokens.Select((column, i) => KeyValues.Of(schema[column.Name], column.Vocabulary)?.Of(numbering.Tokens[i]))],
            Report = report,
        };
        return CreateTransformer(model, new ScoringColumns
        {
            Features = [.. input.Features],
            StaticFeatureColumnName = Settings.StaticFeatureColumnName,
            CharacterColumnName = Settings.CharacterColumn,
            EncodingColumnName = Settings.EncodingColumnName,
            AttentionColumnName = Settings.AttentionColumn,
            VectorScore = label.TargetSize > 0 && schema[label.Name].Type is VectorDataViewType,
            LabelKind = LabelKind,
            LabelValues = label.Values?.ToSaved(),
            TokenValues = model.SavedTokenValues,
        }, task);

        NetworkShape ShapeOf(TrainingSettings settings) => NewNetwork.ShapeOf(settings, task, training, embeddings);
    }

    private static (TOptions Options, OptionChoices Choices) Settle(SequenceInputOptions candidate, DataFacts facts)
    {
        var choices = new OptionChoices();
        return ((TOptions)candidate.WithLayersOf(facts, choices).Settle(facts, choices), choices);
    }

    private static TrainingSettings SettingsOf(TOptions options, DataFacts facts) => options.ToSettings() with
    {
        ValidationGap = facts.WindowRows > 0 ? Math.Min(facts.WindowRows, facts.Rows / GapShare) : null,
    };

    /// <summary>Compares the network with baselines, on the rows held out where there are some.</summary>
    private static void Compare(TrainingReport report, TrainedNetwork trained, SequenceSet training, LabelKind label, WindowOrigin? window)
    {
        var baselines = new List<BaselineError>();
        if (label == LabelKind.TruthsPerStep)
            (report.Metric, report.Error) = ("error rate", 1 - trained.HeldOutMetrics?.Accuracy);
        else if (label == LabelKind.NumbersPerStep)
            (report.Metric, report.Error) = ("RMSE", trained.HeldOutMetrics?.RootMeanSquaredError);
        else if (label is LabelKind.Boolean or LabelKind.Key)
        {
            (report.Metric, report.Error) = ("error rate", 1 - trained.HeldOutMetrics?.Accuracy);
            baselines.AddRange(SequenceBaselines.OfClasses(training, trained.HeldOut));
        }
        else if (label == LabelKind.Numbers && trained.HeldOut is { } heldOut)
        {
            (report.Metric, report.Error) = ("RMSE", trained.HeldOutMetrics?.RootMeanSquaredError);
            if (trained.Course.LinearError is { } linear)
                baselines.Add(new BaselineError("ridge regression", linear));
            if (window is { LabelSlot: >= 0 } && training.TargetSize == 1)
                baselines.Add(SequenceBaselines.OfLastValue(trained.Model, heldOut, window.LabelSlot));
        }
        else if (label == LabelKind.NextKey && trained.HeldOutMetrics is { } metrics)
        {
            (report.Metric, report.Error) = ("perplexity", Math.Exp(metrics.Loss));
        }
        report.Baselines = baselines;
        if (report.Error is { } error && baselines.Count > 0)
            report.Winner = baselines.Any(one => one.Error < error) ? baselines.MinBy(one => one.Error)!.Name : TrainingReport.Network;
    }

    /// <summary>The vectors of a column's words; null when there is no file for the column.</summary>
    private PretrainedEmbeddings? ReadWordVectors(DataViewSchema schema, FeatureColumn column, HostMonitor monitor)
    {
        if (Settings.WordVectors is not { } files || !files.TryGetValue(column.Name, out string? path))
            return null;
        if (KeyValues.Of(schema[column.Name], column.Vocabulary) is not { IsText: true } words)
            throw ColumnRole.Feature.DimensionMismatch(Host, schema[column.Name],
                "a vector of keys with text for key values, for which there are word vectors");
        PretrainedEmbeddings pretrained = WordVectorReader.Read(path, words.Values, Settings.CancellationToken);
        monitor.Info(string.Create(CultureInfo.InvariantCulture,
            $"Vectors of {pretrained.Shape.Size} features for {pretrained.Found} of the {column.Vocabulary} words of column "
            + $"'{column.Name}' ({pretrained.Coverage:P1}) are in {path}."));
        return pretrained;
    }

    /// <summary>The columns that the trained transformer will give for data like this.</summary>
    /// <param name="inputSchema">What is known of the data's schema.</param>
    /// <returns>What is known of the transformed data's schema.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (string feature in Settings.AllFeatureColumnNames)
            FeatureRole.Find(Host, inputSchema, feature);
        SchemaShape.Column label = Settings.LabelColumn is { } labelName
            ? LabelColumn.RoleOf(LabelKind).Find(Host, inputSchema, labelName)
            : default;
        if (Settings.ExampleWeightColumnName is { } weight)
            ColumnRole.Weight.Find(Host, inputSchema, weight);
        if (Settings.StaticFeatureColumnName is { } statics)
            ColumnRole.StaticFeature.Find(Host, inputSchema, statics);

        if (Settings.CharacterColumn is { } words)
            ColumnRole.Characters.Find(Host, inputSchema, words);

        IEnumerable<SchemaShape.Column> outputs = PromiseOutputs(label);
        if (Settings.EncodingColumnName is { } encoding)
            outputs = outputs.Append(SchemaShapes.Numbers(encoding, SchemaShape.Column.VectorKind.Vector));
        if (Settings.AttentionColumn is { } attention)
            outputs = outputs.Append(SchemaShapes.Numbers(attention, SchemaShape.Column.VectorKind.VariableVector));
        return inputSchema.With(outputs);
    }

    /// <summary>What the task learns from each row.</summary>
    private protected abstract LabelKind LabelKind { get; }

    /// <summary>The role of a column of sequences.</summary>
    private protected virtual ColumnRole FeatureRole => ColumnRole.Feature;

    /// <summary>
    /// The shapes of the columns that the transformer adds, without encoding and attention, for the shape of the label column, if there is
    /// one.
    /// </summary>
    private protected abstract IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label);

    /// <summary>The task of the network.</summary>
    /// <param name="options">The options, with a value for each option that was null.</param>
    /// <param name="label">Where the labels are.</param>
    /// <param name="training">The training data; its classes have the numbers of the label's keys.</param>
    /// <param name="classes">The classes that the network is to know; null for all classes of the label.</param>
    private protected abstract TrainingTask CreateTask(TOptions options, LabelColumn label, TrainingData training, KeySubset? classes);

    /// <summary>The transformer for a trained network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="columns">The columns that the transformer reads and adds.</param>
    /// <param name="task">The result of <see cref="CreateTask"/>, after training.</param>
    private protected abstract TTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns, TrainingTask task);
}
