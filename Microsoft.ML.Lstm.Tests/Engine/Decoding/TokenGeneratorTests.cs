using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Decoding;

/// <summary>Texts that networks generate: by beams as by trying all, by lot as their probabilities say, and fast.</summary>
[TestClass]
public sealed class TokenGeneratorTests
{
    private const int Tokens = 4;
    private const int Boundary = Tokens;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Searches =>
        from seed in new[] { 1, 2, 3, 4 }
        from lengthPenalty in new[] { 0f, 0.6f, 1f, 2f }
        from penalty in new[] { 1f, 1.7f }
        from length in new[] { 1, 3, 4 }
        select new object[] { seed, lengthPenalty, penalty, length };

    [TestMethod]
    [DynamicData(nameof(Searches))]
    public void AWideBeamFindsTheBestOfAllTexts(int seed, float lengthPenalty, float penalty, int length)
    {
        SequenceNetwork[] networks = [Network(seed), Network(seed + 10)];
        var settings = new GenerationSettings(length)
        {
            BeamWidth = 64,
            LengthPenalty = lengthPenalty,
            RepetitionPenalty = penalty,
            Boundary = Boundary,
            Stops = new HashSet<int> { 2 },
        };
        int[] prompt = [3];
        (int[] expected, double score) = BestOfAll(networks, settings, prompt);
        var stream = new TokenStream(networks);
        foreach (int token in (int[])[Boundary, .. prompt])
            stream.Step(token);
        FoundText found = new BeamSearch(stream, settings).Find(prompt, CancellationToken.None);
        CollectionAssert.AreEqual(expected, found.Tokens.ToArray());
        Assert.AreEqual(score, found.Score, 1e-4);
        CollectionAssert.AreEqual(expected, new TokenGenerator(networks, settings).Generate(prompt, seed: 1).ToArray());
    }

    /// <summary>Divided by a length without end, a text that goes on could always become better than one that has ended.</summary>
    [TestMethod]
    public void ASearchEndsBehindItsTextHoweverLongATextMayBe()
    {
        // The search would never end otherwise; this makes a failure of it.
        using var source = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        int ended = 0;
        for (int seed = 1; seed <= 10; seed++)
        {
            SequenceNetwork[] networks = [Network(seed)];
            var settings = new GenerationSettings(BeamSearch.UsualLength) { BeamWidth = 3, Boundary = Boundary };
            FoundText usual = Search(settings), found = Search(settings with { MaximumLength = int.MaxValue });
            // What would have gone on is another text, since it is not cut.
            if (usual.Tokens.Count == BeamSearch.UsualLength)
                continue;
            CollectionAssert.AreEqual(usual.Tokens.ToArray(), found.Tokens.ToArray(), $"seed {seed}");
            Assert.AreEqual(usual.Score, found.Score);
            ended++;

            FoundText Search(GenerationSettings settings)
            {
                var stream = new TokenStream(networks);
                foreach (int token in (int[])[Boundary, 1])
                    stream.Step(token);
                return new BeamSearch(stream, settings).Find([1], source.Token);
            }
        }
        Assert.IsInRange(1, 9, ended, "Texts that end, and some that don't.");
    }

