using Microsoft.ML.Lstm;

namespace LstmTool.Search;

/// <summary>A training of a search.</summary>
/// <param name="Settings">What was set.</param>
/// <param name="Effort">How long it could take.</param>
/// <param name="Error">The error on the validation rows, of which less is better; NaN if there is none.</param>
/// <param name="Seconds">How long training and measuring took.</param>
public sealed record Trial(Settings Settings, TrainingEffort Effort, double Error, double Seconds)
{
    /// <summary>The figure as users read it, such as an accuracy of 93.1 %.</summary>
    public string Shown { get; init; } = "";

    /// <summary>Whether the training was cut off before its end.</summary>
    public bool WasStopped { get; init; }

    /// <summary>What was set and how long it could take, for people.</summary>
    public string Name => Effort == TrainingEffort.Quick ? $"{Settings.Name}, a third of the updates" : Settings.Name;
}

/// <summary>What a training gave.</summary>
/// <typeparam name="TModel">The model.</typeparam>
/// <param name="Model">The model.</param>
/// <param name="Error">Its error on the validation rows, of which less is better.</param>
/// <param name="Noise">How much better another error has to be to count as better.</param>
/// <param name="Shown">The error as users read it.</param>
public sealed record Measured<TModel>(TModel Model, double Error, double Noise, string Shown);

/// <summary>A training of a search with what came of it.</summary>
/// <param name="Trial">The training.</param>
/// <param name="Noise">How much better another error has to be to count as better.</param>
/// <param name="Model">The model; null of a brief training on another rank.</param>
internal sealed record EndedTrial<TModel>(Trial Trial, double Noise, TModel? Model)
    where TModel : class;
