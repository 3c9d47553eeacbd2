namespace SpeechDigits;

/// <summary>A recording of which nobody says what it is, as a saved model reads it.</summary>
internal sealed class Unknown
{
    public float[] Spectra { get; set; } = [];
}

/// <summary>What a model takes a single sound for, and the probability of each label.</summary>
internal sealed class Heard
{
    public string Sound { get; set; } = "";

    public float[] Score { get; set; } = [];
}