    [TestMethod]
    public void ABeamIsAtLeastAsGoodAsTheMostProbableTokens()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            SequenceNetwork[] networks = [Network(seed)];
            double best = double.NegativeInfinity;
            foreach (int width in new[] { 2, 8, 64 })
            {
                var settings = new GenerationSettings(4) { BeamWidth = width, LengthPenalty = 0 };
                var stream = new TokenStream(networks);
                stream.Step(1);
                double score = new BeamSearch(stream, settings).Find([1], CancellationToken.None).Score;
                Assert.IsGreaterThanOrEqualTo(width == 64 ? best - 1e-5 : double.NegativeInfinity, score);
                best = Math.Max(best, score);
            }
            int[] greedy = [.. new TokenGenerator(networks, new(4) { Temperature = 0 }).Generate([1], seed: 1)];
            Assert.IsGreaterThanOrEqualTo(LogProbability(networks, [1], greedy, []) - 1e-5, best);
        }
    }

    [TestMethod]
    public void TextsAreDrawnAsOftenAsTheyAreProbable()
    {
        SequenceNetwork[] networks = [Network(1)];
        var settings = new GenerationSettings(2) { Boundary = Boundary };
        const int Draws = 4000;
        var counts = Enumerable.Range(0, Draws).Select(seed => string.Join(' ', new TokenGenerator(networks, settings).Generate([], seed)))
            .CountBy(text => text).ToDictionary();
        double sum = 0;
        foreach (int[] text in new int[][] { [], [1], [2], [3], [1, 1], [1, 2], [2, 1], [3, 3], [3, 1] })
        {
            double p = Math.Exp(LogProbability(networks, [Boundary], text, text.Length < 2 ? [Boundary] : []));
            Assert.AreEqual(p, counts.GetValueOrDefault(string.Join(' ', text)) / (double)Draws, 4 * Math.Sqrt(p / Draws) + 1e-3);
            sum += p;
        }
        Assert.IsInRange(0.1, 1.0, sum);
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameTextOnAnyThread()
    {
        SequenceNetwork[] networks = [Network(1)];
        var settings = new GenerationSettings(200) { TopK = 3, TopP = 0.95f, RepetitionPenalty = 1.1f };
        int[][] texts = new int[8][];
        Parallel.For(0, texts.Length, i => texts[i] = [.. new TokenGenerator(networks, settings).Generate([1], seed: 5)]);
        Assert.HasCount(200, texts[0]);
        foreach (int[] text in texts)
            CollectionAssert.AreEqual(texts[0], text);
        CollectionAssert.AreNotEqual(texts[0], new TokenGenerator(networks, settings).Generate([1], seed: 6).ToArray());
    }

    [TestMethod]
    public void ThreadsShareAStepWithTheSameBits()
    {
        SequenceNetwork[] networks = [Network(1, tokens: 30, size: 40, hiddenSize: 133, layers: 2)];
        TokenStream one = new(networks), three = new(networks, threads: 3);
        for (int token = 0; token < 30; token++)
        {
            one.Step(token);
            three.Step(token);
            CollectionAssert.AreEqual(one.LogProbabilities.ToArray(), three.LogProbabilities.ToArray());
        }
        three.ReleaseThreads();
    }

    [TestMethod]
    public void AStopTokenEndsTheTextAndIsNoPartOfIt()
    {
        SequenceNetwork[] networks = [Network(1)];
        int[] whole = [.. new TokenGenerator(networks, new(50)).Generate([1], seed: 5)];
        int stop = whole[10];
        int[] cut = [.. new TokenGenerator(networks, new(50) { Stops = new HashSet<int> { stop } }).Generate([1], seed: 5)];
        CollectionAssert.AreEqual(whole[..Array.IndexOf(whole, stop)], cut);
    }

    [TestMethod]
    public void GenerationEndsWhenItIsCanceled()
    {
        SequenceNetwork[] networks = [Network(1)];
        using var source = new CancellationTokenSource();
        var found = new List<int>();
        Assert.ThrowsExactly<OperationCanceledException>(() =>
        {
            foreach (int token in new TokenGenerator(networks, new(1000)).Generate([1], seed: 5, source.Token))
            {
                found.Add(token);
                if (found.Count == 7)
                    source.Cancel();
            }
        });
        Assert.HasCount(7, found);
        Assert.ThrowsExactly<OperationCanceledException>(
            () => new TokenGenerator(networks, new(1000) { BeamWidth = 2 }).Generate([1], seed: 5, source.Token));
    }

    [TestMethod]
    public void AModelWithoutABoundaryNeedsAPrompt() => Assert.ThrowsExactly<InvalidOperationException>(
        () => new TokenGenerator([Network(1)], new(10)).Generate([], seed: 1));

    [TestMethod]
    [TestCategory("generation")]
    public void ATokenOfTwoLayersOf512TakesLittleTime()
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("build/accept.sh generation measures the time of a token.");
        SequenceNetwork[] networks = [Network(1, tokens: 300, size: 512, hiddenSize: 512, layers: 2)];
        var settings = new GenerationSettings(400);
        double best = Measure(seed => new TokenGenerator(networks, settings).Generate([1], seed));
        double alone = Measure(_ => Steps());
        TestContext.WriteLine($"{best:0.000} ms a token of 2 layers of 512 units, {alone:0.000} with one thread");
        Assert.IsLessThan(0.3, best);

        IEnumerable<int> Steps()
        {
            var stream = new TokenStream(networks);
            for (int i = 0; i < settings.MaximumLength; i++)
            {
                stream.Step(1 + i % 300);
                yield return i;
            }
        }

        // The median of a round's tokens, of the best round: other programs may have the processor now and then.
        static double Measure(Func<int, IEnumerable<int>> generate)
        {
            double best = double.PositiveInfinity;
            for (int round = 0; round < 15; round++)
            {
                var times = new List<double>();
                long before = Stopwatch.GetTimestamp();
                foreach (int _ in generate(round))
                {
                    long now = Stopwatch.GetTimestamp();
                    times.Add(Stopwatch.GetElapsedTime(before, now).TotalMilliseconds);
                    before = now;
                }
                times.Sort();
                best = Math.Min(best, times[times.Count / 2]);
            }
            return best;
        }
    }

    private static SequenceNetwork Network(int seed, int tokens = Tokens, int size = 3, int hiddenSize = 6, int layers = 1)
    {
        var parameters = new ParameterSet(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = size,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(tokens, size)),
            HiddenSize = hiddenSize,
            Layers = layers,
            OutputSize = tokens,
            Head = Head.EveryStep,
        });
        var random = new Random(seed);
        Initializer.Initialize(parameters, forgetBias: 1, random);
        // Far from all tokens being alike.
        foreach (ref float weight in parameters[parameters.Find(ParameterSet.HeadWeight)])
            weight = 6 * weight;
        return new SequenceNetwork(parameters, NetworkPasses.Forward);
    }

    /// <summary>The text of all with the highest score, by trying each one.</summary>
    private static (int[] Tokens, double Score) BestOfAll(SequenceNetwork[] networks, GenerationSettings settings, int[] prompt)
    {
        (int[] Tokens, double Score) best = ([], double.NegativeInfinity);
        Try([]);
        return best;

        void Try(int[] text)
        {
            double[] logs = LogProbabilities(networks, [Boundary, .. prompt, .. text]);
            double sum = 0;
            for (int i = 0; i < text.Length; i++)
                sum += Penalized(LogProbabilities(networks, [Boundary, .. prompt, .. text[..i]]), [.. prompt, .. text[..i]], text[i]);
            for (int token = 1; token <= Tokens; token++)
            {
                double all = sum + Penalized(logs, [.. prompt, .. text], token);
                bool isEnd = settings.IsEnd(token);
                double score = all / Math.Pow(text.Length + 1, settings.LengthPenalty);
                if (isEnd || text.Length + 1 == settings.MaximumLength)
                {
                    if (score > best.Score)
                        best = (isEnd ? text : [.. text, token], score);
                }
                else
                    Try([.. text, token]);
            }
        }

        double Penalized(double[] logs, int[] text, int token)
        {
            double[] penalized = [.. logs.Select((log, i) => log * (text.Contains(i + 1) ? settings.RepetitionPenalty : 1))];
            return penalized[token - 1] - Math.Log(penalized.Sum(Math.Exp));
        }
    }

    private static double LogProbability(SequenceNetwork[] networks, int[] prompt, int[] text, int[] end)
    {
        int[] all = [.. text, .. end];
        return all.Select((token, i) => LogProbabilities(networks, [.. prompt, .. all[..i]])[token - 1]).Sum();
    }

    /// <summary>In double, from the means of the outputs behind a text.</summary>
    private static double[] LogProbabilities(SequenceNetwork[] networks, int[] text)
    {
        double[] outputs = new double[Tokens];
        foreach (SequenceNetwork network in networks)
        {
            var stream = new SequenceStream(network);
            float[] last = [];
            foreach (int token in text)
                last = stream.Step([], [token]).ToArray();
            for (int i = 0; i < last.Length; i++)
                outputs[i] += last[i] / (double)networks.Length;
        }
        double sum = Math.Log(outputs.Sum(Math.Exp));
        return [.. outputs.Select(output => output - sum)];
    }
}
