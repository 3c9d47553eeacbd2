using System.Globalization;
using System.Reflection;
using Microsoft.ML.Lstm;

namespace LstmTool.Search;

/// <summary>Options of a trainer that differ from its defaults.</summary>
/// <param name="Name">What they are, for people.</param>
/// <param name="Options">Names of public fields of the options and their values.</param>
public sealed record Settings(string Name, IReadOnlyList<Setting> Options)
{
    /// <summary>Nothing set: the trainer chooses everything from the data.</summary>
    public static Settings Untouched { get; } = new("untouched defaults", []);

    /// <summary>The option that they are about: where the trainer chooses it from the data, they add nothing. Null for none.</summary>
    public string? Adds { get; init; }

    /// <summary>Whether several networks, which may have settings of their own, are trained and averaged.</summary>
    public bool IsBest => Options.Any(option => option.Value is TrainingEffort.Best);

    /// <summary>Whether several networks by the same settings are trained and averaged.</summary>
    public bool IsMeanOfSame => Options.Any(option => option is { Option: nameof(TrainingOptions.NumberOfNetworks), Value: > 1 });

    /// <summary>The same with one more option, or with another value of one.</summary>
    public Settings With(string name, Setting option)
        => new(name, [.. Options.Where(one => one.Option != option.Option), option]);

    /// <summary>Whether a trainer that chose some options from the data has them all without being told.</summary>
    /// <param name="choices">What it chose.</param>
    public bool AreAmong(IReadOnlyList<OptionChoice> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Any(choice => choice.Option == Adds) || (Options.Count > 0 && Options.All(option => option.Text
            == (choices.FirstOrDefault(choice => choice.Option == option.Option)?.Value ?? option.UsualText)));
    }

    /// <summary>Sets the fields.</summary>
    /// <param name="options">The options of a trainer.</param>
    /// <exception cref="ArgumentException">There is no such field.</exception>
    public void ApplyTo(TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (Setting setting in Options)
        {
            FieldInfo field = options.GetType().GetField(setting.Option)
                ?? throw new ArgumentException($"{options.GetType().FullName} has no option '{setting.Option}'.", nameof(options));
            field.SetValue(options, setting.Value);
        }
    }
}

/// <summary>An option and its value.</summary>
/// <param name="Option">The name of the public field.</param>
/// <param name="Value">A number, a truth value, an enumeration's value, a column or columns, or <see cref="ConvolutionOptions"/>.</param>
public sealed record Setting(string Option, object Value)
{
    /// <summary>What the trainer takes where it does not choose by the data; null for another value than this.</summary>
    public object? Usual { get; init; }

    internal string Text => TextOf(Value)!;

    internal string? UsualText => TextOf(Usual);

    // As a report has it.
    private static string? TextOf(object? value) => value is null ? null : string.Create(CultureInfo.InvariantCulture, $"{value}");

    /// <summary>The value as C# code.</summary>
    public string Code => Value switch
    {
        bool truth => truth ? "true" : "false",
        float number => number.ToString(CultureInfo.InvariantCulture) + "f",
        string text => CSharp.Text(text),
        string[] names => $"[{string.Join(", ", names.Select(CSharp.Text))}]",
        Enum one => string.Join(" | ", one.ToString().Split(", ").Select(name => $"{one.GetType().Name}.{name}")),
        ConvolutionOptions convolution => $"new() {{ Filters = [{string.Join(", ", convolution.Filters)}], KernelSizes = "
            + $"[{string.Join(", ", convolution.KernelSizes)}] }}",
        _ => Convert.ToString(Value, CultureInfo.InvariantCulture)!,
    };
}
