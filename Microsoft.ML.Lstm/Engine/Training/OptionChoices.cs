using System.Globalization;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Collects which options were chosen from the data, with their values and the reasons.</summary>
internal sealed class OptionChoices
{
    private readonly List<OptionChoice> _choices = [];

    /// <summary>The choices so far; of two for an option only the last.</summary>
    public IReadOnlyList<OptionChoice> All => _choices;

    /// <summary>Notes what an option was set to.</summary>
    /// <param name="option">The name of the option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="reason">What in the data led to it: half a sentence without a full stop.</param>
    /// <returns>The value, for <c>Option ??= choices.Note(nameof(Option), value, reason)</c>.</returns>
    public T Note<T>(string option, T value, string reason)
    {
        _choices.RemoveAll(choice => choice.Option == option);
        string text = string.Create(CultureInfo.InvariantCulture, $"{value}");
        _choices.Add(new OptionChoice(option, text, reason));
        return value;
    }

    /// <summary>All choices in one line for the log; null where there are none.</summary>
    public string? Describe() => _choices.Count == 0 ? null
        : $"Chosen from the data: {string.Join(", ", _choices.Select(choice => $"{choice.Option} {choice.Value} ({choice.Reason})"))}.";
}
