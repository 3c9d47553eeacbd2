using System.Globalization;

namespace Shared.Charts;

/// <summary>What a mark is drawn with: a role, whose colour depends on whether the reader's system is light or dark.</summary>
internal enum Ink
{
    /// <summary>What the chart is about.</summary>
    Accent,

    /// <summary>What came: values that were measured.</summary>
    Neutral,

    /// <summary>What is shown for comparison.</summary>
    Pale,

    /// <summary>What calls for attention.</summary>
    Alert,

    /// <summary>Titles.</summary>
    Text,

    /// <summary>Labels of axes and legends.</summary>
    Label,

    /// <summary>Lines of the grid.</summary>
    Grid,

    /// <summary>What lies below everything.</summary>
    Surface,
}

/// <summary>The colours of inks, each light and dark, as a style sheet.</summary>
internal static class Palette
{
    // Against the surface, text and labels have a contrast of 4.5 at least, lines and dots of 3 (WCAG 2.2, 1.4.3 and 1.4.11), but for what
    // is pale on purpose.
    private static readonly (Ink Ink, string Light, string Dark)[] Colors =
    [
        (Ink.Accent, "#1461C9", "#74B0FF"),
        (Ink.Neutral, "#6B7683", "#A9B4C1"),
        (Ink.Pale, "#8792A0", "#66717F"),
        (Ink.Alert, "#C4320A", "#FF8A66"),
        (Ink.Text, "#18212C", "#EDF1F6"),
        (Ink.Label, "#566272", "#A3AFBE"),
        (Ink.Grid, "#E4E8ED", "#2C3541"),
        (Ink.Surface, "#FFFFFE", "#141A21"),
    ];

    /// <summary>Variables for the colours, and the classes that <see cref="ClassOf"/> names.</summary>
    public static string Css { get; } = string.Join('\n',
    [
        $":root{{color-scheme:light dark;{Variables(color => color.Light)}}}",
        $"@media (prefers-color-scheme:dark){{:root{{{Variables(color => color.Dark)}}}}}",
        .. Colors.Select(color => Name(color.Ink))
            .Select(name => $".fill-{name}{{fill:var(--{name})}}.stroke-{name}{{stroke:var(--{name})}}"),
    ]);

    /// <summary>The colour in light surroundings, #RRGGBB: also for programs that read SVG without style sheets.</summary>
    public static string Light(Ink ink) => Colors[(int)ink].Light;

    /// <summary>The class for an attribute (<c>fill</c> or <c>stroke</c>) of a colour; null for one that is no ink's.</summary>
    public static string? ClassOf(string attribute, string color)
    {
        int index = Array.FindIndex(Colors, one => one.Light.Equals(color, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : $"{attribute}-{Name(Colors[index].Ink)}";
    }

    private static string Variables(Func<(Ink Ink, string Light, string Dark), string> color)
        => string.Concat(Colors.Select(one => $"--{Name(one.Ink)}:{color(one)};"));

    private static string Name(Ink ink) => ink.ToString().ToLower(CultureInfo.InvariantCulture);
}
