using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The settings of sliding windows, saved as <c>Window.json</c>; they are named like the estimator's options.</summary>
internal sealed record SlidingWindowSettings(
    string OutputColumnName,
    string[] InputColumnNames,
    int WindowSize,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? LabelColumnName,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? LabelSourceColumnName,
    int Horizon,
    bool KeepIncompleteWindows)
{
    /// <summary>The most values of a window, 4 MB: what a file or a mistyped size can make each row take.</summary>
    public const int MaxValues = 1 << 20;

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.SlidingWindowSettings);

    /// <exception cref="InvalidDataException">It isn't what <see cref="ToJson"/> makes of valid settings.</exception>
    public static SlidingWindowSettings FromJson(ReadOnlyMemory<byte> json)
    {
        SlidingWindowSettings settings = SavedJson.Read(json, value => value.Object(From), "A saved sliding window");
        try
        {
            settings.Check();
            return settings;
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"A saved sliding window can't be read: {error.Message}");
        }
    }

    private static SlidingWindowSettings From(SavedValue json)
        => new(json["outputColumnName"].Text(), json["inputColumnNames"].Array(name => name.Text()), json["windowSize"].Int32(),
            json["labelColumnName"].OrNull()?.Text(), json["labelSourceColumnName"].OrNull()?.Text(), json["horizon"].Int32(),
            json["keepIncompleteWindows"].Boolean());

    /// <exception cref="ArgumentOutOfRangeException">A size is out of range.</exception>
    /// <exception cref="ArgumentException">Names are missing or contradict each other.</exception>
    public void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(OutputColumnName);
        if (InputColumnNames.Length == 0)
            throw new ArgumentException("There is no input column.", nameof(InputColumnNames));
        foreach (string name in InputColumnNames)
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(InputColumnNames));
        ArgumentOutOfRangeException.ThrowIfLessThan(WindowSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(WindowSize, MaxValues);
        ArgumentOutOfRangeException.ThrowIfLessThan(Horizon, 1);
        if (LabelColumnName is null)
        {
            if (LabelSourceColumnName is not null)
                throw new ArgumentException(
                    $"The label is to be taken from '{LabelSourceColumnName}', but the column to put it in has no name.",
                    nameof(LabelColumnName));
            return;
        }
        ArgumentException.ThrowIfNullOrEmpty(LabelColumnName);
        ArgumentException.ThrowIfNullOrEmpty(LabelSourceColumnName);
        if (LabelColumnName == OutputColumnName)
            throw new ArgumentException($"The window and the label can't both be called '{OutputColumnName}'.", nameof(LabelColumnName));
    }
}
