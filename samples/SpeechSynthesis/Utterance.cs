namespace SpeechSynthesis;

/// <summary>A recording as the trainer reads it: what is said at each step of 8 ms, and how it sounds.</summary>
internal sealed class Utterance
{
    /// <summary>The phone of each step.</summary>
    public string[] Phones { get; set; } = [];

    /// <summary>How much of the phone is over, from 0 to 1, and how many seconds it takes.</summary>
    public float[] Places { get; set; } = [];

    /// <summary>The spectrum of each step.</summary>
    public float[] Spectra { get; set; } = [];

    /// <summary>What a model makes of the phones.</summary>
    public float[] Score { get; set; } = [];

    public static Utterance Of(Recording recording, Sound sound)
    {
        float[][] spectra = sound.Analyze(recording.Samples);
        Phone[] phones = [.. spectra.Select((_, t) =>
            recording.Phones.LastOrDefault(phone => phone.From <= Sound.SecondsAt(t)) ?? recording.Phones[0])];
        return new Utterance
        {
            Phones = [.. phones.Select(phone => phone.Name)],
            Places = [.. phones.SelectMany((phone, t) => new[]
            {
                (float)Math.Clamp((Sound.SecondsAt(t) - phone.From) / (phone.To - phone.From), 0, 1), (float)(phone.To - phone.From),
            })],
            Spectra = [.. spectra.SelectMany(spectrum => spectrum)],
        };
    }
}
