namespace SpeechSynthesis;

/// <summary>
/// A speaker with twelve sounds (phones). A voice of 125 Hz, or noise, goes through three resonances as those of a mouth, which take some
/// time from one sound to the next: so a sound depends on its neighbours, as in all speech.
/// </summary>
internal sealed class MadeUpSpeaker(Random random)
{
    private const double Pitch = 125;
    private const double SecondsOfMoving = 0.035;

    // Three resonances in hertz, whether the voice sounds, and how loud.
    private static readonly Dictionary<string, (double[] Resonances, bool HasVoice, double Loudness)> Phones = new()
    {
        ["a"] = ([750, 1250, 2500], true, 1),
        ["e"] = ([450, 1900, 2600], true, 0.9),
        ["i"] = ([300, 2300, 3000], true, 0.8),
        ["o"] = ([480, 850, 2500], true, 0.9),
        ["u"] = ([320, 750, 2300], true, 0.8),
        ["m"] = ([250, 1100, 2200], true, 0.4),
        ["n"] = ([250, 1600, 2500], true, 0.4),
        ["l"] = ([360, 1300, 2800], true, 0.6),
        ["s"] = ([1500, 2900, 3600], false, 0.25),
        ["sh"] = ([1300, 2100, 2900], false, 0.25),
        ["f"] = ([900, 1800, 3300], false, 0.12),
        ["-"] = ([500, 1500, 2500], false, 0.005),
    };

    private static readonly string[] Vowels = ["a", "e", "i", "o", "u"];
    private static readonly string[] Consonants = ["m", "n", "l", "s", "sh", "f"];

    private readonly double[] _resonances = [500, 1500, 2500];
    private readonly (double Last, double Before)[] _echoes = new (double, double)[3];
    private double _voice, _noise, _loudness, _phase;

    public static IEnumerable<Recording> Make()
    {
        var random = new Random(1);
        return Enumerable.Range(1, 60).Select(i => new MadeUpSpeaker(random).Say($"{i:000}"));
    }

    private Recording Say(string name)
    {
        List<string> said = ["-"];
        for (int syllable = random.Next(5, 9); syllable > 0; syllable--)
            said.AddRange([Consonants[random.Next(Consonants.Length)], Vowels[random.Next(Vowels.Length)]]);
        said.Add("-");
        var phones = new List<Phone>();
        var samples = new List<float>();
        foreach (string phone in said)
        {
            int count = (int)(Recording.SamplingRate * (Vowels.Contains(phone) ? 0.11 : 0.07) * (0.8 + 0.5 * random.NextDouble()));
            double from = samples.Count / (double)Recording.SamplingRate;
            phones.Add(new Phone(phone, from, from + count / (double)Recording.SamplingRate));
            for (int i = 0; i < count; i++)
                samples.Add(Next(phone));
        }
        return new Recording(name, [.. phones], [.. samples]);
    }

    private float Next(string phone)
    {
        var (resonances, hasVoice, loudness) = Phones[phone];
        double share = 1 / (SecondsOfMoving * Recording.SamplingRate), noise = 2 * random.NextDouble() - 1;
        _loudness += share * (loudness - _loudness);
        _voice += share * ((hasVoice ? 1 : 0) - _voice);
        _noise += share * ((hasVoice ? 0.02 : 1) - _noise);
        _phase += Pitch / Recording.SamplingRate;
        double source = _noise * noise + (_phase >= 1 ? 8 * _voice : 0), sound = 0;
        _phase -= Math.Floor(_phase);
        for (int i = 0; i < 3; i++)
        {
            _resonances[i] += share * (resonances[i] - _resonances[i]);
            // A resonance of two poles, about 100 Hz wide.
            double radius = Math.Exp(-Math.PI * 100 / Recording.SamplingRate);
            double turn = 2 * radius * Math.Cos(Math.Tau * _resonances[i] / Recording.SamplingRate);
            double echo = (1 - radius) * source + turn * _echoes[i].Last - radius * radius * _echoes[i].Before;
            _echoes[i] = (echo, _echoes[i].Last);
            sound += echo / (i + 1);
        }
        return (float)(0.5 * _loudness * sound);
    }
}
