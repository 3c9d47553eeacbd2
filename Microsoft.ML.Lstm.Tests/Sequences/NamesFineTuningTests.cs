using System.Globalization;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Surnames of more nationalities for a network that knows those of some.</summary>
[TestClass]
public sealed class NamesFineTuningTests
{
    public required TestContext TestContext { get; init; }

    /// <summary>With made-up languages, each a chain of letters of its own.</summary>
    [TestMethod]
    public void InFewEpochsANetworkThatKnowsHalfOfTheLanguagesLearnsMore()
    {
        const int epochs = 12;
        Surname[] all = MakeUp(languages: 6, names: 70, seed: 1), test = MakeUp(languages: 6, names: 40, seed: 2);
        Surname[] known = [.. all.Where(name => name.Nationality is "0" or "2" or "4")];
        SequenceModelParameters initial = Fit(known, epochs, seed: 1, null).Model.Model;
        double scratch = Fit(all, epochs / 4, seed: 1, null).Accuracy(test);
        double tuned = Fit(all, epochs / 4, seed: 1, initial).Accuracy(test);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Accuracy in {epochs / 4} epochs: {scratch:P1}, with the initial model {tuned:P1}."));
        Assert.IsGreaterThan(scratch + 0.1, tuned);
    }

    [TestMethod]
    [TestCategory("fine-tuning")]
    public void OfAllNationalitiesAQuarterOfTheEpochsIsEnoughForANetworkThatKnowsEverySecond()
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("LSTM_DATA") ?? "", "names");
        if (!Acceptance.IsFull || !Directory.Exists(folder))
            Assert.Inconclusive("Runs in build/accept.sh fine-tuning, with the files of surnames in the folder names of LSTM_DATA.");
        string[] files = [.. Directory.GetFiles(folder, "*.txt").Where(file => Path.GetFileName(file) != "README.txt")
            .Order(StringComparer.Ordinal)];
        Assert.HasCount(18, files);
        Surname[] names =
        [
            .. from file in files
               from line in File.ReadLines(file)
               where line.Trim() != ""
               select new Surname { Nationality = Path.GetFileNameWithoutExtension(file), Letters = LettersOf(line.Trim()) },
        ];
        HashSet<string> known = [.. files.Where((_, index) => index % 2 == 0).Select(file => Path.GetFileNameWithoutExtension(file))];
        const int epochs = 40;
        int[] seeds = [1, 2, 3];
        double scratch = 0, tuned = 0;
        foreach (int seed in seeds)
        {
            Surname[] shuffled = [.. names];
            new Random(seed).Shuffle(shuffled);
            // A fifth is for the test, and a tenth of the others is what the settings were chosen by.
            int tests = names.Length / 5, validations = (names.Length - tests) / 10;
            Surname[] test = shuffled[..tests], validation = shuffled[tests..(tests + validations)];
            Surname[] training = shuffled[(tests + validations)..];
            SequenceModelParameters initial = Fit([.. training.Where(name => known.Contains(name.Nationality))], epochs, seed, null)
                .Model.Model;
            Classifier fromScratch = Fit(training, epochs, seed, null), few = Fit(training, epochs / 4, seed, null);
            Classifier fineTuned = Fit(training, epochs / 4, seed, initial, tuning =>
            {
                // As Howard and Ruder tune: quickly up to a high rate, slowly down. Of rates from .001 to .016 this was the best on the
                // validation part.
                tuning.LearningRate = 0.008f;
                tuning.LearningRateSchedule = LearningRateSchedule.SlantedTriangular();
                tuning.BatchSize = 16;
            });
            TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seed {seed}, accuracy of the validation part: "
                + $"{fromScratch.Accuracy(validation):P2} in {epochs} epochs, {few.Accuracy(validation):P2} in a quarter of them, "
                + $"{fineTuned.Accuracy(validation):P2} fine-tuned."));
            scratch += fromScratch.Accuracy(test) / seeds.Length;
            tuned += fineTuned.Accuracy(test) / seeds.Length;
        }
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Mean on the test part: {scratch:P2}, fine-tuned {tuned:P2}."));
        Assert.IsGreaterThanOrEqualTo(scratch, tuned);
    }

    private static Classifier Fit(
        Surname[] names, int epochs, int seed, SequenceModelParameters? initial, Action<LstmMulticlassTrainer.Options>? change = null)
    {
        var ml = new MLContext(seed);
        IDataView data = ml.Data.LoadFromEnumerable(names);
        // The nationalities, and the letters, are numbered as they come: those of the initial model have other keys.
        ITransformer keys = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Surname.Nationality))
            .Append(ml.Transforms.Conversion.MapValueToKey("Features", nameof(Surname.Letters))).Fit(data);
        var options = new LstmMulticlassTrainer.Options { NumberOfEpochs = epochs, Seed = seed };
        change?.Invoke(options);
        return new Classifier(ml, keys, ml.MulticlassClassification.Trainers.Lstm(options).Fit(keys.Transform(data), null, initial));
    }

    private static string[] LettersOf(string name) => [.. name.Select(letter => letter.ToString())];

    private static Surname[] MakeUp(int languages, int names, int seed)
    {
        const string letters = "abcdefghijkl";
        var order = new Random(17);
        int[][] successors = [.. Enumerable.Range(0, languages).Select(_ =>
        {
            int[] successor = [.. Enumerable.Range(0, letters.Length)];
            order.Shuffle(successor);
            return successor;
        })];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, languages * names).Select(i =>
        {
            int language = i % languages, letter = random.Next(letters.Length);
            string[] name = new string[8];
            for (int t = 0; t < name.Length; t++)
            {
                name[t] = letters[letter].ToString();
                letter = random.Next(4) == 0 ? random.Next(letters.Length) : successors[language][letter];
            }
            return new Surname { Nationality = $"{language}", Letters = name };
        })];
    }

    private sealed record Classifier(MLContext Ml, ITransformer Keys, LstmMulticlassTransformer Model)
    {
        public double Accuracy(Surname[] names) => Ml.MulticlassClassification.Evaluate(
            Model.Transform(Keys.Transform(Ml.Data.LoadFromEnumerable(names)))).MicroAccuracy;
    }

    private sealed class Surname
    {
        public string Nationality { get; set; } = "";

        public string[] Letters { get; set; } = [];
    }
}
