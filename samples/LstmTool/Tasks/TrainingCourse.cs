namespace LstmTool.Tasks;

/// <summary>How a training went.</summary>
internal sealed class TrainingCourse
{
    private readonly Dictionary<string, string> _warnings = [];

    /// <summary>What it warned of; of warnings that differ in their numbers alone the last one.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings.Values;

    /// <summary>The epochs that were completed.</summary>
    public int Epochs { get; set; }

    /// <summary>Whether there were fewer of them for want of time.</summary>
    public bool WasCut { get; set; }

    public void Add(string warning) => _warnings[BeforeNumbers(warning)] = warning;

    /// <summary>Whether it warned of the same, numbers aside.</summary>
    public bool Has(string warning) => _warnings.ContainsKey(BeforeNumbers(warning));

    private static string BeforeNumbers(string warning) => string.Concat(warning.TakeWhile(character => !char.IsAsciiDigit(character)));
}
